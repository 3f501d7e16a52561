"""Collects where the program and a library agree."""

import math

TOLERANCE = 1e-9


class Agreement:
    """Of one file or folder: how many figures were compared, and which differ."""

    def __init__(self, subject):
        self.subject = subject
        self.compared = 0
        self.largest = 0.0
        self.differences = []
        self.remarks = []

    def number(self, name, found, expected):
        """`found` is from JSON, where None stands for what is undefined; `expected` may be NaN or infinite."""
        expected = float(expected)
        self.compared += 1
        if found is None or not math.isfinite(expected):
            self._note(found is None and not math.isfinite(expected), name, found, expected)
            return
        gap = abs(found - expected)
        self.largest = max(self.largest, gap)
        self._note(gap <= TOLERANCE * max(1.0, abs(expected)), name, found, expected)

    def same(self, name, found, expected):
        self.compared += 1
        self._note(found == expected, name, found, expected)

    def _note(self, agrees, name, found, expected):
        if not agrees:
            self.differences.append(f"{name}: found {found}, expected {expected}")

    def tell(self):
        for difference in self.differences[:20]:
            print(f"{self.subject}: {difference}")
        verdict = f"{len(self.differences)} of {self.compared} differ" if self.differences else f"{self.compared} agree"
        remarks = "".join(f"; {remark}" for remark in self.remarks)
        print(f"{self.subject}: {verdict}, largest difference {self.largest:.1e}{remarks}", flush=True)
