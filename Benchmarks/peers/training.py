"""Training M1: windows of 64 steps of 64 lanes, Adam, the state carried, a loss on every step."""

import os
import statistics
import time

import numpy as np
import torch

from models import MODELS
from sides import SCRATCH, Own, Wrong

LANES, STEPS, WINDOWS = 64, 64, 4


def series(frames, lanes, channels, seed=1):
    """Sums of three sines with a little noise, `[frames, lanes, channels]`."""
    random = np.random.default_rng(seed)
    t = np.arange(frames)[:, None, None, None]
    period = random.uniform(6, 60, (1, 1, channels, 3))
    period = period * random.uniform(0.95, 1.05, (1, lanes, 1, 1))
    phase = random.uniform(0, 2 * np.pi, (1, lanes, channels, 3))
    x = np.sin(2 * np.pi * t / period + phase).mean(-1)
    return (1.5 * x + 0.02 * random.standard_normal(x.shape)).astype(np.float32)


class TorchTraining:
    """PyTorch: forward, backward and Adam's step, fused; the graph is cut between windows."""

    def __init__(self, model, frames, lanes=LANES, steps=STEPS, rate=1e-3):
        module = model.module()
        module.load_state_dict(model.torch.state_dict())
        self.module, self.steps, self.next, self.state = module, steps, 0, None
        self.frames = torch.from_numpy(frames)
        self.optimiser = torch.optim.Adam(module.parameters(), lr=rate, fused=True)

    def update(self):
        first = self.next * self.steps
        self.next = (self.next + 1) % ((len(self.frames) - 1) // self.steps)
        y, state = self.module["encoder"](self.frames[first:first + self.steps], self.state)
        forecast = self.module["forecast"](y)
        target = self.frames[first + 1:first + self.steps + 1]
        loss = torch.nn.functional.mse_loss(forecast, target)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        lstm = isinstance(state, tuple)
        self.state = tuple(s.detach() for s in state) if lstm else state.detach()
        return loss.item()

    def run(self, times):
        """Nanoseconds of processor time, and on the wall."""
        begin = time.process_time_ns(), time.perf_counter_ns()
        for _ in range(times):
            self.update()
        return time.process_time_ns() - begin[0], time.perf_counter_ns() - begin[1]


def measure(program, rounds, say):
    """Rows: the threads of both sides, and milliseconds a window of both sides."""
    model, rows = MODELS[0], []
    weights, file = SCRATCH / "training.weights", SCRATCH / "training.frames"
    frames = series(WINDOWS * STEPS + 1, LANES, model.inputs)
    model.weights().tofile(weights)
    frames.tofile(file)
    peer = TorchTraining(model, frames)
    others = np.array([peer.update() for _ in range(WINDOWS)], np.float32)
    for threads in (1, 2):
        if threads > (os.cpu_count() or 1):
            continue
        own = Own(program, "train", model.cell, model.inputs, model.hidden, LANES, STEPS, weights,
                  file, threads)
        losses = own.check(b"")
        if not np.allclose(losses, others, rtol=1e-4):
            raise Wrong(f"losses {losses} are not PyTorch's {others}")
        torch.set_num_threads(threads)
        peer.run(2)
        # On one thread processor time counts. What two threads win shows only on the wall, and
        # there the fastest windows of each side are compared: other work only slows.
        clock, windows = threads - 1, [4, 1][threads - 1]
        owns, peers, ratios = [], [], []
        for _ in range(rounds * threads):
            turns = own.cost(windows), peer.run(windows), own.cost(windows)
            before, middle, after = (turn[clock] / windows / 1e6 for turn in turns)
            owns += [before, after]
            peers.append(middle)
            ratios.append(2 * middle / (before + after))
        best = statistics.median if threads == 1 else min
        ratio = statistics.median(ratios) if threads == 1 else min(peers) / min(owns)
        rows.append({"threads": threads, "clock": ["processor", "wall"][clock], "ratio": ratio,
                     "own": best(owns), "theirs": best(peers),
                     # PyTorch's threads spin while they wait: beside other work they lose much.
                     "busy": threads > 1 and os.getloadavg()[0] > 1.5})
        result = "training, {threads} thread(s), {clock}: {own:.1f} ms, PyTorch {theirs:.1f} ms"
        say(result.format(**rows[-1]))
        own.close()
    torch.set_num_threads(1)
    return rows
