"""Tocsin and its peers on the same work, in turn; see README.md."""

import argparse
import json
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tocsin", required=True, help="the built tocsin-bench")
    parser.add_argument("--shims", required=True, type=Path, help="folder of the built shims")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=["kernel", "decode", "training", "precision"])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rounds = 9 if options.quick else 31
    say = lambda line: print(line, file=sys.stderr, flush=True)
    import kernels
    rows = kernels.measure(options.tocsin, options.shims, rounds, say)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


main()
