"""A JSON payload of a time and five numbers, decoded whole: tocsin and simdjson on demand."""

import ctypes
import json
from datetime import datetime

import numpy as np

from sides import SCRATCH, Own, Wrong, compare

PAYLOADS = {
    "111 bytes, short numbers":
        '{"time":"2026-01-04T12:01:00Z","temperature":21.57,"pressure":4.05,"flow":31.2,'
        '"current":3.142,"speed":1480.55}',
    "148 bytes, 17-digit numbers":
        '{"time":"2026-01-04T12:01:00Z","a":21.570312499999901,"bb":4.0500000000000123,'
        '"cc":31.199999999999871,"d":3.1415926535897931,"e":1480.5500000000011}',
}


class SimdJSON:
    """One form of reading; `by_field` asks for each name, else all fields are visited."""

    def __init__(self, library, payload, by_field):
        library.json_open.restype = ctypes.c_void_p
        library.json_values.restype = ctypes.POINTER(ctypes.c_double)
        library.json_run.restype = ctypes.c_double
        self.library, self.by_field = library, by_field
        names = [n.encode() for n in json.loads(payload) if n != "time"]
        self.count = len(names)
        fields = (ctypes.c_char_p * self.count)(*names)
        self.handle = ctypes.c_void_p(library.json_open(payload.encode(), fields, self.count))

    def run(self, times):
        return self.library.json_run(self.handle, int(self.by_field), times)

    def values(self):
        self.run(1)
        return self.library.json_values(self.handle)[:self.count]


def measure(program, shims, rounds, say):
    """Rows: payload, form, and the result."""
    rows = []
    path = shims / "simdjson.so"
    if not path.exists():
        return rows
    library = ctypes.CDLL(str(path))
    for name, payload in PAYLOADS.items():
        assert len(payload) == int(name.split()[0]), len(payload)
        expected = list(json.loads(payload).values())
        file = SCRATCH / "payload"
        file.write_text(payload)
        own = Own(program, "decode", file)
        time, *values = own.check(payload.encode(), np.float64)
        if values != expected[1:] or time != datetime.fromisoformat(expected[0]).timestamp() * 1e6:
            raise Wrong(f"tocsin read {time} {values}")
        for form, by_field in (("by field", True), ("by iteration", False)):
            peer = SimdJSON(library, payload, by_field)
            if peer.values() != expected[1:]:
                raise Wrong(f"simdjson read {peer.values()}")
            row = {"payload": name, "form": form} | compare(own, peer, rounds)
            rows.append(row)
            say(f"{name}, simdjson {form}: {row['own']:.0f} ns, {row['theirs']:.0f} ns")
        own.close()
    return rows
