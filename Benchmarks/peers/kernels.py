"""Steps of recurrent networks: every peer on the same weights, its states carried."""

import ctypes
import functools

import numpy as np
import torch

from models import MODELS, save_onnx
from sides import SCRATCH, Own, PythonPeer, Shim, Wrong, summary, take_turns

BATCHES = [1, 2, 4, 6, 8, 64, 256, 1024]
TOLERANCE = 5e-6


class Torch(PythonPeer):
    """PyTorch as it is usually called: eager, `torch.nn.LSTM` or `GRU` of two layers."""

    def __init__(self, model, batch):
        self.encoder, self.head = model.torch["encoder"], model.torch["forecast"]
        self.x = torch.rand(1, batch, model.inputs) * 2 - 1
        zeros = [torch.zeros(2, batch, model.hidden) for _ in model.states]
        self.state = zeros[0] if model.gru else tuple(zeros)

    def step(self):
        y, self.state = self.encoder(self.x, self.state)
        return self.head(y)

    def forecasts(self, x):
        self.x = torch.empty(1, *x.shape[1:])
        y = []
        for before in x:
            self.x[0] = torch.from_numpy(before)
            y.append(self.step()[0].numpy())
        return np.stack(y)


def peers(shims):
    """Name of the peer, name of its form, and what makes it for a model and a batch."""
    def shim(name, **keywords):
        path = shims / f"{name}.so"
        if not path.exists():
            return None
        library = ctypes.CDLL(str(path))

        def make(model, batch):
            if "fused" not in keywords:
                return Shim(library, model, batch)
            onnx = SCRATCH / f"{model.name}-{batch}-{keywords['fused']}.onnx"
            if not onnx.exists():
                save_onnx(model, batch, onnx, **keywords)
            return Shim(library, model, batch, onnx, **keywords)
        return make

    def litert(form):
        try:
            from litert import LiteRT
        except ImportError:
            return None
        return lambda model, batch: LiteRT(model, batch, form)

    found = [("PyTorch", "eager", Torch)]
    for name, file in (("ONNX Runtime", "onnxruntime"), ("OpenVINO", "openvino")):
        found.append((name, "operator", shim(file, fused=True)))
        found.append((name, "decomposed", shim(file, fused=False)))
    found.append(("LiteRT", "gates joined", litert("joined")))
    found.append(("LiteRT", "gates apart", litert("apart")))
    found.append(("oneDNN", "", shim("onednn")))
    found.append(("OpenBLAS", "own gates", shim("openblas")))
    return [entry for entry in found if entry[2]]


@functools.lru_cache(maxsize=1)
def reference(model, batch, steps=300):
    """Random input, and what PyTorch makes of it in float64."""
    x = np.random.default_rng(1).uniform(-1, 1, (steps, batch, model.inputs)).astype(np.float32)
    return x, model.forecasts(x, torch.float64)


def check(side, model, batch):
    """The largest error of the forecasts against float64."""
    x, expected = reference(model, batch)
    y = side.check(x).reshape(x.shape) if isinstance(side, Own) else side.forecasts(x)
    error = np.abs(y - expected).max()
    if not error <= TOLERANCE:
        raise Wrong(f"off by {error:.1e}")
    return error


@torch.inference_mode()
def measure(program, shims, rounds, passes, say):
    """Rows: model, batch, peer, form, and either the result or what is wrong with the peer.

    What disturbs a machine lasts for seconds or minutes, longer than the rounds of a cell: so all cells
    are gone through several times, and the median is that of all rounds."""
    torch.set_num_threads(1)
    rows = {}
    makers = peers(shims)
    for model in MODELS:
        model.weights().tofile(SCRATCH / f"{model.name}.weights")
    for model, batch in [(model, batch) for model in MODELS for batch in BATCHES] * passes:
        own = Own(program, "kernel", model.cell, model.inputs, model.hidden, batch,
                  SCRATCH / f"{model.name}.weights")
        check(own, model, batch)
        for name, form, make in makers:
            row = rows.setdefault(
                (model.name, batch, name, form),
                {"model": model.name, "batch": batch, "peer": name, "form": form, "rounds": []})
            if "wrong" in row:
                continue
            try:
                peer = make(model, batch)
                row["error"] = max(row.get("error", 0.0), float(check(peer, model, batch)))
                row["rounds"] += take_turns(own, peer, rounds * (3 if batch == 1 else 1))
                row |= summary(row["rounds"])
                peer.close()
            except Wrong as reason:
                for key in ("ratio", "low", "high", "own", "theirs"):
                    row.pop(key, None)
                row["wrong"] = str(reason)
            result = row.get("wrong") or "{own:.0f} ns, {ratio:.2f} ({low:.2f}-{high:.2f})"
            say(f"{model.name} b={batch} {name} {form}: " + result.format(**row))
        own.close()
    for row in rows.values():
        row["rounds"] = len(row["rounds"])
    return list(rows.values())
