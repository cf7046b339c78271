"""Tocsin and its peers on the same work, in turn; see README.md."""

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

PARTS = ["kernel", "decode", "training", "precision"]


def machine():
    """What the numbers hold for."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    flags = set(next((line for line in lines if line.startswith("flags")), "").split())
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "has": [f for f in ("avx2", "fma", "avx512f") if f in flags],
        "load": os.getloadavg()[0],
    }


def versions():
    found = {}
    for name in ("torch", "onnxruntime", "openvino", "ai-edge-litert"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "absent"
    for name in ("libdnnl-dev", "libopenblas-dev", "libsimdjson-dev"):
        query = ["dpkg-query", "--show", "--showformat=${Version}", name]
        answer = subprocess.run(query, capture_output=True, text=True)
        found[name] = answer.stdout or "absent"
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tocsin", required=True, help="the built tocsin-bench")
    parser.add_argument("--shims", required=True, type=Path, help="folder of the built shims")
    parser.add_argument("--quick", action="store_true", help="fewer rounds; the ratios wobble")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part")
    parser.add_argument("--json", type=Path, help="also write all results to this file")
    options = parser.parse_args()
    parts = [part for part in PARTS if part in (options.only or PARTS)]
    rounds = 9 if options.quick else 31
    passes = 1 if options.quick else 4

    import decode
    import kernels
    import precision
    import tables
    import training

    say = lambda line: print(line, file=sys.stderr, flush=True)
    results, bars = {"machine": machine(), "versions": versions()}, []
    try:
        if "kernel" in parts:
            results["kernel"] = kernels.measure(
                options.tocsin, options.shims, max(rounds // passes, 9), passes, say)
            bars += tables.Kernels(results["kernel"]).bars()
        if "decode" in parts:
            results["decode"] = decode.measure(options.tocsin, options.shims, 2 * rounds, say)
            bars += tables.decode_bars(results["decode"])
        if "training" in parts:
            results["training"] = training.measure(options.tocsin, rounds, say)
            bars += tables.training_bars(results["training"])
        if "precision" in parts:
            results["precision"] = precision.measure(options.tocsin, options.quick, say)
            bars += tables.precision_bars(results["precision"])
    finally:
        if options.json:
            options.json.write_text(json.dumps(results, indent=1) + "\n")

    print("{processor}, {cores} cores, {has}, load {load:.1f}".format(**results["machine"]))
    print(", ".join(f"{name} {version}" for name, version in results["versions"].items()) + "\n")
    show = {"kernel": lambda rows: tables.Kernels(rows).print(), "decode": tables.print_decode,
            "training": tables.print_training, "precision": tables.print_precision}
    for part in parts:
        show[part](results[part])
    tables.print_bars(bars)


main()
