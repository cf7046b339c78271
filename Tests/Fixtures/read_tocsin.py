#!/usr/bin/env python3
"""Reads a model file with safetensors and what the daemon publishes with paho-mqtt.

    read_tocsin.py MODEL HOST PORT

Checks that the file's tensors have PyTorch's names and shapes, runs the golden sequence through a
network built from them, and compares its one-step forecasts' scores with nothing but the file; then
waits for one score of each message kind the daemon sends and checks the documented keys. Where torch
is installed, PyTorch's own loader and torch.nn do it once more.
"""

import json
import sys

import numpy as np
import paho.mqtt.client as mqtt
from safetensors import safe_open
from safetensors.numpy import load_file


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(tensors, inputs):
    """Hidden states of a one-layer LSTM, gates in the order i f g o."""
    hidden = np.zeros(tensors["encoder.weight_hh_l0"].shape[1])
    memory = np.zeros_like(hidden)
    states = []
    for x in inputs:
        sums = (
            tensors["encoder.weight_ih_l0"] @ x + tensors["encoder.bias_ih_l0"]
            + tensors["encoder.weight_hh_l0"] @ hidden + tensors["encoder.bias_hh_l0"]
        )
        i, f, g, o = np.split(sums, 4)
        memory = sigmoid(f) * memory + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(memory)
        states.append(hidden)
    return np.array(states)


def check_model(path):
    tensors = {name: value.astype(np.float64) for name, value in load_file(path).items()}
    with safe_open(path, framework="numpy") as file:
        description = json.loads(file.metadata()["tocsin"])
    channels = len(description["channels"])
    size = description["blueprint"]["hiddenSize"]
    assert tensors["encoder.weight_ih_l0"].shape == (4 * size, channels)
    assert tensors["encoder.weight_hh_l0"].shape == (4 * size, size)
    assert tensors["forecast.weight"].shape == (channels, size)

    frames = (tensors["golden.frames"] - tensors["scaler.offset"]) * tensors["scaler.gain"]
    features = np.clip(np.nan_to_num(frames), -5, 5)
    states = lstm(tensors, features)
    forecasts = states @ tensors["forecast.weight"].T + tensors["forecast.bias"]

    # The fast chain of the score, from the file alone: residual, smoothed energy, standard score.
    calibration = description["calibration"]
    residual = calibration["residual"]
    rms = np.array(residual["rms"])
    counted = np.array(calibration["is_scored"])
    trained, recent, power = np.ones(channels), np.ones(channels), np.ones(channels)
    scores = []
    warm_up = description["warm_up"]

    def standard_score(usual, value):
        logarithm = np.log(value + 0.001 * usual["median"] + 1e-9)
        return (logarithm - usual["mean"]) / usual["spread"]

    def compressed(energy):
        return np.where(energy > 100, 100 * (1 + np.log(np.maximum(energy, 1) / 100)), energy)

    for t in range(len(frames)):
        x = np.clip(frames[t], -20, 20)
        present = counted & ~np.isnan(x)
        if t + 1 > warm_up / 2 and not np.isnan(x).all():
            if t > 0:
                q = ((x - forecasts[t - 1]) / rms) ** 2
                new_trained = trained + 0.2 * (compressed(q) - trained)
                new_recent = recent + 0.2 * (compressed(q / np.maximum(power, 1)) - recent)
                new_power = power + (np.minimum(q, 30 * power) - power) / 300
                trained = np.where(present, new_trained, trained)
                recent = np.where(present, new_recent, recent)
                power = np.where(present, new_power, power)
            fused = 0.7 * standard_score(residual["trained"], trained[present].mean())
            fused += 0.3 * standard_score(residual["recent"], recent[present].mean())
            score = np.log1p(np.exp(fused)) / np.log1p(np.exp(calibration["threshold"]))
        else:
            score = np.nan
        scores.append(score if t + 1 > warm_up else np.nan)
    difference = np.nanmax(np.abs(np.array(scores) - tensors["golden.scores"]))
    assert np.array_equal(np.isnan(scores), np.isnan(tensors["golden.scores"]))
    assert difference < 1e-3, difference
    print(f"safetensors: {len(tensors)} tensors; golden scores within {difference:.1e}")
    return features, states


def check_with_torch(path, features, states):
    try:
        import torch
        from safetensors.torch import load_file as load
    except ImportError:
        print("torch is not installed: its own loader was not tried")
        return
    tensors = load(path)
    network = torch.nn.LSTM(features.shape[1], states.shape[1], batch_first=True)
    prefix = "encoder."
    network.load_state_dict(
        {name[len(prefix):]: value for name, value in tensors.items() if name.startswith(prefix)}
    )
    with torch.no_grad():
        output, _ = network(torch.tensor(features, dtype=torch.float32)[None])
    difference = np.abs(output[0].numpy() - states).max()
    assert difference < 1e-5, difference
    print(f"torch {torch.__version__}: hidden states within {difference:.1e}")


def check_messages(host, port):
    keys = {
        "device", "time", "score", "novelty", "threshold", "tail_probability", "warm", "channels", "expected",
        "imputed", "model",
    }
    seen = {"status": None, "score": None}
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)

    def on_message(client, userdata, message):
        if message.topic == "tocsin/status":
            seen["status"] = message
        elif message.topic.endswith("/score"):
            score = json.loads(message.payload)
            if score["warm"] and score["score"] is not None:
                seen["score"] = score
        if all(seen.values()):
            client.disconnect()

    client.on_connect = lambda client, *_: client.subscribe("tocsin/#", qos=1)
    client.on_subscribe = lambda *_: print("listening", flush=True)
    client.on_message = on_message
    client.connect(host, port)
    client.loop_forever()
    assert seen["status"].payload == b"online" and seen["status"].retain
    score = seen["score"]
    assert set(score) == keys, set(score) ^ keys
    assert abs(sum(score["channels"].values()) - 1) < 1e-4
    print(f"paho-mqtt: status online; score {score['score']} of {score['device']}")


if __name__ == "__main__":
    path, host, port = sys.argv[1:]
    check_with_torch(path, *check_model(path))
    check_messages(host, int(port))
