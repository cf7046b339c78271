"""Makes the fixture that holds tocsin's VUS-PR and average precision against their authors' programs.

    python3 -m venv venv && venv/bin/pip install numpy pandas tqdm scikit-learn
    venv/bin/pip install --no-deps vus==0.0.6
    venv/bin/python Tests/Fixtures/make_vus_fixtures.py

Without its dependencies vus is not importable as a package, since it brings every detector of the
paper along; the module with the measure is loaded by itself. Each distinct score is a threshold, which
is what 250 thresholds stand for.
"""

import importlib.metadata
import importlib.util
import json
import pathlib

import numpy
from sklearn.metrics import average_precision_score

TESTS = pathlib.Path(__file__).resolve().parent.parent
ROWS = 160


def metricor():
    files = importlib.metadata.files("vus")
    path = next(f for f in files if str(f) == "vus/utils/metrics.py").locate()
    spec = importlib.util.spec_from_file_location("vus_metrics", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.metricor()


def labels(*events):
    marked = numpy.zeros(ROWS)
    for first, last in events:
        marked[first : last + 1] = 1
    return marked


def case(name, marked, scores, buffer):
    scores = numpy.round(scores, 4)
    measure = metricor()
    volume = measure.RangeAUC_volume_opt(marked, scores, buffer, thre=len(scores))[-1]
    return {
        "name": name,
        "labels": [int(label) for label in marked],
        "scores": scores.tolist(),
        "buffer": buffer,
        "vus_pr": float(volume),
        "average_precision": float(average_precision_score(marked, scores)),
    }


def main():
    random = numpy.random.default_rng(1)
    noise = random.uniform(size=ROWS)
    middle = labels((60, 79))
    many = labels((0, 3), (20, 20), (26, 30), (90, 110), (152, 159))
    late = numpy.roll(many, 3)
    cases = [
        case("noise, one event", middle, noise, 20),
        case("noise, many events", many, noise, 20),
        case("useful", many, 0.5 * many + 0.8 * noise, 20),
        case("three rows late", many, late + 0.5 * noise, 20),
        case("steps", many, numpy.floor(4 * (0.4 * many + 0.6 * noise)) / 4, 20),
        case("constant", many, numpy.ones(ROWS), 10),
        case("perfect", middle, middle, 7),
        case("no buffer", many, 0.6 * many + noise, 0),
        case("slopes overlap", labels((40, 44), (50, 54), (60, 64)), noise, 30),
    ]
    made = {
        "versions": {m: importlib.metadata.version(m) for m in ("vus", "numpy", "scikit-learn")},
        "cases": cases,
    }
    path = TESTS / "TocsinTrainingTests/Fixtures/vus.json"
    path.write_text(json.dumps(made, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
