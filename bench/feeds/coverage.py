"""How true is exposure? A simulated sky with known outages, jumps and dark regions.

Run: python -m bench.feeds.coverage [WATCHES] [SEED]

Other traffic: arrivals with an hour-of-week shape, a season, a day effect and chance; an aircraft
stays in sight for about half an hour, so hourly counts overlap. Coverage: a level that wanders
from day to day, jumps of x0.4 to x2.5 (half of them a change of source, which is told), days on a
fallback feed with a level of its own (told too), holes of hours (dark or partial), failed polls.
Truth of a day: the mean over its hours of looked share x level x condition.
"""

import sys
import time
from dataclasses import dataclass

import numpy as np

from bot.coverage.exposure import DARK_SAID, SOURCES, Exposures, Floats, Ints

DAYS, WARM_UP = 365, 28
FALLBACK = 3  # its number among the sources
CARRY = 1 / 3  # of an hour's aircraft, seen in the next hour too


@dataclass(frozen=True, slots=True)
class Sky:
    """Arrays (W, D, 24), but `phi` (W,) and `source` (W, D): which set of feeds looked."""

    looked: Floats
    others: Floats
    coverage: Floats  # level x condition, 1 = normal
    condition: Floats
    failed: Floats  # share of polls that failed
    arrivals: Floats  # expected distinct aircraft an hour under normal looking
    phi: Floats
    source: Ints


def simulate(watches: int, rng: np.random.Generator, disturbed: bool = True) -> Sky:
    """A year of W watches, each with its own size and temper."""
    w, shape3 = watches, (watches, DAYS, 24)
    per_day = np.exp(rng.uniform(np.log(8), np.log(800), w))
    hour = np.exp(0.6 * np.sin((np.arange(24) - rng.uniform(0, 24, (w, 1))) * np.pi / 12))
    weekday = np.exp(rng.normal(0, 0.12, (w, 7)))
    week = weekday[:, np.arange(DAYS) % 7, None] * hour[:, None, :]
    season = 1 + rng.uniform(0, 0.2, (w, 1)) * np.sin(
        2 * np.pi * (np.arange(DAYS) / 365 + rng.uniform(0, 1, (w, 1)))
    )
    expected = (
        week / week.mean((1, 2), keepdims=True) * (per_day[:, None] * season / 24)[:, :, None]
    )
    sigma_v = rng.uniform(0.02, 0.08, (w, 1))
    effect = np.exp(rng.normal(0, 1, (w, DAYS)) * sigma_v)
    level, source = wander(rng, w) if disturbed else (np.ones((w, DAYS)), np.zeros((w, DAYS), int))
    condition = holes(rng, w) if disturbed else np.ones(shape3)
    failed = failures(rng, w) if disturbed else np.zeros(shape3)
    looked = 1 - failed
    coverage = level[:, :, None] * condition
    mean = expected * effect[:, :, None] * coverage * looked
    new = rng.poisson(mean * rng.gamma(25, 1 / 25, shape3)).reshape(w, -1)
    carried = rng.binomial(np.roll(new, 1, 1), CARRY) * (coverage * looked > 0).reshape(w, -1)
    others = (new * (1 - CARRY) + carried).round().reshape(shape3)
    phi = 1 + per_day * (np.exp(sigma_v[:, 0] ** 2) - 1) + 1 / 25 * per_day / 24
    return Sky(looked, others, coverage, condition, failed, expected * (1 - CARRY), phi, source)


def wander(rng: np.random.Generator, w: int) -> tuple[Floats, Ints]:
    """Day levels and sources: a mean-reverting wander, up to two lasting jumps, and up to three
    spells on a fallback feed."""
    sigma = rng.uniform(0.02, 0.08, w)
    walk = np.zeros((w, DAYS))
    source = np.zeros((w, DAYS), int)
    for t in range(1, DAYS):
        walk[:, t] = 0.8 * walk[:, t - 1] + rng.normal(0, 1, w) * sigma * 0.6
    for i in range(w):
        for jump in range(rng.integers(0, 3)):
            start = rng.integers(60, DAYS)
            walk[i, start:] += rng.uniform(np.log(0.4), np.log(2.5))
            if rng.random() < 0.5:
                source[i, start:] = jump + 1
        fallback = rng.uniform(np.log(0.4), np.log(2.5))
        for _ in range(rng.integers(0, 4)):
            start = rng.integers(30, DAYS)
            spell = slice(start, start + int(rng.integers(1, 11)))
            walk[i, spell] += np.where(source[i, spell] < FALLBACK, fallback, 0.0)
            source[i, spell] = FALLBACK
    return np.exp(np.clip(walk, np.log(0.3), np.log(3.0))), source


def holes(rng: np.random.Generator, w: int) -> Floats:
    """Receiver outages: one in two weeks, hours to days, six in ten wholly dark."""
    flat = np.ones((w, DAYS * 24))
    for i in range(w):
        for start in np.flatnonzero(rng.random(DAYS * 24) < 1 / (14 * 24)):
            length = int(np.clip(np.exp(rng.normal(np.log(6), 0.9)), 1, 72))
            depth = 0.0 if rng.random() < 0.6 else rng.uniform(0.1, 0.7)
            flat[i, start : start + length] = depth
    return flat.reshape(w, DAYS, 24)


def failures(rng: np.random.Generator, w: int) -> Floats:
    """Failed polls: now and then an hour in part, seldom for long."""
    flat = np.where(rng.random((w, DAYS * 24)) < 0.03, rng.uniform(0, 1, (w, DAYS * 24)), 0.0)
    for i in range(w):
        for start in np.flatnonzero(rng.random(DAYS * 24) < 1 / (40 * 24)):
            flat[i, start : start + int(rng.integers(1, 30))] = 1.0
    return flat.reshape(w, DAYS, 24)


def estimate(sky: Sky) -> dict[str, Floats]:
    """Day by day, as the bot would; arrays (W, D), dark (W, D, 24)."""
    estimator = Exposures(len(sky.looked))
    met = np.zeros((len(sky.looked), SOURCES), bool)
    met[:, 0] = True
    rows = np.arange(len(met))
    days = []
    for t in range(DAYS):
        source = sky.source[:, t]
        newcomer = ~met[rows, source]
        met[rows, source] = True
        days.append(estimator.day(sky.looked[:, t], sky.others[:, t], t % 7, source, newcomer))
    return {k: np.stack([getattr(d, k) for d in days], 1)
            for k in ("exposure", "low", "high", "known", "expected", "dark")}  # fmt: skip


def outages(sky: Sky, dark: Floats, told_from: float = DARK_SAID) -> tuple[int, int, int, int]:
    """(found, to be found, false, declared): spells of darkness in which others were expected."""
    found = due = false = declared = 0
    w = len(dark)
    true = ((sky.condition == 0) & (sky.looked > 0)).reshape(w, -1)
    level = sky.coverage.max(2, keepdims=True)
    expected = (sky.arrivals * sky.looked * level).reshape(w, -1)
    said = (dark >= told_from).reshape(w, -1)
    late = np.arange(DAYS * 24) >= WARM_UP * 24
    for i in range(w):
        for start, end in spells(true[i] & late):
            if expected[i, start:end].sum() >= 5:
                due += 1
                found += said[i, start:end].mean() >= 0.5
        for start, end in spells(said[i] & late):
            declared += 1
            false += true[i, start:end].mean() < 0.5
    return found, due, false, declared


def spells(mask: np.ndarray) -> list[tuple[int, int]]:
    """(start, end) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def main(watches: int = 100, seed: int = 1) -> None:
    sky = simulate(watches, np.random.default_rng(seed))
    began = time.process_time()
    said = estimate(sky)
    cpu = time.process_time() - began
    truth = (sky.looked * sky.coverage).mean(2)
    n = sky.arrivals.sum(2)
    allowed = np.maximum(0.1, 1.65 * np.sqrt(sky.phi[:, None] / n))
    error = np.abs(said["exposure"] - truth)
    judged = np.arange(DAYS)[None, :] >= WARM_UP
    judged = judged & said["known"].astype(bool)
    inside = (said["low"] <= truth) & (truth <= said["high"])
    print(f"{watches} watch-years, seed {seed}: {cpu / watches:.2f} s CPU a watch-year")
    for name, rows in (("all days", judged), ("true exposure < 0.9", judged & (truth < 0.9)),
                       ("true exposure 0.9-1.1", judged & (np.abs(truth - 1) <= 0.1)),
                       ("true exposure > 1.1", judged & (truth > 1.1)),
                       ("n < 30", judged & (n < 30)), ("n >= 30", judged & (n >= 30)),
                       ("n >= 300", judged & (n >= 300))):  # fmt: skip
        inner = f"{(error <= allowed)[rows].mean():6.1%} within bound"
        cover = f"interval covers {inside[rows].mean():6.1%}"
        bias = (said["exposure"] - truth)[rows].mean()
        middle = np.median(error[rows])
        print(
            f"  {name:22} {rows.sum():6d} days: {inner}, {cover}, median {middle:.3f}, {bias=:+.3f}"
        )
    found, due, false, declared = outages(sky, said["dark"])
    print(f"  dark spells, >= 5 others expected: found {found}/{due} = {found / max(due, 1):.1%}")
    print(f"  declared dark and not so: {false}/{declared} = {false / max(declared, 1):.1%}")
    clean = (sky.condition.min(2) > 0) & judged
    told = ((said["dark"] >= DARK_SAID).any(2) & clean).sum() / clean.sum()
    print(f"  days without a dark hour on which one is told: {told:.2%}")
    blind = sky.looked.max(2) == 0
    zero = (said["exposure"][blind] == 0).mean()
    print(f"  days of failed polls only: {blind.sum()}, exposure 0 on {zero:.0%}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
