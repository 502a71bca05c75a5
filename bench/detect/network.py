"""Days on which everything moves, and traffic that moves: `python bench/detect/network.py`

Groups of independent watches, without and with a common fall (40 to 80 % of the legs of one
or two days), and groups of one destination where half to all of one origin's legs move to
another for a month, or where an origin simply gains as many. Judged on seeds from 6001;
the threshold was chosen on seed 5. Ends with the thirteen thin routes of New York 2013.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from detectors import evaluate, lull_forward, network, simulate, walk_forward
from detectors.inputs import Floats

SEED, SIZE = 6001, 730
DATES = simulate.FIRST_DAY + np.arange(SIZE)
# watches, least and most legs a day, dispersion
GROUPS = (
    (13, 0.02, 2.0, 0.3), (13, 0.05, 5.0, 1.2), (40, 0.05, 10.0, 1.2), (40, 0.5, 8.0, 0.25),
    (6, 1.0, 10.0, 1.0),
)  # fmt: skip
NEW_YORK = Path(__file__).resolve().parents[2] / "tests/detectors/data"


def group(rng: np.random.Generator, n: int, low: float, high: float) -> Floats:
    rate = 10 ** rng.uniform(np.log10(low), np.log10(high), n)
    return simulate.seasonal(rng, rate, DATES.astype(np.int64))


def days(times: int = 10) -> None:
    print("network days: false ones a year; found, of common falls by 40 to 80 %")
    for k, (n, low, high, spread) in enumerate(GROUPS):
        rng = np.random.default_rng(SEED + k)
        quiet, found = [], []
        for _ in range(times):
            mean = group(rng, n, low, high)
            spreads = np.full((n, 1), spread)
            y = simulate.draw(rng, mean, spreads)
            quiet.append(network.network_days(y, walk_forward(y, DATES)).direction != 0)
            starts = range(400, SIZE - 10, 40)
            for t in starts:
                mean[:, t : t + int(rng.integers(1, 3))] *= rng.uniform(0.2, 0.6)
            y = simulate.draw(rng, mean, spreads)
            side = network.network_days(y, walk_forward(y, DATES)).direction
            found += [bool((side[t : t + 2] == -1).any()) for t in starts]
        alarm = np.array(quiet)
        false = evaluate.false_alarms(alarm, np.ones(alarm.shape, bool)).sum()
        years = alarm.size / 365.25
        half = 1.96 * np.sqrt(np.mean(found) * (1 - np.mean(found)) / len(found))
        print(
            f"  {n:>2} watches, {low:g} to {high:g} a day, dispersion {spread:g}: "
            f"{false / years:.2f} +- {1.96 * np.sqrt(max(false, 1)) / years:.2f} in {years:.0f} y; "
            f"{np.mean(found):.2f} +- {half:.2f} of {len(found)}",
            flush=True,
        )


def moves(times: int = 60) -> None:
    print("shifts, 5 origins of one destination, a month: told as a shift")
    rng = np.random.default_rng(SEED + 50)
    told: dict[str, list[bool]] = {"moved": [], "only gained": []}
    lulls: dict[str, list[bool]] = {"moved": [], "only gained": []}  # with lulls to prove falls
    for kind, hits in told.items():
        for _ in range(times):
            mean = group(rng, 5, 1.0, 8.0)
            lost, gained = rng.permutation(5)[:2]
            t = int(rng.integers(400, SIZE - 40))
            legs = rng.uniform(0.5, 1.0) * mean[lost, t : t + 28]
            mean[gained, t : t + 28] += legs
            if kind == "moved":
                mean[lost, t : t + 28] -= legs
            y = simulate.draw(rng, mean, np.full((5, 1), 1.2))
            walk = walk_forward(y, DATES)
            span = range(t, t + 28)
            seen = [d for d in span if walk.alarm[gained, d]]
            if not seen:
                continue  # no surge, nothing to explain
            proven = lull_forward(y, DATES).alarm
            for found, fallen in ((hits, np.zeros_like(proven)), (lulls[kind], proven)):
                shifts = [network.shifts(y, walk, d, fallen=fallen[:, d]) for d in seen[:14]]
                pairs = {(s.gained, s.lost) for each in shifts for s in each}
                found.append(bool(pairs) if kind != "moved" else (gained, lost) in pairs)
    for kind, hits in told.items():
        with_lulls = np.mean(lulls[kind])
        print(f"  {kind}: {np.mean(hits):.2f} ({with_lulls:.2f}) of {len(hits)} surges")


def new_york() -> None:
    with (NEW_YORK / "nyc_2013_route_daily_counts.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    dates = np.array([r["date"] for r in rows], "datetime64[D]")
    y = np.array([[float(r[k]) for r in rows] for k in rows[0] if k != "date"])
    found = network.network_days(y, walk_forward(y, dates))
    print("New York 2013, thirteen thin routes:")
    for t in np.flatnonzero(found.direction):
        print(f"  {dates[t]} {found.direction[t]:+d}, -log10 p {found.score[t]:.1f}")


if __name__ == "__main__":
    days()
    moves()
    new_york()
