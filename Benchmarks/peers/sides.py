"""Both sides of a comparison, and how they take turns."""

import ctypes
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

FOLDER = tempfile.TemporaryDirectory(prefix="peers-")  # gone when the script ends
SCRATCH = Path(FOLDER.name)


class Wrong(Exception):
    """A peer that cannot be had, or whose results are not the reference's."""


class Own:
    """Tocsin, in a process of its own that takes orders line by line."""

    def __init__(self, program, *order):
        self.process = subprocess.Popen([program, "peer"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.say(*order)

    def say(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer or answer.startswith("error"):
            raise Wrong(f"tocsin: {answer or 'it ended'}")
        return answer

    def cost(self, times):
        """Nanoseconds of processor time, and on the wall."""
        return [float(word) for word in self.say("run", times).split()]

    def run(self, times):
        return self.cost(times)[0]

    def check(self, data, dtype=np.float32):
        given, taken = SCRATCH / "given", SCRATCH / "taken"
        given.write_bytes(data if isinstance(data, bytes) else data.tobytes())
        self.say("check", given, taken)
        return np.fromfile(taken, dtype)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Network(ctypes.Structure):
    """`struct network` of peer.h."""

    _fields_ = [(n, ctypes.c_int) for n in ("gru", "inputs", "hidden", "batch")] + [
        ("weights", ctypes.c_void_p), ("onnx", ctypes.c_char_p), ("fused", ctypes.c_int)]


class Shim:
    """A peer behind the functions of peer.h."""

    def __init__(self, library, model, batch, onnx=None, fused=False):
        self.library = library
        for name, result in (("open", ctypes.c_void_p), ("run", ctypes.c_double)):
            getattr(library, f"peer_{name}").restype = result
        self.weights = model.weights()
        network = Network(model.gru, model.inputs, model.hidden, batch,
                          self.weights.ctypes.data, str(onnx).encode(), fused)
        error = ctypes.create_string_buffer(512)
        handle = library.peer_open(ctypes.byref(network), error)
        if not handle:
            raise Wrong(error.value.decode())
        self.handle = ctypes.c_void_p(handle)

    def forecasts(self, x):
        y = np.empty_like(x)
        for before, after in zip(x, y):
            self.library.peer_step(self.handle, ctypes.c_void_p(before.ctypes.data),
                                   ctypes.c_void_p(after.ctypes.data))
        return y

    def run(self, times):
        return self.library.peer_run(self.handle, times)

    def close(self):
        self.library.peer_close(self.handle)


class PythonPeer:
    """A peer that is called from Python; subclasses have `step`, which does one step."""

    def run(self, times):
        step = self.step
        for _ in range(times // 8 + 1):
            step()
        begin = time.process_time_ns()
        for _ in range(times):
            step()
        return time.process_time_ns() - begin

    def close(self):
        pass


def times_for(side, nanoseconds):
    """How often `side` runs in about so long."""
    times = 1
    while (spent := side.run(times)) < nanoseconds / 4:
        times *= 4
    return max(1, round(times * nanoseconds / spent))


def take_turns(own, peer, rounds, block=1e6):
    """Own, peer, own, in blocks of `block` nanoseconds: a block of the peer lies between two of
    ours, so that a busy machine disturbs both. What each round took, ours and the peer's."""
    a, b = times_for(own, block), times_for(peer, block)
    found = []
    for _ in range(rounds):
        before = own.run(a)
        middle = peer.run(b) / b
        found.append(((before + own.run(a)) / 2 / a, middle))
    return found


def summary(rounds):
    """Medians of the rounds, and the ratios' quartiles."""
    ratios = [theirs / own for own, theirs in rounds]
    low, ratio, high = statistics.quantiles(ratios, n=4)
    owns, peers = zip(*rounds)
    return {"ratio": ratio, "low": low, "high": high,
            "own": statistics.median(owns), "theirs": statistics.median(peers)}


def compare(own, peer, rounds, block=1e6):
    """Medians of so many rounds."""
    return summary(take_turns(own, peer, rounds, block))
