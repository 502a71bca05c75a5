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

from detectors.inputs import Floats

# The fit saw rates of 0.01 to 60 legs a day and dispersions of 0.1 to 4.
RATE_RANGE = (0.01, 60.0)
SPREAD_RANGE = (0.1, 4.0)
MIN_SLOPE = 0.3  # detection.md, section 4


@dataclass(frozen=True)
class Table:
    """log10 FAR per year = level(rate, spread) - slope(rate, spread) * score."""

    level: tuple[float, ...]
    slope: tuple[float, ...]

    def lines(self, rate: Floats, spread: Floats) -> tuple[Floats, Floats]:
        """Level and slope for each rate (legs per entry) and dispersion."""
        r = np.log10(np.clip(rate, *RATE_RANGE))
        s = np.log10(np.clip(spread, *SPREAD_RANGE))
        level = _quadratic(self.level, r, s)
        slope = np.maximum(_quadratic(self.slope, r, s), MIN_SLOPE)
        return level, slope


def _quadratic(c: tuple[float, ...], r: Floats, s: Floats) -> Floats:
    out: Floats = c[0] + c[1] * r + c[2] * r**2 + c[3] * s + c[4] * s**2 + c[5] * r * s
    return out


@cache
def table(step: int) -> Table:
    """The shipped table for daily (1) or weekly (7) entries."""
    text = files("detectors").joinpath("data/calibration.json").read_text("utf-8")
    part = json.loads(text)["daily" if step == 1 else "weekly"]
    return Table(tuple(part["level"]), tuple(part["slope"]))
