"""Synthetic routes with known surges, to tune on one seed and be judged on another.

Every `Trial` carries its truth: the mean that generated each entry, the dispersion, and
where surges begin and end, so that any detector can be held against one that was told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from detectors.inputs import Floats, Ints

FIRST_DAY = np.datetime64("2021-01-01")
KINDS = ("spike", "burst", "week", "fortnight", "month", "ramp")
LENGTHS = {"spike": 1, "burst": 3, "week": 7, "fortnight": 14, "month": 28, "ramp": 21}
TAIL_DAYS = 28  # entries after a surge in which alarms are neither right nor wrong


@dataclass(frozen=True)
class Surges:
    """M surges: series row, first and last entry (inclusive), kind; all (M,)."""

    row: Ints
    start: Ints
    end: Ints
    kind: np.ndarray[Any, np.dtype[np.str_]]

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True)
class Trial:
    """A batch with its truth. counts, mean, exposure (N, T); spread, group (N,).

    `mean` is the expectation without surges, exposure included. Entries before
    `judge_from` are for learning. `told`: the detector is given the exposure.
    """

    counts: Floats
    dates: np.ndarray[Any, np.dtype[np.datetime64]]
    mean: Floats
    spread: Floats
    group: np.ndarray[Any, np.dtype[np.str_]]
    surges: Surges
    judge_from: int
    exposure: Floats | None = None
    judge_until: int | None = None

    @property
    def step(self) -> int:
        """Days per entry."""
        return int((self.dates[1] - self.dates[0]).astype(int))


def draw(rng: np.random.Generator, mean: Floats, spread: Floats) -> Floats:
    """Counts with variance spread x mean: negative binomial, Poisson or scheduled.

    Below 1: a timetable of mean / (1 - spread) legs, each flown with a fixed chance, its
    odd part left to chance so that the mean is exact.
    """
    mean, spread = np.broadcast_arrays(np.maximum(mean, 0.0), spread)
    out = np.zeros(mean.shape)
    over, under = spread > 1.0001, spread < 0.9999
    plain = ~over & ~under
    out[plain] = rng.poisson(mean[plain])
    mo, so = np.maximum(mean[over], 1e-12), spread[over]
    out[over] = rng.poisson(rng.gamma(mo / (so - 1), so - 1))
    mu, su = mean[under], spread[under]
    legs = np.maximum(np.ceil(mu / (1 - su) - 1e-9), 1)
    out[under] = rng.binomial(legs.astype(int), np.clip(mu / legs, 0, 1))
    return out


def seasonal(rng: np.random.Generator, rate: Floats, days: Ints) -> Floats:
    """Means (N, T): weekday, season and a slow wander, of random strength a series."""
    n = len(rate)
    week = rng.normal(0, rng.uniform(0, 0.5, (n, 1)), (n, 7))
    wave = rng.uniform(0, 0.5, n)[:, None]
    phase = rng.uniform(0, 2 * np.pi, n)[:, None]
    trend = rng.normal(0, 0.15, n)[:, None]
    years = (days - days[0]) / 365.25
    log = week[:, days % 7] + wave * np.sin(2 * np.pi * years + phase) + trend * years
    return np.asarray(rate[:, None] * np.exp(log - 0.5 * wave**2))


def place(rng: np.random.Generator, n: int, first: int, size: int, every: int) -> Surges:
    """One surge of random kind in each stretch of `every` entries, clear of its neighbours."""
    found: list[tuple[int, int, int, str]] = []
    for row in range(n):
        for begin in range(first, size - every + 1, every):
            kind = str(rng.choice(KINDS))
            length = LENGTHS[kind]
            start = begin + int(rng.integers(7, every - length - TAIL_DAYS - 7))
            found.append((row, start, start + length - 1, kind))
    return _surges(found)


def _surges(found: list[tuple[int, int, int, str]]) -> Surges:
    rows, starts, ends, kinds = zip(*found, strict=True) if found else ((), (), (), ())
    return Surges(
        np.array(rows, int), np.array(starts, int), np.array(ends, int), np.array(kinds, str)
    )


def inject(rng: np.random.Generator, mean: Floats, spread: Floats, surges: Surges) -> Floats:
    """Means with surges added, of a size between hard and easy to see in their length."""
    out = mean.copy()
    for row, start, end, kind in zip(
        surges.row, surges.start, surges.end, surges.kind, strict=True
    ):
        span = slice(start, end + 1)
        length = end - start + 1
        usual = max(float(mean[row, span].mean()), 1e-3) * min(length, 14)
        z = rng.uniform(2.5, 8.0)
        total = (np.sqrt(usual) + 0.5 * z * np.sqrt(spread[row])) ** 2 - usual
        shape = np.ones(length)
        if kind == "ramp":
            shape = 2 * np.arange(1, length + 1) / (length + 1)
        out[row, span] += total / min(length, 14) * shape
    return out


def sparse_grid(seed: int, per_class: int = 20, *, surges: bool = True, years: int = 3) -> Trial:
    """Daily series over six rates and three dispersions, one year to learn from."""
    rng = np.random.default_rng(seed)
    rates, spreads = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0), (1.0, 1.5, 2.5)
    cells = [(r, s) for r in rates for s in spreads for _ in range(per_class)]
    rate, spread = (np.array(c) for c in zip(*cells, strict=True))
    group = np.array([f"{r:g}/d x{s:g}" for r, s in cells])
    size = 365 * years
    return _daily(rng, rate, spread, group, size, 365, surges)


def _daily(rng: np.random.Generator, rate: Floats, spread: Floats, group: Any, size: int,
           judge_from: int, surges: bool) -> Trial:  # fmt: skip
    dates = FIRST_DAY + np.arange(size)
    mean = seasonal(rng, rate, dates.astype(np.int64))
    placed = place(rng, len(rate), judge_from, size, 182) if surges else _surges([])
    full = inject(rng, mean, spread, placed)
    counts = draw(rng, full, spread[:, None])
    return Trial(counts, dates, mean, spread, group, placed, judge_from)


def cold_grid(seed: int, per_class: int = 60, *, surges: bool = True) -> Trial:
    """New watches: judged from day 15 to 60 only, at most one surge each."""
    rng = np.random.default_rng(seed)
    rates, spreads = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0), (1.0, 1.5)
    cells = [(r, s) for r in rates for s in spreads for _ in range(per_class)]
    rate, spread = (np.array(c) for c in zip(*cells, strict=True))
    group = np.array([f"{r:g}/d x{s:g}" for r, s in cells])
    dates = FIRST_DAY + np.arange(60)
    mean = seasonal(rng, rate * rng.uniform(0.6, 1.6, len(rate)), dates.astype(np.int64))
    found = []
    for row in range(len(rate) if surges else 0):
        kind = str(rng.choice(KINDS[:4]))
        start = int(rng.integers(15, 61 - LENGTHS[kind]))
        found.append((row, start, start + LENGTHS[kind] - 1, kind))
    placed = _surges(found)
    counts = draw(rng, inject(rng, mean, spread, placed), spread[:, None])
    return Trial(counts, dates, mean, spread, group, placed, 15)


def scheduled_grid(seed: int, per_class: int = 40) -> Trial:
    """Timetabled routes of dispersion 0.1 to 0.5, doubled for single days."""
    rng = np.random.default_rng(seed)
    cells = [(legs * (1 - s), s) for legs in (2, 4, 6, 10) for s in (0.05, 0.1, 0.2, 0.3, 0.5)]
    cells = [c for c in cells for _ in range(per_class)]
    rate, spread = (np.array(c) for c in zip(*cells, strict=True))
    group = np.array([f"{r:.3g}/d x{s:g}" for r, s in cells])
    dates = FIRST_DAY + np.arange(365 * 3)
    mean = np.repeat(rate[:, None], len(dates), axis=1)
    counts = draw(rng, mean, spread[:, None])
    placed = place(rng, len(rate), 365, len(dates), 91)
    placed = replace(placed, end=placed.start, kind=np.full(len(placed), "spike"))
    counts[placed.row, placed.start] *= 2
    return Trial(counts, dates, mean, spread, group, placed, 365)


def airlift(seed: int, n: int = 500, *, history: int = 400) -> Trial:
    """A route with at most 0.1 legs a day, then one to two a day for a month."""
    rng = np.random.default_rng(seed)
    rate = rng.uniform(0.005, 0.1, n)
    start = history + rng.integers(0, 60, n)
    dates = FIRST_DAY + np.arange(history + 100)
    mean = np.repeat(rate[:, None], len(dates), axis=1)
    rows = np.arange(n)
    placed = Surges(rows, start, start + 27, np.full(n, "month"))
    full = mean.copy()
    for row, begin, new in zip(rows, start, rng.uniform(1, 2, n), strict=True):
        full[row, begin : begin + 28] += new
    counts = draw(rng, full, np.ones((n, 1)))
    return Trial(counts, dates, mean, np.ones(n), np.full(n, "airlift"), placed, 365)


def with_outages(trial: Trial, seed: int, *, told: bool) -> Trial:
    """The same series with holes of 1 to 20 days; told: exposure 0, hidden: plain zeros."""
    rng = np.random.default_rng(seed)
    n, size = trial.counts.shape
    exposure = np.ones((n, size))
    for row in range(n):
        for _ in range(rng.poisson(3 * size / 365)):
            start = int(rng.integers(30, size - 25))
            exposure[row, start : start + int(rng.integers(1, 21))] = 0.0
    return _thinned(trial, rng, exposure, told)


def with_coverage(trial: Trial, seed: int, *, told: bool) -> Trial:
    """The same series where stretches of 20 to 120 days see only 30 to 80 % of traffic."""
    rng = np.random.default_rng(seed)
    n, size = trial.counts.shape
    exposure = np.ones((n, size))
    for row in range(n):
        for _ in range(rng.poisson(1.5 * size / 365)):
            start = int(rng.integers(30, size - 10))
            exposure[row, start : start + int(rng.integers(20, 121))] = rng.uniform(0.3, 0.8)
    return _thinned(trial, rng, exposure, told)


def _thinned(trial: Trial, rng: np.random.Generator, exposure: Floats, told: bool) -> Trial:
    counts = rng.binomial(trial.counts.astype(int), exposure).astype(float)
    return replace(
        trial, counts=counts, mean=trial.mean * exposure, exposure=exposure if told else None
    )


# theta, beta, gamma1, gamma2, phi of seven groups: Noufaily et al. 2013, as in detection.md.
NOUFAILY = (
    (0.1, 0.0025, 0.6, 0.6, 1.5),
    (-2.0, 0.005, 0.1, 0.3, 2.0),
    (1.5, 0.003, 0.2, -0.4, 1.0),
    (0.5, 0.002, 0.5, 0.5, 5.0),
    (2.5, 0.001, 1.0, 0.1, 3.0),
    (3.75, 0.001, 0.1, -0.1, 1.1),
    (5.0, 0.0001, 0.05, 0.01, 1.2),
)
WEEKS, WEEKS_JUDGED = 624, 49
# The paper's year; against the calendar's its seasons drift by a fortnight in these twelve years.
PAPER_YEAR = 52.0


def noufaily(
    seed: int,
    per_scenario: int = 20,
    *,
    outbreaks: bool = True,
    year_weeks: float = PAPER_YEAR,
) -> Trial:
    """The 42 weekly scenarios; four past outbreaks and one in the last 49 weeks.

    `year_weeks`: length of the season; 365.25 / 7 keeps it in step with the dates.
    """
    rng = np.random.default_rng(seed)
    cells = [
        (g, trend, m)
        for g in range(7)
        for trend in (0, 1)
        for m in (0, 1, 2)
        for _ in range(per_scenario)
    ]
    t = np.arange(1, WEEKS + 1)
    mean = np.array([_weekly_mean(*c, t, year_weeks) for c in cells])
    spread = np.array([NOUFAILY[c[0]][4] for c in cells])
    counts = draw(rng, mean, spread[:, None])
    found = _weekly_outbreaks(rng, counts, mean, spread) if outbreaks else []
    group = np.array([f"{g + 1}{'t' if trend else ''}m{m}" for g, trend, m in cells])
    dates = np.datetime64("2010-01-04") + 7 * np.arange(WEEKS)
    return Trial(counts, dates, mean, spread, group, _surges(found), WEEKS - WEEKS_JUDGED)


def _weekly_mean(g: int, trend: int, m: int, t: Ints, year_weeks: float) -> Floats:
    theta, beta, g1, g2, _ = NOUFAILY[g]
    log = theta + trend * beta * t
    for j in range(1, m + 1):
        angle = 2 * np.pi * j * t / year_weeks
        log = log + g1 * np.cos(angle) + g2 * np.sin(angle)
    return np.asarray(np.exp(log))


def _weekly_outbreaks(
    rng: np.random.Generator, counts: Floats, mean: Floats, spread: Floats
) -> list[tuple[int, int, int, str]]:
    """Add outbreaks in place: size Poisson(k sd), spread over weeks by a lognormal(0, 0.5)."""
    found = []
    for row in range(len(counts)):
        starts = [*rng.integers(312, 570, 4), int(rng.integers(WEEKS - WEEKS_JUDGED, WEEKS - 8))]
        for k, start in enumerate(starts):
            factor = rng.uniform(1, 10) if k == 4 else rng.integers(2, 6)
            sd = np.sqrt(mean[row, start] * spread[row])
            size = max(int(rng.poisson(factor * sd)), 1)
            weeks = start + np.floor(rng.lognormal(0, 0.5, size)).astype(int)
            weeks = weeks[weeks < (WEEKS if k == 4 else WEEKS - WEEKS_JUDGED)]
            np.add.at(counts[row], weeks, 1)
            if k == 4:
                found.append((row, int(weeks.min()), int(weeks.max()), "outbreak"))
    return found
