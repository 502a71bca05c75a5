"""Do outages, source switches and coverage jumps look like surges? Paired quiet years.

Run: python -m bench.feeds.false_surges [WATCHES] [SEED]

Each watch-year is lived twice with the same luck: once under an even sky, once under holes, failed
polls, wander and lasting jumps of x0.4 to x2.5 (as bench/feeds/coverage.py). Watched flights have
no surge; each is seen with the coverage of its hour. Exposure is estimated from the other traffic
of that world alone, and the detectors judge day by day.
"""

import sys
from datetime import date, timedelta

import numpy as np

from bench.feeds.coverage import DAYS, Sky, estimate, simulate
from bot.exposure import Floats
from detectors import walk_forward

JUDGED_FROM = 60
DATES = [date(2024, 1, 1) + timedelta(days=t) for t in range(DAYS)]


def counts(sky: Sky, rate: Floats, luck: Floats) -> Floats:
    """Watched flights of each day: the same candidates in both worlds, thinned by coverage."""
    share = (sky.looked * sky.coverage).mean(2)
    return np.array([[np.sum(luck[i, t, : int(rate[i, t])] < share[i, t] / 3.5)
                      for t in range(DAYS)] for i in range(len(share))], float)  # fmt: skip


def alarms(seen: Floats, exposure: Floats | None) -> Floats:
    """Surge alarms a year, by watch: spells of alarm days, after the first weeks."""
    walk = walk_forward(seen, DATES, exposure)
    alarm = np.asarray(walk.alarm)[:, JUDGED_FROM:].astype(int)
    return np.maximum(np.diff(alarm, axis=1, prepend=0), 0).sum(1) * 365 / (DAYS - JUDGED_FROM)


def main(watches: int = 200, seed: int = 1) -> None:
    worlds = {on: simulate(watches, np.random.default_rng(seed), on) for on in (False, True)}
    rng = np.random.default_rng(seed + 10_000)
    per_day = np.exp(rng.uniform(np.log(0.05), np.log(8), (watches, 1)))
    # up to 3.5 times the usual coverage: candidates are drawn for that, and thinned from it
    candidates = rng.poisson(per_day * 3.5, (watches, DAYS)).astype(float)
    luck = rng.random((watches, DAYS, int(candidates.max()) + 1))
    found = {}
    for on, sky in worlds.items():
        said = estimate(sky)
        seen = counts(sky, candidates, luck)
        found[on] = alarms(seen, said["exposure"])
        if on:
            blind = alarms(seen, None)
    even, rough = found[False], found[True]
    ratios = []
    for _ in range(1000):
        pick = rng.integers(0, watches, watches)
        ratios.append(rough[pick].mean() / max(even[pick].mean(), 1e-9))
    low, high = np.quantile(ratios, [0.05, 0.95])
    print(f"{watches} paired watch-years, seed {seed}: false surges a watch-year")
    ratio = rough.mean() / even.mean()
    print(f"  even sky {even.mean():.2f}, rough sky {rough.mean():.2f}: ratio {ratio:.2f}")
    print(f"  90 % interval of the ratio: {low:.2f} to {high:.2f}")
    print(f"  rough sky without exposure: {blind.mean():.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
