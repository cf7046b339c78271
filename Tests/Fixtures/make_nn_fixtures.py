"""Makes the fixtures that hold tocsin's network and training against PyTorch's.

    python Tests/Fixtures/make_nn_fixtures.py

Weights and inputs are not stored: both sides make them from SplitMix64. A fixture holds only what
PyTorch made of them, and the versions of what made it.
"""

import itertools
import json
import pathlib

import numpy
import torch

TESTS = pathlib.Path(__file__).resolve().parent.parent
VERSIONS = {"torch": torch.__version__, "numpy": numpy.__version__}
GATES = {"lstm": 4, "gru": 3, "rnn": 1}


def uniform(seed, count):
    """Numbers in [0, 1), as SeededGenerator(seed:).uniform() gives them; float64."""
    with numpy.errstate(over="ignore"):
        steps = numpy.arange(1, count + 1, dtype=numpy.uint64)
        z = numpy.uint64(seed) + steps * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        z = z ^ (z >> numpy.uint64(31))
    return (z >> numpy.uint64(11)).astype(numpy.float64) * 2.0**-53


def symmetric(seed, count, scale):
    """Numbers in [-scale, scale), float32."""
    return ((2 * uniform(seed, count) - 1) * scale).astype(numpy.float32)


class Network(torch.nn.Module):
    """The network of Autoencoder.swift, of PyTorch's parts."""

    def __init__(self, cell, inputs, hidden, layers, code, decoder, heads):
        super().__init__()
        kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[cell]
        self.encoder = kind(inputs, hidden, layers)
        self.code = torch.nn.Linear(hidden, code) if code else None
        coded = code or hidden
        self.decoder = kind(coded, hidden) if decoder == "recurrent" else None
        self.forecast = torch.nn.Linear(hidden, inputs) if "forecast" in heads else None
        read = hidden if self.decoder is not None else coded
        self.reconstruct = torch.nn.Linear(read, inputs) if "reconstruct" in heads else None

    def fill(self, seed, scale):
        """Takes weights from SplitMix64, in the order of Blueprint.tensors."""
        parts = [self.encoder, self.code, self.decoder, self.forecast, self.reconstruct]
        tensors = [t for part in parts if part is not None for t in part.parameters()]
        values = symmetric(seed, sum(t.numel() for t in tensors), scale)
        start = 0
        with torch.no_grad():
            for t in tensors:
                t.copy_(torch.from_numpy(values[start : start + t.numel()]).reshape(t.shape))
                start += t.numel()
        self.tensors = tensors

    def forward(self, x, state=(None, None)):
        h, encoder = self.encoder(x, state[0])
        z = h if self.code is None else self.code(h)
        g, decoder = (None, None) if self.decoder is None else self.decoder(z, state[1])
        forecast = self.forecast(h if g is None else g) if self.forecast is not None else None
        reconstruct = (
            self.reconstruct(z if g is None else g) if self.reconstruct is not None else None
        )
        return forecast, reconstruct, (encoder, decoder)


def detached(state):
    if state is None:
        return None
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


def rounded(tensor):
    return [float(f"{x:.8g}") for x in tensor.detach().reshape(-1).tolist()]


def write(path, content):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"versions": VERSIONS} | content) + "\n")
    print(path, path.stat().st_size)


def forward():
    """1,000 steps of every network; kept are every 50th and, being one of them, the last."""
    inputs, hidden, steps = 5, 20, 1000
    cases = []
    heads = [["forecast"], ["reconstruct"], ["forecast", "reconstruct"]]
    for cell, layers, decoder, heads, code in itertools.product(
        ["lstm", "gru", "rnn"], [1, 2], ["linear", "recurrent"], heads, [0, 3]
    ):
        if code and decoder == "linear" and heads == ["forecast"]:
            continue  # Nothing would read the code.
        network = Network(cell, inputs, hidden, layers, code, decoder, heads)
        network.fill(seed=1, scale=0.3)
        x = torch.from_numpy(symmetric(2, steps * inputs, 2.0))
        with torch.no_grad():
            f, r, _ = network(x.reshape(steps, 1, inputs))
        blueprint = {
            "inputSize": inputs, "cell": cell, "hiddenSize": hidden, "layers": layers,
            "codeSize": code, "decoder": decoder, "heads": heads,
        }
        cases.append({
            "blueprint": blueprint,
            "forecast": [] if f is None else rounded(f[49::50]),
            "reconstruct": [] if r is None else rounded(r[49::50]),
        })
    content = {"steps": steps, "every": 50, "cases": cases}
    write(TESTS / "TocsinNNTests/Fixtures/forward.json", content)


def training():
    """50 updates of Adam from the same weights over the same chunks.

    Clipped at 0.5, which some of the gradients exceed and some do not.
    """
    clip = 0.5
    inputs, hidden, lanes, steps, chunks, updates = 4, 12, 5, 8, 10, 50
    length = steps * chunks + 1
    t, b, c = numpy.meshgrid(
        numpy.arange(length), numpy.arange(lanes), numpy.arange(inputs), indexing="ij"
    )
    noise = uniform(4, length * lanes * inputs).reshape(t.shape)
    frames = (numpy.sin(0.3 * t * (c + 1) + b) + 0.2 * noise).astype(numpy.float32)
    present = uniform(5, frames.size).reshape(frames.shape) >= 0.1
    frames = numpy.where(present, frames, numpy.float32(0))
    masked = uniform(6, frames.size).reshape(frames.shape) < 0.2
    x = torch.from_numpy(numpy.where(masked, numpy.float32(0), frames))
    channels = numpy.array([1, 1, 1, 0.1], dtype=numpy.float32)
    weights = torch.from_numpy((present * channels).astype(numpy.float32))
    frames = torch.from_numpy(frames)

    cases = []
    for cell, layers, decoder in [
        ("lstm", 1, "linear"), ("gru", 1, "linear"), ("rnn", 1, "linear"), ("lstm", 2, "recurrent"),
    ]:
        heads = ["forecast", "reconstruct"]
        network = Network(cell, inputs, hidden, layers, 2, decoder, heads)
        network.fill(seed=3, scale=0.3)
        adam = torch.optim.Adam(network.tensors, lr=3e-3)
        losses, norms = [], []
        state = (None, None)
        for update in range(updates):
            start = update % chunks * steps
            if start == 0:
                state = (None, None)
            f, r, state = network(x[start : start + steps], state)
            state = tuple(detached(s) for s in state)
            now, after = slice(start, start + steps), slice(start + 1, start + steps + 1)
            loss = sum(
                (weights[at] * (output - frames[at]) ** 2).sum() / weights[at].sum()
                for output, at in [(f, after), (r, now)]
            )
            adam.zero_grad()
            loss.backward()
            norms.append(torch.nn.utils.clip_grad_norm_(network.tensors, clip).item())
            adam.step()
            losses.append(loss.item())
        cases.append({
            "blueprint": {
                "inputSize": inputs, "cell": cell, "hiddenSize": hidden, "layers": layers,
                "codeSize": 2, "decoder": decoder, "heads": heads,
            },
            "losses": losses,
            "norms": norms,
            "weights": [w for t in network.tensors for w in rounded(t)],
        })
    sizes = {"clip": clip, "lanes": lanes, "steps": steps, "chunks": chunks, "updates": updates}
    write(TESTS / "TocsinTrainingTests/Fixtures/training.json", sizes | {"cases": cases})


torch.manual_seed(0)
torch.set_num_threads(1)
forward()
training()
