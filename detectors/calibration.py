"""From score to false alarms: what a score is worth on a route of this rate and spread.

The table is fitted to simulated quiet years (bench/detect/calibrate.py) and shipped
as package data; `false_alarms` reads it, nothing else knows its form.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from detectors.inputs import Floats, Ints

SMALL_RATE = 1e-9
MIN_SLOPE = 0.3  # detection.md, section 4


@dataclass(frozen=True)
class Table:
    """log10 FAR per year = level(rate, spread) - slope(rate, spread) * score.

    `rates` (R,) legs per entry and `spreads` (S,) dispersions are the nodes, in log10;
    `level`, `slope` (R, S) are interpolated linearly between them and held constant
    beyond them.
    """

    rates: Floats
    spreads: Floats
    level: Floats
    slope: Floats

    def lines(self, rate: Floats, spread: Floats) -> tuple[Floats, Floats]:
        """Level and slope for each rate (legs per entry) and dispersion."""
        i, u = place(self.rates, rate)
        j, v = place(self.spreads, spread)
        weights = ((1 - u) * (1 - v), (1 - u) * v, u * (1 - v), u * v)
        out = []
        for grid in (self.level, self.slope):
            corners = (grid[i, j], grid[i, j + 1], grid[i + 1, j], grid[i + 1, j + 1])
            out.append(sum(w * c for w, c in zip(weights, corners, strict=True)))
        return np.asarray(out[0]), np.maximum(out[1], MIN_SLOPE)


def place(nodes: Floats, value: Floats) -> tuple[Ints, Floats]:
    """Node to the left of log10(value) and the share of the way to the next."""
    x = np.clip(np.log10(np.maximum(value, SMALL_RATE)), nodes[0], nodes[-1])
    i = np.clip(np.searchsorted(nodes, x, side="right") - 1, 0, len(nodes) - 2)
    return i, (x - nodes[i]) / (nodes[i + 1] - nodes[i])


@cache
def table(step: int, sign: int = 1) -> Table:
    """The shipped table for daily (1) or weekly (7) entries; sign -1: of lulls."""
    text = files("detectors").joinpath("data/calibration.json").read_text("utf-8")
    part = json.loads(text)[("" if sign > 0 else "lull ") + ("daily" if step == 1 else "weekly")]
    return Table(*(np.array(part[name]) for name in ("rates", "spreads", "level", "slope")))
