"""Several watches, one story: traffic that moved, and days on which everything moved.

Neither changes a score: they explain alarms, so that one cause is told once. Both look
only at the past. Arrays are (N, T), the watches of one group on shared dates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from detectors.inputs import Floats, Ints
from detectors.walk import Walk

# A fall explains a rise when it is this unlikely (sd) and at least half as large.
SHIFT_SD, SHIFT_SHARE = 2.5, 0.5
# A day is the network's when its pooled deviation is this rare (-log10 p): 0.5 to 1.2 false
# ones a year over groups of 6 to 40 independent watches (bench/detect/network.py).
NETWORK_RARE = 3.6
NETWORK_SHARE = 0.6  # and this share of the watches with an opinion is on its side
NETWORK_MIN = 4  # watches with an opinion, below which "everything" means nothing
OPINION = 0.5  # legs expected in the window, from which a watch can disagree
NETWORK_DAYS = (1, 2)  # a storm lasts into the night
LOOK_BACK, LOOK_LEAST = 182, 28  # days that say how far the group usually strays together
SPREAD_LEGS = 10.0  # expected legs' worth of belief that a watch is Poisson
WEIGHTS = (0.3, 5.0)  # of a watch, one over its dispersion: a timetable's word weighs more
LIMIT_SD = 4.0  # days beyond this many robust sd count as there in the habit's width


@dataclass(frozen=True)
class Shift:
    """On entry `t`, the surge of series `gained` is matched by the fall of series `lost`: so many
    legs `seen` there in the `lost_days` known of the surge's window, where so many were
    `expected`."""

    t: int
    gained: int
    lost: int
    excess: float
    seen: float
    expected: float
    window_days: int
    lost_days: int

    @property
    def deficit(self) -> float:
        """Legs missing where they left."""
        return self.expected - self.seen


def shifts(
    counts: npt.ArrayLike, walk: Walk, t: int, step: int = 1, *, fallen: npt.ArrayLike = False
) -> tuple[Shift, ...]:
    """Surges on entry t that a fall elsewhere in the group explains, strongest first.

    counts (N, T): series to one destination, one an origin, NaN also where a day is not over and
    nothing can be missing yet; `walk`: their walk in batch; `fallen` (N,): series whose fall is
    proven otherwise, by a lull: it need but be large enough.
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
        seen = np.where(known, y[:, span], 0.0).sum(axis=1)
        deficit = expected - seen
        sure = np.asarray(fallen) | (deficit > SHIFT_SD * np.sqrt(expected + 0.5))
        enough = (deficit > 0) & (deficit >= SHIFT_SHARE * excess)
        for lost in np.flatnonzero(sure & enough):
            there = float(seen[lost]), float(expected[lost])
            looked = int(known[lost].sum()) * step
            found.append(Shift(t, int(gained), int(lost), excess, *there, days, looked))
    return tuple(sorted(found, key=lambda s: -s.deficit))


@dataclass(frozen=True)
class Network:
    """Group-wide days, each (T,): direction +1, -1 or 0, and -log10 of the chance of straying
    so far together (0 where too few watches agree)."""

    direction: Ints
    score: Floats


def network_days(counts: npt.ArrayLike, walk: Walk) -> Network:
    """Days on which most watches of a batch stray to the same side, far beyond their habit.

    The pooled deviation is the sum of observed less expected over one or two days, each watch
    weighted by one over its dispersion: the strongest test of a common factor, thin routes
    included. It is held against its own past, with Student's tail for a short one.
    """
    y = np.asarray(counts, dtype=np.float64)
    if y.ndim != 2 or walk.expected.shape != y.shape:
        raise ValueError(f"network_days needs a batch: {y.shape}, walk {walk.expected.shape}")
    known = np.isfinite(y) & np.isfinite(walk.score)
    expected = np.where(known, walk.expected, 0.0)
    off = np.where(known, y - walk.expected, 0.0)
    weights = _weights(off, expected)
    found = [_strayed(off, expected, weights, days) for days in NETWORK_DAYS]
    score = np.stack([score for _, score in found])
    louder = score.argmax(axis=0)
    at = np.arange(y.shape[1])
    side = np.stack([side for side, _ in found])[louder, at]
    rare = score[louder, at]
    return Network(np.where(rare >= NETWORK_RARE, side, 0).astype(np.int64), rare)


def _weights(off: Floats, expected: Floats) -> Floats:
    """One over each watch's dispersion as known before each day, (N, T)."""
    limit = 3 * np.sqrt(expected) + 1  # a surge must not silence its watch for half a year
    square = _before(np.minimum(np.abs(off), limit) ** 2)
    legs = _before(expected)
    return np.asarray(np.clip((legs + SPREAD_LEGS) / (square + SPREAD_LEGS), *WEIGHTS))


def _before(x: Floats) -> Floats:
    """Sums over the LOOK_BACK days before each, (N, T)."""
    total = np.concatenate([np.zeros((len(x), 1)), np.cumsum(x, axis=1)], axis=1)
    first = np.maximum(np.arange(x.shape[1]) - LOOK_BACK, 0)
    return np.asarray(total[:, :-1] - total[:, first])


def _strayed(off: Floats, expected: Floats, weights: Floats, days: int) -> tuple[Floats, Floats]:
    """Side and -log10 p of the pooled deviation over the last `days` days, (T,) each."""
    off, weighted, expected = (_trailing(x, days) for x in (off, off * weights, expected))
    common = weighted.sum(axis=0)
    z, past_days = np.zeros(len(common)), np.full(len(common), LOOK_LEAST)
    voices = expected >= OPINION
    heard = voices.sum(axis=0)
    # where too few have an opinion nothing is said, and nothing needs to be known
    for t in np.flatnonzero(heard[LOOK_LEAST:] >= NETWORK_MIN) + LOOK_LEAST:
        past = common[max(0, t - LOOK_BACK) : t]
        z[t], past_days[t] = _sigmas(common[t], past), len(past)
    side = np.sign(z)
    score = -stats.t.logsf(np.abs(z), np.maximum(past_days / days - 1, 5.0)) / np.log(10)
    agree = ((np.sign(off) == side) & voices).sum(axis=0)
    together = (side != 0) & (heard >= NETWORK_MIN) & (agree >= NETWORK_SHARE * heard)
    return side, np.where(together, score, 0.0)


def _sigmas(value: float, past: Floats) -> float:
    """How many robust standard deviations of the past the value lies from its middle."""
    middle = np.median(past)
    far = past - middle
    # the median alone is 0 where most days go by the timetable
    robust = max(1.4826 * float(np.median(np.abs(far))), 0.5 * float(far.std()), 1e-3)
    width = max(float(np.sqrt((np.minimum(np.abs(far), LIMIT_SD * robust) ** 2).mean())), 0.1)
    return float(value - middle) / width


def _trailing(x: Floats, days: int) -> Floats:
    """Sums of the last `days` days, (N, T)."""
    total = np.cumsum(x, axis=1)
    total[:, days:] -= total[:, :-days].copy()
    return total
