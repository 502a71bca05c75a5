"""Several watches, one story: traffic that moved, and days on which everything moved.

Neither changes a score: they explain alarms, so that one cause is told once. Both look
only at the past. Arrays are (N, T), the watches of one group on shared dates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectors.inputs import Floats, Ints
from detectors.walk import Walk

# A fall explains a rise when it is this unlikely (sd) and at least half as large.
SHIFT_SD, SHIFT_SHARE = 2.5, 0.5
# Common deviation (robust sd of its own past) and share of watches on that side.
NETWORK_SD, NETWORK_SHARE = 5.0, 0.7
NETWORK_MIN = 4  # watches with an opinion, below which "everything" means nothing
LOOK_BACK = 182  # days that say how far the group usually strays together


@dataclass(frozen=True)
class Shift:
    """On entry `t`, the surge of series `gained` is matched by the fall of series `lost`."""

    t: int
    gained: int
    lost: int
    excess: float
    deficit: float
    window_days: int


def shifts(counts: npt.ArrayLike, walk: Walk, t: int, step: int = 1) -> tuple[Shift, ...]:
    """Surges on entry t that a fall elsewhere in the group explains, strongest first.

    counts (N, T): series to one destination, one an origin; `walk`: their walk in batch.
    """
    y = np.asarray(counts, dtype=np.float64)
    if y.ndim != 2 or walk.expected.shape != y.shape:
        raise ValueError(f"shifts needs a batch: counts {y.shape}, walk {walk.expected.shape}")
    found = []
    for gained in np.flatnonzero(walk.alarm[:, t]):
        days = int(walk.window_days[gained, t])
        span = slice(max(0, t + 1 - days // step), t + 1)
        excess = float(walk.observed_window[gained, t] - walk.expected_window[gained, t])
        known = np.isfinite(y[:, span])
        expected = np.where(known, walk.expected[:, span], 0.0).sum(axis=1)
        deficit = expected - np.where(known, y[:, span], 0.0).sum(axis=1)
        strong = (deficit > SHIFT_SD * np.sqrt(expected + 0.5)) & (deficit >= SHIFT_SHARE * excess)
        for lost in np.flatnonzero(strong):
            found.append(Shift(t, int(gained), int(lost), excess, float(deficit[lost]), days))
    return tuple(sorted(found, key=lambda s: -s.deficit))


@dataclass(frozen=True)
class Network:
    """Group-wide days, each (T,): direction +1, -1 or 0, and how far in robust sd."""

    direction: Ints
    deviation: Floats


def network_days(counts: npt.ArrayLike, walk: Walk) -> Network:
    """Days on which most watches of a batch stray to the same side, far beyond their habit."""
    y = np.asarray(counts, dtype=np.float64)
    if y.ndim != 2 or walk.expected.shape != y.shape:
        raise ValueError(f"network_days needs a batch: {y.shape}, walk {walk.expected.shape}")
    known = np.isfinite(y) & np.isfinite(walk.score)
    expected = np.where(known, walk.expected, 0.0)
    off = np.where(known, y - walk.expected, 0.0)
    # Each watch weighs as the root of its traffic: no hub may speak for all.
    unit = off / np.sqrt(expected + 0.25)
    voices = np.maximum(known.sum(axis=0), 1)
    common = unit.sum(axis=0) / np.sqrt(voices)
    size = y.shape[1]
    deviation = np.zeros(size)
    for t in range(28, size):
        past = common[max(0, t - LOOK_BACK) : t]
        centre = np.median(past)
        width = 1.4826 * np.median(np.abs(past - centre))
        deviation[t] = (common[t] - centre) / max(float(width), 0.5)
    side = np.sign(deviation)
    agree = ((np.sign(off) == side) & known).sum(axis=0) / voices
    wide = (np.abs(deviation) >= NETWORK_SD) & (agree >= NETWORK_SHARE)
    wide &= known.sum(axis=0) >= NETWORK_MIN
    return Network(np.where(wide, side, 0).astype(np.int64), deviation)
