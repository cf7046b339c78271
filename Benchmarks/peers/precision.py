"""The error of the forecast against float64 over 100,000 steps, on trained weights.

An untrained network hides errors: its states hardly move."""

import numpy as np
import torch

from models import MODELS, Model
from sides import SCRATCH, Own
from training import TorchTraining, series

STEPS = 100_000


def measure(program, quick, say):
    """Rows: model, how well it forecasts, and both sides' largest errors."""
    rows = []
    for model in MODELS[:1] if quick else MODELS:
        model = Model(model.name, model.cell, model.inputs, model.hidden)
        frames = series(64 * 64 + 1, 32, model.inputs)
        training = TorchTraining(model, frames, lanes=32, rate=3e-3)
        updates = 300 if quick else 900 if model.hidden < 128 else 500
        for _ in range(updates):
            loss = training.update()
        model.torch = training.module.eval()
        x = series(STEPS, 1, model.inputs, seed=1)
        weights = SCRATCH / "trained.weights"
        model.weights().tofile(weights)
        with torch.inference_mode():
            reference = model.forecasts(x, torch.float64)
            plain = model.forecasts(x, torch.float32)
        own = Own(program, "kernel", model.cell, model.inputs, model.hidden, 1, weights)
        ours = own.check(x).reshape(x.shape)
        own.close()
        errors = {side: np.abs(y - reference).max(axis=(1, 2))
                  for side, y in (("own", ours), ("theirs", plain))}
        still = np.sqrt(np.mean((x[1:] - x[:-1]) ** 2))
        row = {"model": model.name, "loss": loss,
               "rms": float(np.sqrt(np.mean((reference[:-1] - x[1:]) ** 2))), "still": float(still)}
        for side, error in errors.items():
            row[side] = float(error.max())
            row[f"{side} first"] = float(error[:1000].max())
            row[f"{side} last"] = float(error[-1000:].max())
        row["ratio"] = row["own"] / row["theirs"]
        rows.append(row)
        result = "rms {rms:.3f} (no change: {still:.3f}), {own:.1e}, PyTorch {theirs:.1e}"
        say(f"precision {model.name}: " + result.format(**row))
    return rows
