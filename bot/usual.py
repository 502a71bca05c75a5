"""Whether a watch's days look usual: what ends an alert, and what may speak for calm at all.

The week's sum against what is expected of it, by chance as the route itself knows it: where
weeks stray more than Poisson allows, a week has to stray further to be unusual.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc

from bot.model.alert import Series
from detectors import Walk

CALM_DAYS = 7
CALM_P = 0.2  # a week this likely under the baseline ...
CALM_RATIO = 1.5  # ... and below this multiple of it, is usual again (detection.md section 6)
COVERED = 0.5  # exposure from which a day can speak for calm
COMPARED_DAYS = 60
SPREAD_DAYS = 180  # that say how far weeks stray: the detectors' own half-life of a dispersion
SPREAD_LEGS = 10.0  # expected legs' worth of belief that they stray as Poisson does


def covered(series: Series, i: int) -> float:
    """Exposure from which day i can speak for calm: half of normal, or of what is usual here."""
    past = series.exposure[max(0, i - COMPARED_DAYS) : i + 1]
    seen = past[past > 0]
    return min(COVERED, 0.5 * float(np.median(seen))) if len(seen) else COVERED


def week(series: Series, walk: Walk, i: int) -> tuple[float, float]:
    """Legs counted in the week up to i, and expected of its days that were looked at."""
    span = slice(max(0, i - CALM_DAYS + 1), i + 1)
    seen = np.isfinite(series.counts[span])
    expected = float(np.nan_to_num(walk.expected[span][seen]).sum())
    return float(series.counts[span][seen].sum()), expected


def is_usual(series: Series, walk: Walk, i: int) -> bool:
    """Whether the week up to i is like any other of a Poisson route."""
    return _likely(*week(series, walk, i), 1.0)


def is_calm(series: Series, walk: Walk, i: int) -> bool:
    """Whether it is, as far as this route's weeks stray: busy ones stray further."""
    observed, expected = week(series, walk, i)
    return _likely(observed, expected, 1.0) or (
        observed < CALM_RATIO * expected  # else no spread can make it usual
        and _likely(observed, expected, _spread(series, walk, i))
    )


def _likely(observed: float, expected: float, spread: float) -> bool:
    if observed == 0:
        return True
    # P(count >= observed), of a Poisson count or of one rescaled to the spread of the route
    likely = float(gammainc((observed - 0.5) / spread + 0.5, expected / spread))
    return likely > CALM_P and observed < CALM_RATIO * max(expected, 1.0)


def _spread(series: Series, walk: Walk, i: int) -> float:
    """Variance over mean of the route's weeks before this one, those of an alarm left out;
    never below 1: regular routes end their alerts no later than others."""
    start = max(0, i - SPREAD_DAYS)
    past = slice(start, max(start, i - CALM_DAYS + 1))
    seen = np.isfinite(series.counts[past]) & np.isfinite(walk.expected[past])
    counts = _weekly(np.where(seen, series.counts[past], 0.0))
    expected = _weekly(np.where(seen, walk.expected[past], 0.0))
    quiet = _weekly(walk.alarm[past].astype(float)) == 0
    strayed = float(((counts - expected)[quiet] ** 2).sum())
    return max(1.0, (strayed + SPREAD_LEGS) / (float(expected[quiet].sum()) + SPREAD_LEGS))


def _weekly(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Sums over every seven days on end."""
    if len(x) < CALM_DAYS:
        return np.zeros(0)
    return np.convolve(x, np.ones(CALM_DAYS), "valid")
