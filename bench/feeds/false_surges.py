"""Do outages, source switches and coverage jumps look like surges? Paired quiet years.

Run: python -m bench.feeds.false_surges [WATCHES] [SEED]

Each watch-year is lived twice with the same luck: once under an even sky, once under holes, failed
polls, wander, spells on a fallback feed and jumps of x0.4 to x2.5 (bench/feeds/coverage.py).
Watched flights have no surge; each is seen with the coverage of its hour. Exposure is estimated
from the other traffic of that world alone, and the detectors judge day by day.
"""

import sys
from datetime import date, timedelta

import numpy as np

from bench.feeds.coverage import DAYS, Sky, estimate, simulate
from bot.coverage.exposure import Floats
from detectors import walk_forward

JUDGED_FROM = 60
CHUNK = 100  # watch-years in memory at a time
MOST_SEEN = 3.5  # times the usual coverage: candidates are drawn for that, and thinned from it
LEAST_EXPOSURE = 0.02  # a day seen less is missing (bot/series.py)
DATES = [date(2024, 1, 1) + timedelta(days=t) for t in range(DAYS)]


def counts(sky: Sky, candidates: Floats, luck: Floats) -> Floats:
    """Watched flights of each day: the same candidates in both worlds, thinned by coverage."""
    share = (sky.looked * sky.coverage).mean(2) / MOST_SEEN
    flown = np.arange(luck.shape[2]) < candidates[:, :, None]
    return np.asarray((flown & (luck < share[:, :, None])).sum(2), float)


def alarms(seen: Floats, exposure: Floats | None) -> Floats:
    """Surge alarms a year, by watch: spells of alarm days, after the first weeks."""
    if exposure is not None:
        seen = np.where(exposure < LEAST_EXPOSURE, np.nan, seen)
    walk = walk_forward(seen, DATES, exposure)
    alarm = np.asarray(walk.alarm)[:, JUDGED_FROM:].astype(int)
    return np.maximum(np.diff(alarm, axis=1, prepend=0), 0).sum(1) * 365 / (DAYS - JUDGED_FROM)


def lived(watches: int, seed: int) -> dict[bool, tuple[Floats, dict[str, Floats]]]:
    """Counts and estimates under an even and a rough sky: watches with the same luck."""
    rng = np.random.default_rng(seed + 10_000)
    per_day = np.exp(rng.uniform(np.log(0.05), np.log(8), (watches, 1)))
    candidates = rng.poisson(per_day * MOST_SEEN, (watches, DAYS)).astype(float)
    luck = rng.random((watches, DAYS, int(candidates.max()) + 1), dtype=np.float32)
    worlds = {}
    for rough in (False, True):
        sky = simulate(watches, np.random.default_rng(seed), rough)
        worlds[rough] = counts(sky, candidates, luck), estimate(sky)
    return worlds


def main(watches: int = 200, seed: int = 1) -> None:
    even, rough, blind = (np.zeros(0) for _ in range(3))
    for chunk in range(0, watches, CHUNK):
        worlds = lived(min(CHUNK, watches - chunk), seed * 1000 + chunk // CHUNK)
        (calm, said), (seen, told) = worlds[False], worlds[True]
        even = np.concatenate([even, alarms(calm, said["exposure"])])
        rough = np.concatenate([rough, alarms(seen, told["exposure"])])
        blind = np.concatenate([blind, alarms(seen, None)])
        ratio = rough.mean() / even.mean()
        print(f"  after {len(even)}: even {even.mean():.2f}, rough {rough.mean():.2f}, {ratio:.2f}",
              flush=True)  # fmt: skip
    report(even, rough, blind, seed)


def report(even: Floats, rough: Floats, blind: Floats, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ratios = []
    for _ in range(1000):
        pick = rng.integers(0, len(even), len(even))
        ratios.append(rough[pick].mean() / max(even[pick].mean(), 1e-9))
    low, high = np.quantile(ratios, [0.05, 0.95])
    print(f"{len(even)} paired watch-years, seed {seed}: false surges a watch-year")
    ratio = rough.mean() / even.mean()
    print(f"  even sky {even.mean():.3f}, rough sky {rough.mean():.3f}: ratio {ratio:.2f}")
    print(f"  90 % interval of the ratio: {low:.2f} to {high:.2f}")
    print(f"  rough sky without exposure: {blind.mean():.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
