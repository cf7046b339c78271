"""LiteRT: a model file made by hand, its states explicit, run by XNNPACK on one thread."""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from models import blocks
from sides import PythonPeer

OPERATORS = schema.BuiltinOperator
OPTIONS = schema.BuiltinOptions


class Graph:
    """Collects a model file's tensors and operators."""

    def __init__(self):
        self.buffers, self.tensors, self.codes, self.operators = [schema.BufferT()], [], [], []

    def tensor(self, shape, array=None):
        t = schema.TensorT()
        t.shape, t.name, t.buffer = list(shape), f"t{len(self.tensors)}", 0
        t.type = schema.TensorType.FLOAT32
        if array is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(array).tobytes(), np.uint8)
            t.buffer = len(self.buffers)
            t.type = schema.TensorType.INT32 if array.dtype == np.int32 else t.type
            self.buffers.append(buffer)
        self.tensors.append(t)
        return len(self.tensors) - 1

    def constant(self, array):
        return self.tensor(array.shape, array)

    def shape(self, tensor):
        return self.tensors[tensor].shape

    def add(self, name, inputs, shapes, kind=None, **options):
        code, operator = getattr(OPERATORS, name), schema.OperatorT()
        if code not in self.codes:
            self.codes.append(code)
        operator.opcodeIndex, operator.inputs = self.codes.index(code), inputs
        operator.outputs = [self.tensor(shape) for shape in shapes]
        if kind:
            operator.builtinOptionsType = getattr(OPTIONS, kind)
            operator.builtinOptions = getattr(schema, f"{kind}T")()
            for key, value in options.items():
                setattr(operator.builtinOptions, key, value)
        self.operators.append(operator)
        return operator.outputs

    def elementwise(self, name, *inputs):
        kind = {"MUL": "MulOptions", "ADD": "AddOptions", "SUB": "SubOptions"}.get(name)
        return self.add(name, list(inputs), [self.shape(inputs[0])], kind)[0]

    def linear(self, x, w, b):
        shape = [self.shape(x)[0], len(w)]
        inputs = [x, self.constant(w), self.constant(b)]
        return self.add("FULLY_CONNECTED", inputs, [shape], "FullyConnectedOptions")[0]

    def concatenate(self, a, b):
        shape = [self.shape(a)[0], self.shape(a)[1] + self.shape(b)[1]]
        return self.add("CONCATENATION", [a, b], [shape], "ConcatenationOptions", axis=1)[0]

    def split(self, x, parts):
        shape = [self.shape(x)[0], self.shape(x)[1] // parts]
        axis = self.constant(np.array([1], np.int32))
        return self.add("SPLIT", [axis, x], [shape] * parts, "SplitOptions", numSplits=parts)

    def bytes(self, inputs, outputs):
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = inputs, outputs
        model = schema.ModelT()
        model.version, model.subgraphs, model.buffers = 3, [graph], self.buffers
        model.operatorCodes = []
        for code in self.codes:
            entry = schema.OperatorCodeT()
            entry.builtinCode = entry.deprecatedBuiltinCode = code
            entry.version = 1
            model.operatorCodes.append(entry)
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def layer(g, model, i, x, h, c, form):
    """One layer; returns h and c. In the form `apart` every gate has its own product, in `joined`
    the sigmoid gates share one."""
    n = model.hidden
    w, u, b, second = model.layers()[i]
    gate = lambda k: slice(k * n, (k + 1) * n)
    both = g.concatenate(x, h)
    weights, bias = np.hstack([w, u]), b + second
    sigmoid = [0, 1] if model.gru else [0, 1, 3]
    if form == "apart":
        opened = [g.elementwise("LOGISTIC", g.linear(both, weights[gate(k)], bias[gate(k)]))
                  for k in sigmoid]
    else:
        sums = g.linear(both, blocks(weights, n, sigmoid), blocks(bias, n, sigmoid))
        opened = g.split(g.elementwise("LOGISTIC", sums), len(sigmoid))
    if model.gru:
        r, z = opened
        inner = g.elementwise("MUL", r, g.linear(h, u[gate(2)], second[gate(2)]))
        new = g.elementwise("ADD", g.linear(x, w[gate(2)], b[gate(2)]), inner)
        new = g.elementwise("TANH", new)
        kept = g.elementwise("MUL", z, g.elementwise("SUB", h, new))
        return g.elementwise("ADD", new, kept), None
    i_, f, o = opened
    candidate = g.elementwise("TANH", g.linear(both, weights[gate(2)], bias[gate(2)]))
    new = g.elementwise("MUL", i_, candidate)
    cell = g.elementwise("ADD", g.elementwise("MUL", f, c), new)
    return g.elementwise("MUL", o, g.elementwise("TANH", cell)), cell


def network(model, batch, form):
    """The model's file, whose inputs are x and the states before, its outputs y and those after."""
    g = Graph()
    x = top = g.tensor([batch, model.inputs])
    before, after = [], []
    for i in range(2):
        states = [g.tensor([batch, model.hidden]) for _ in model.states]
        h, c = layer(g, model, i, top, states[0], states[-1], form)
        before += states
        after += [h] if model.gru else [h, c]
        top = h
    y = g.linear(top, *model.head())
    return g.bytes([x, *before], [y, *after])


class Call(PythonPeer):
    """A model, called past the checks that LiteRT's Python class makes on every call."""

    def __init__(self, content):
        self.interpreter = Interpreter(model_content=content, num_threads=1)
        self.interpreter.allocate_tensors()
        self.step = self.interpreter._interpreter.Invoke


def nothing():
    """A model that adds two numbers: what it costs is the call from Python."""
    g = Graph()
    a, b = g.tensor([1, 1]), g.tensor([1, 1])
    return Call(g.bytes([a, b], [g.elementwise("ADD", a, b)]))


class LiteRT(Call):
    """Only the call is timed, not the copies of states that a user would have to make."""

    def __init__(self, model, batch, form):
        super().__init__(network(model, batch, form))
        self.nothing = nothing()
        self.zeros = [np.zeros((batch, model.hidden), np.float32)] * 2 * len(model.states)
        self.set([np.zeros((batch, model.inputs), np.float32), *self.zeros])

    def set(self, values):
        for index, value in zip(self.interpreter.get_input_details(), values):
            self.interpreter.set_tensor(index["index"], value)

    def get(self):
        return [self.interpreter.get_tensor(d["index"])
                for d in self.interpreter.get_output_details()]

    def forecasts(self, x):
        states, y = self.zeros, []
        for before in x:
            self.set([before, *states])
            self.step()
            forecast, *states = self.get()
            y.append(forecast)
        return np.stack(y)

    def run(self, times):
        """Without what as many calls of a model that does nothing cost."""
        return max(super().run(times) - self.nothing.run(times), 1)
