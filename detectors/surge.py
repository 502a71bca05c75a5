"""How much likelier a surge makes the last days than chance does.

The score is the mean, over ten window lengths and six surge sizes, of predictive
likelihood ratios: negative binomial with the level known before the window and its
doubt integrated out. It is the omnibus oracle's own form with an estimated baseline.
Because each ratio is exponential in the count, the count that would just alarm is the
root of a convex function.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors import level, wide
from detectors.inputs import Floats, Ints
from detectors.level import TAIL, Block, Memory

# detection.md, section 3, and four days: bursts of three days found on the fourth.
WINDOWS = np.array([1, 2, 3, 4, 5, 7, 10, 14, 21, 28])
WINDOWS_WEEKLY = np.array([1, 2])  # longer ones lost 0.1 POD on the 42 scenarios
# Surge sizes in units of twice the square root of the (scaled) count, where the noise has
# equal width at every rate: from barely visible in a month to beyond doubt in a day.
SIZES = np.array([1.0, 1.75, 2.75, 4.0, 6.0, 9.0])
# Doubt about a dispersion learnt from few legs, in the first year; later the calibration
# knows it. 0 gave new watches 1.3 to 1.5 false alarms a year, this under one (measured).
SPREAD_DOUBT = 0.2
TAU = 0.05  # day-to-day error of a coverage measure; detection.md, section 3
DRIFT_PER_ENTRY = 0.0001  # level drift within the window; section 3
# A window is held against what was known before it. Where that is less than a week of
# data and prior, the error is taken for a factor of e^7: the window hardly speaks.
FOUNDED_DAYS, UNFOUNDED = 7.0, 50.0
LN10 = float(np.log(10.0))


@dataclass(frozen=True)
class Surge:
    """Scores of a block, each (n, b).

    `log_ratio`: log10 of the mean likelihood ratio; `window`: entries in the loudest
    window, with its `observed` and `expected` sums; `crossing(target)` finds counts.
    """

    log_ratio: Floats
    window: Ints
    observed: Floats
    expected: Floats
    slope: Floats
    base: Floats

    def crossing(self, target: Floats) -> Floats:
        """Count of the last day at which `log_ratio` would reach `target`, (n, b)."""
        goal = target * LN10 + np.log(self.slope.shape[0])
        # One term alone reaching the sum bounds the root; Newton on a convex function
        # comes from there and never passes it. Lulls: the same with the count falling.
        bound = (goal - self.base) / self.slope
        y = bound.min(axis=0) if self.slope.flat[0] > 0 else bound.max(axis=0)
        for _ in range(5):
            terms = self.base + self.slope * y
            top = terms.max(axis=0)
            part = np.exp(terms - top)
            total = part.sum(axis=0)
            y = y - (top + np.log(total) - goal) * total / (part * self.slope).sum(axis=0)
        return np.asarray(y)


@dataclass(frozen=True)
class Sums:
    """Window sums, each (W, n, b): counts, expectation, doubt, dispersion."""

    count: Floats
    mean: Floats
    doubt: Floats
    spread: Floats


def windows(step: int) -> Ints:
    """Window lengths in entries."""
    return WINDOWS if step == 1 else WINDOWS_WEEKLY


def sums(m: Memory, block: Block, told: bool, sign: int = 1) -> Sums:
    """Sums over every window ending in the block, against the level before the window."""
    lengths = windows(m.step)
    b = block.y.shape[1]
    end = TAIL + np.arange(b)[None, :]
    start = end - lengths[:, None]
    y, g = _joined(m, block, "y"), _joined(m, block, "g")
    count, plain = _window(y * (g > 0), start, end), _window(g, start, end)
    rate = _joined(m, block, "rate")[:, start].transpose(1, 0, 2)
    doubt = _joined(m, block, "doubt")[:, start].transpose(1, 0, 2)
    spread = _joined(m, block, "spread")[:, start].transpose(1, 0, 2)
    w = lengths[:, None, None].astype(float)
    info, age = (_joined(m, block, k)[:, start].transpose(1, 0, 2) for k in ("info", "age"))
    unfounded = age + m.rate0[:, None] < FOUNDED_DAYS
    doubt = (
        doubt + unfounded * UNFOUNDED + level.slow_doubt(info, age, w, m.step) + DRIFT_PER_ENTRY * w
    )
    doubt = doubt + (TAU**2 / w if told else 0.0)
    if m.special_y.shape[1]:  # what is doubted of one special day is doubted of all its kind
        off = _window(np.sqrt(_joined(m, block, "special")) * g, start, end)
        doubt = doubt + (off / np.maximum(plain, 1e-9)) ** 2
    # A word of the owner stands for four times its days: alarms then come a day earlier.
    young = np.maximum(1 - (age + 4 * m.rate0[:, None]) / 365.25, 0.0)
    spread = spread * (1 + SPREAD_DOUBT * young / (1 + info / 20))
    if sign < 0:
        return Sums(count, rate * plain, doubt, spread)
    spread = spread * wide.factors(m, lengths)[:, :, None]
    return Sums(count, _explained(m, block, start, end, rate, plain), doubt, spread)


def _explained(m: Memory, block: Block, start: Ints, end: Ints, rate: Floats, plain: Floats
               ) -> Floats:  # fmt: skip
    """The most that is no surge, (W, n, b): coming back to an earlier normal is none, and
    while the season is unproven neither is what a level without one expects."""
    mean = np.maximum(rate, block.former) * plain
    if m.step != 1:  # on the weekly scenarios doubt about the season cost 0.015 of the POD
        return np.asarray(mean)
    flat = np.maximum(_joined(m, block, "flat")[:, start].transpose(1, 0, 2), block.former_f)
    other = flat * _window(_joined(m, block, "f"), start, end)
    unproven = np.clip(1 - block.proof / level.SEASON_PROVEN, 0.0, 1.0)
    return np.asarray(mean + unproven * np.maximum(other - mean, 0.0))


def score(sums: Sums, step: int, count_today: Floats, sign: int = 1) -> Surge:
    """Average the likelihood ratios of all windows and sizes; `sign` -1 looks for lulls."""
    mean = np.maximum(sums.mean, 1e-9)
    slope, base = _ratios(mean, sums.doubt, sums.spread, sign)
    terms = base + slope * sums.count[:, None]
    w, k = terms.shape[:2]
    flat = terms.reshape(w * k, *terms.shape[2:])
    top = flat.max(axis=0)
    part = np.exp(terms - top)
    by_window = part.sum(axis=1)
    log_ratio = (top + np.log(by_window.sum(axis=0)) - np.log(w * k)) / LN10
    loudest = by_window.argmax(axis=0)
    pick = loudest[None]
    flat_slope = slope.reshape(flat.shape)
    before = sums.count - count_today
    return Surge(
        log_ratio,
        windows(step)[loudest],
        np.take_along_axis(sums.count, pick, 0)[0],
        np.take_along_axis(sums.mean, pick, 0)[0],
        flat_slope,
        (base + slope * before[:, None]).reshape(flat.shape),
    )


def _ratios(mean: Floats, doubt: Floats, spread: Floats, sign: int = 1) -> tuple[Floats, Floats]:
    """Slope and intercept of each log likelihood ratio in the window's count.

    Both (W, K, n, b). Counts of a regular route are rescaled to Poisson (detection.md,
    section 2); what spread and doubt add beyond that makes a negative binomial of fixed
    size, whose ratio for a mean k times larger is linear in the count.
    """
    scale = np.minimum(spread, 1.0)
    scaled = mean / scale
    excess = np.maximum(spread - 1.0, 1e-6) + doubt * scaled
    step = 0.5 * np.sqrt((spread + doubt * mean) / mean)
    # A lull leaves at least a hundredth: log k must stay finite.
    k = np.maximum(1.0 + sign * SIZES[:, None, None] * step[:, None], 0.1) ** 2
    grown = np.log((1 + k * excess[:, None]) / (1 + excess[:, None]))
    # log k - grown, written so that it does not vanish where both are huge.
    slope = np.log1p((k - 1) / (1 + k * excess[:, None])) / scale[:, None]
    base = -(scaled / excess)[:, None] * grown
    return slope, base


def _joined(m: Memory, block: Block, name: str) -> Floats:
    return np.concatenate([getattr(m, "tail_" + name), getattr(block, name)], axis=1)


def _window(values: Floats, start: Ints, end: Ints) -> Floats:
    """Sums over (start, end], (W, n, b)."""
    total = values.cumsum(axis=1)
    out: Floats = (total[:, end[0]][:, None, :] - total[:, start]).transpose(1, 0, 2)
    return out
