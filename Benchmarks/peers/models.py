"""The three networks: weights, the reference in float64, and as an ONNX file."""

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper


class Model:
    """Two recurrent layers and a linear head that forecasts the inputs."""

    def __init__(self, name, cell, inputs, hidden):
        self.name, self.cell, self.inputs, self.hidden = name, cell, inputs, hidden
        self.gru = cell == "gru"
        self.states = ["h"] if self.gru else ["h", "c"]
        torch.manual_seed(1)
        self.torch = self.module()

    def module(self):
        kind = torch.nn.GRU if self.gru else torch.nn.LSTM
        return torch.nn.ModuleDict({
            "encoder": kind(self.inputs, self.hidden, num_layers=2),
            "forecast": torch.nn.Linear(self.hidden, self.inputs),
        })

    def weights(self):
        """All tensors one after the other, in PyTorch's order, float32."""
        parameters = [p.detach().numpy().ravel() for p in self.torch.parameters()]
        return np.concatenate(parameters).astype(np.float32)

    def layers(self):
        """w_ih, w_hh, b_ih and b_hh of each layer."""
        p = {k: v.detach().numpy() for k, v in self.torch["encoder"].named_parameters()}
        return [[p[f"{k}_l{i}"] for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
                for i in range(2)]

    def head(self):
        return [p.detach().numpy() for p in self.torch["forecast"].parameters()]

    def forecasts(self, x, dtype):
        """What PyTorch makes of `[steps, batch, inputs]`, step by step as one sequence."""
        module = self.module()
        module.load_state_dict(self.torch.state_dict())
        module = module.to(dtype)
        with torch.inference_mode():
            y, _ = module["encoder"](torch.from_numpy(x).to(dtype))
            return module["forecast"](y).numpy()


MODELS = [
    Model("M1", "lstm", 8, 64),
    Model("M2", "lstm", 38, 128),
    Model("M3", "gru", 4, 32),
]


class Graph:
    """Collects an ONNX graph's nodes."""

    def __init__(self):
        self.nodes, self.constants, self.count = [], [], 0

    def constant(self, array):
        name = f"w{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(self, kind, inputs, outputs=1, names=None, **attributes):
        self.count += 1
        names = names or [f"t{self.count}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0] if len(names) == 1 else names


def blocks(rows, hidden, order):
    """Gates in another order; PyTorch's is i f g o, or r z n."""
    return np.concatenate([rows[g * hidden:(g + 1) * hidden] for g in order])


def fused_layer(g, model, i, x):
    """The operator LSTM or GRU: gates i o f g, or z r n, and tensors with an axis more."""
    order = [1, 0, 2] if model.gru else [0, 3, 1, 2]
    w, u, b, c = (blocks(a, model.hidden, order) for a in model.layers()[i])
    constants = [g.constant(a[None]) for a in (w, u, np.concatenate([b, c]))]
    kind, extra = ("GRU", {"linear_before_reset": 1}) if model.gru else ("LSTM", {})
    states = [f"{s}{i}" for s in model.states]
    g.add(kind, [x, *constants, "", *states], names=["", *(f"{s}_" for s in states)],
          hidden_size=model.hidden, **extra)
    return f"h{i}_"


def plain_layer(g, model, i, x):
    """Products and activations; gates that are alike go through one activation."""
    w, u, b, c = model.layers()[i]
    n = model.hidden
    gemm = lambda x, w, b: g.add("Gemm", [x, g.constant(w.T), g.constant(b)])
    split = lambda x, *sizes: g.add("Split", [x, g.constant(np.array(sizes, np.int64))],
                                    outputs=len(sizes), axis=1)
    both = g.add("Concat", [x, f"h{i}"], axis=1)
    if model.gru:
        gates = gemm(both, np.hstack([w[:2 * n], u[:2 * n]]), b[:2 * n] + c[:2 * n])
        r, z = split(g.add("Sigmoid", [gates]), n, n)
        inner = g.add("Mul", [r, gemm(f"h{i}", u[2 * n:], c[2 * n:])])
        new = g.add("Tanh", [g.add("Add", [gemm(x, w[2 * n:], b[2 * n:]), inner])])
        kept = g.add("Mul", [z, g.add("Sub", [f"h{i}", new])])
        return g.add("Add", [new, kept], names=[f"h{i}_"])
    w, u, b = (blocks(a, n, [0, 1, 3, 2]) for a in (w, u, b + c))
    gates, candidate = split(gemm(both, np.hstack([w, u]), b), 3 * n, n)
    i_, f, o = split(g.add("Sigmoid", [gates]), n, n, n)
    new = g.add("Mul", [i_, g.add("Tanh", [candidate])])
    cell = g.add("Add", [g.add("Mul", [f, f"c{i}"]), new], names=[f"c{i}_"])
    return g.add("Mul", [o, g.add("Tanh", [cell])], names=[f"h{i}_"])


def save_onnx(model, batch, path, fused):
    """One step for `batch` devices: x and the states before, y and the states after."""
    g = Graph()
    x = "x"
    for i in range(2):
        x = (fused_layer if fused else plain_layer)(g, model, i, x)
    w, b = model.head()
    if fused:
        g.add("Add", [g.add("MatMul", [x, g.constant(w.T)]), g.constant(b)], names=["y"])
    else:
        g.add("Gemm", [x, g.constant(w.T), g.constant(b)], names=["y"])
    value = lambda name, size: helper.make_tensor_value_info(
        name, TensorProto.FLOAT, [1, batch, size] if fused else [batch, size])
    states = [f"{s}{i}" for s in model.states for i in range(2)]
    graph = helper.make_graph(
        g.nodes, model.name,
        [value("x", model.inputs)] + [value(s, model.hidden) for s in states],
        [value("y", model.inputs)] + [value(f"{s}_", model.hidden) for s in states],
        g.constants,
    )
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
