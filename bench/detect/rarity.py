"""How far return periods can be believed: `python bench/detect/rarity.py [--n 300]`

Quiet series of four years, three of them judged: how often they alarm where once in 1, 10, 30 and
100 years is stated, as a multiple of that. Surges as the bot tells them (two legs at least), then
lulls. What `bot/model/rarity.py` is willing to say rests on this; no seed of it serves elsewhere.
"""

from __future__ import annotations

import argparse

import numpy as np

from detectors import Walk, evaluate, lull_forward, simulate, walk_forward

RATES = (0.003, 0.006, 0.01, 0.02, 0.033, 0.1, 0.3, 1.0, 4.0, 12.0)
SPREADS = (1.0, 2.5)
STATED_YEARS = (1.0, 10.0, 30.0, 100.0)
DAYS, LEARNT = 365 * 4, 365


def actual(walk: Walk, years: float, fewest: int) -> float:
    """Alarms a year over what is stated as once in `years`."""
    raised = (walk.return_period_years >= years) & (walk.observed_window >= fewest)
    raised[:, :LEARNT] = False
    alarms = evaluate.false_alarms(raised, np.ones_like(raised)).sum()
    return float(alarms / (len(raised) * (DAYS - LEARNT) / 365.25) * years)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    ask.add_argument("--n", type=int, default=300)
    args = ask.parse_args()
    dates = simulate.FIRST_DAY + np.arange(DAYS)
    print("actual over stated, once in 1, 10, 30, 100 years")
    for name, judge, fewest, rarest in (
        ("surge", walk_forward, 2, 0.0),
        ("lull", lull_forward, 0, 0.1),
    ):
        for rate in (rate for rate in RATES if rate >= rarest):
            for spread in SPREADS:
                rng = np.random.default_rng([64000, round(rate * 1000), round(spread * 10)])
                mean = np.full((args.n, DAYS), rate)
                walk = judge(simulate.draw(rng, mean, np.full((args.n, 1), spread)), dates)
                found = "  ".join(f"{actual(walk, years, fewest):5.2f}" for years in STATED_YEARS)
                print(f"  {name:6} {rate:6.3f} a day x{spread:.1f}: {found}", flush=True)


if __name__ == "__main__":
    main()
