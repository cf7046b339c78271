"""The results as the tables that the documentation shows."""

MODELS = ("M1", "M2", "M3")
FEW, MANY = (2, 4, 6, 8), (64, 256, 1024)


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def number(value):
    if value is None:
        return "-"
    return f"{value:.{0 if value >= 10 else 1 if value >= 3 else 2}f}"


class Kernels:
    """Ratios peer / own of each cell, a peer with several forms by its fastest one."""

    def __init__(self, rows):
        self.rows = rows
        self.peers = list(dict.fromkeys(r["peer"] for r in rows))

    def ratio(self, peer, model, batch):
        found = [r["ratio"] for r in self.rows if "ratio" in r
                 and (r["peer"], r["model"], r["batch"]) == (peer, model, batch)]
        return min(found, default=None)

    def best(self, model, batch):
        found = [(r["ratio"], r["peer"]) for r in self.rows if "ratio" in r
                 and (r["model"], r["batch"]) == (model, batch)]
        return min(found, default=(None, ""))

    def own(self, model, batch):
        """Microseconds a step and device."""
        found = sorted(r["own"] for r in self.rows if "own" in r
                       and (r["model"], r["batch"]) == (model, batch))
        return found[len(found) // 2] / batch / 1e3 if found else None

    def forms(self, peer, model, batch):
        return " / ".join(number(r.get("ratio")) + (" wrong" if "wrong" in r else "")
                          for r in self.rows
                          if (r["peer"], r["model"], r["batch"]) == (peer, model, batch))

    def print(self):
        print("### One device: peer's time / own time\n")
        rows = [[self.name(p), *(self.forms(p, m, 1) for m in MODELS)] for p in self.peers]
        rows.append(["own, µs", *(number(self.own(m, 1)) for m in MODELS)])
        print(table(["", *MODELS], rows))
        for title, batches in (("2 to 8 devices", FEW), ("64 devices and more", MANY)):
            print(f"### {title}: peer's time / own time, M1 / M2 / M3\n")
            cells = lambda f: [" / ".join(f(m, b) for m in MODELS) for b in batches]
            rows = [[p, *cells(lambda m, b: number(self.ratio(p, m, b)))] for p in self.peers]
            rows.append(["**best peer**", *cells(lambda m, b: number(self.best(m, b)[0]))])
            rows.append(["it is", *cells(lambda m, b: self.best(m, b)[1])])
            rows.append(["own, µs a device", *cells(lambda m, b: number(self.own(m, b)))])
            print(table(["", *(f"b={b}" for b in batches)], rows))
        for row in self.rows:
            if "wrong" in row:
                print("{peer} {form}, {model}, b={batch}: wrong, {wrong}\n".format(**row))

    def name(self, peer):
        forms = dict.fromkeys(r["form"] for r in self.rows if r["peer"] == peer and r["form"])
        return peer + (f" ({' / '.join(forms)})" if forms else "")

    def bars(self):
        for peer, must, hoped in (("LiteRT", 1.5, 2), ("oneDNN", 2, 4), ("ONNX Runtime", 5, 8),
                                  ("PyTorch", 50, 100)):
            yield f"one device, M1, {peer} / own", self.ratio(peer, "M1", 1), must, hoped, False
        for model, hidden, must, hoped in (("M2", 128, 1.2, 1.5), ("M1", 64, 1.4, 2),
                                           ("M3", 32, 1.8, 3)):
            yield (f"2 to 8 devices, H = {hidden}, best peer / own", self.least([model], FEW),
                   must, hoped, False)
        yield "64 devices and more, best peer / own", self.least(MODELS, MANY), 1, 1.15, False

    def least(self, models, batches):
        found = [self.best(m, b)[0] for m in models for b in batches]
        return min((f for f in found if f is not None), default=None)


def print_decode(rows):
    print("### A JSON payload of a time and five numbers, ns\n")
    print(table(["payload", "own", "simdjson", "own / simdjson"],
                [[f"{r['payload']}, {r['form']}", number(r["own"]), number(r["theirs"]),
                  number(1 / r["ratio"])] for r in rows]))


def decode_bars(rows):
    for payload, must, hoped in (("111 bytes", 1.0, 0.75), ("148 bytes", 1.2, 0.9)):
        found = [1 / r["ratio"] for r in rows if r["payload"].startswith(payload)]
        yield f"JSON decode, {payload}, own / simdjson", max(found, default=None), must, hoped, True


def print_training(rows):
    print("### Training M1, ms a window of 64 steps of 64 lanes\n")
    print(table(["threads", "clock", "own", "PyTorch", "PyTorch / own"],
                [[str(r["threads"]), r["clock"], number(r["own"]), number(r["theirs"]),
                  number(r["ratio"])] for r in rows]))


def training_bars(rows):
    for threads, must, hoped in ((1, 2.5, 3.5), (2, 3.5, 5)):
        found = [r["ratio"] for r in rows if r["threads"] == threads]
        name = f"training, M1, PyTorch / own, threads: {threads}"
        if any(r["busy"] for r in rows if r["threads"] == threads):
            name += " (busy machine: says nothing)"
        yield name, max(found, default=None), must, hoped, False


def print_precision(rows):
    print("### Largest error of the forecast against float64, 100,000 steps, trained weights\n")
    power = lambda v: f"{v:.1e}"
    print(table(["", "own", "PyTorch f32", "own / PyTorch", "own, first / last 1000 steps",
                 "forecast's rms error / that of no change"],
                [[r["model"], power(r["own"]), power(r["theirs"]), number(r["ratio"]),
                  f"{power(r['own first'])} / {power(r['own last'])}",
                  f"{r['rms']:.3f} / {r['still']:.3f}"] for r in rows]))


def precision_bars(rows):
    worst = max((r["ratio"] for r in rows), default=None)
    yield "largest error after 100,000 steps, own / PyTorch f32", worst, 2, 1, True


def print_bars(bars):
    """`below`: whether less is better."""
    rows = []
    for name, value, must, hoped, below in bars:
        if value is None:
            continue
        reached = lambda bar: value <= bar if below else value >= bar
        verdict = "hoped" if reached(hoped) else "met" if reached(must) else "**missed**"
        rows.append([name, number(value), f"{must}", f"{hoped}", verdict])
    print("### Bars\n")
    print(table(["", "value", "must", "hoped", ""], rows))
