"""What new watches gain, and lose, by what the older ones teach them.

    python bench/detect/pool.py [--n 300] [--seed 62000] [--watches 12]

Fleets of watches with 200 days behind them, and newcomers of 60 days: once without a pooled
prior, once with it from their 15th day on where their first fortnight is like the fleet's. Paired:
the same counts twice. Printed: surges that are raised (of one a newcomer, in days 15 to 60), false
alarms and false lulls a newcomer in its first 60 days (a year's budget of one is 0.16), and how
many were given the prior. As in the bot, a surge is at least two legs. Tuned on seeds 100 to 607
and, once, on 61000.
"""

from __future__ import annotations

import argparse
from dataclasses import fields

import numpy as np

from detectors import Prior, Walk, evaluate, is_like, pool_prior, simulate, walk_forward
from detectors.inputs import Bools, Floats
from detectors.lull import lull_forward
from detectors.prior import DEFAULT_PRIOR
from detectors.simulate import Trial

RATES = {"rare": (0.02, 0.2), "weekly": (0.1, 0.6), "daily": (0.6, 2.5), "busy": (2.0, 10.0),
         "mixed": (0.03, 10.0)}  # fmt: skip
SPREADS = {"plain": (1.0, 1.5), "timetabled": (0.2, 0.5), "clumped": (2.0, 3.0)}
CASES = (("rare", "rare"), ("weekly", "weekly"), ("busy", "busy"), ("mixed", "mixed"),
         ("rare", "busy"), ("busy", "rare"), ("weekly", "daily"), ("daily", "busy"))  # fmt: skip
TAUGHT, DAYS, FORTNIGHT = 200, 60, 14
DATES = simulate.FIRST_DAY + np.arange(DAYS)


def routes(rng: np.random.Generator, kind: str, spread: str, n: int, days: int
           ) -> tuple[Floats, Floats]:  # fmt: skip
    """Means (n, days) and dispersions (n,) of routes of a kind."""
    low, high = RATES[kind]
    rate = np.exp(rng.uniform(np.log(low), np.log(high), n))
    mean = simulate.seasonal(rng, rate, (simulate.FIRST_DAY + np.arange(days)).astype(np.int64))
    return mean, rng.choice(SPREADS[spread], n)


def newcomers(rng: np.random.Generator, kind: str, spread: str, n: int) -> tuple[Floats, Trial]:
    """Quiet counts (n, DAYS), and the same routes with a surge each."""
    mean, spreads = routes(rng, kind, spread, n, DAYS)
    quiet = simulate.draw(rng, mean, spreads[:, None])
    kinds = rng.choice(simulate.KINDS[:4], n)
    length = np.array([simulate.LENGTHS[kind] for kind in kinds])
    start = np.array([rng.integers(15, DAYS + 1 - size) for size in length])
    placed = simulate.Surges(np.arange(n), start, start + length - 1, kinds)
    counts = simulate.draw(rng, simulate.inject(rng, mean, spreads, placed), spreads[:, None])
    return quiet, Trial(counts, DATES, mean, spreads, kinds, placed, 15)


def pooled(fleets: Floats, counts: Floats) -> list[Prior]:
    """The prior of each newcomer: its fleet's if its first fortnight is like it."""
    found = []
    for fleet, begun in zip(fleets, counts[:, :FORTNIGHT].sum(axis=1), strict=True):
        prior = pool_prior(fleet)
        found.append(prior if is_like(prior, begun, FORTNIGHT) else DEFAULT_PRIOR)
    return found


def judged(counts: Floats, priors: list[Prior], *, lull: bool = False) -> Bools:
    """Days raised, (n, DAYS); the priors speak after the fortnight."""
    walk = lull_forward if lull else walk_forward
    first, then = walk(counts, DATES), walk(counts, DATES, prior=priors)
    both = {
        f.name: np.concatenate(
            [getattr(first, f.name)[:, :FORTNIGHT], getattr(then, f.name)[:, FORTNIGHT:]], axis=1
        )
        for f in fields(Walk)
    }
    return np.asarray(both["alarm"] & (lull | (both["observed_window"] >= 2)))


def told(quiet: Floats, trial: Trial, fleets: Floats | None) -> str:
    """POD, false alarms and lulls a newcomer, and the share that was given a prior."""

    def given(counts: Floats) -> list[Prior]:
        return [DEFAULT_PRIOR] * len(counts) if fleets is None else pooled(fleets, counts)

    hit = np.isfinite(
        evaluate.delays(trial, judged(trial.counts, given(trial.counts)).astype(np.float64), 0.5)
    )
    false = []
    for lull in (False, True):
        raised = judged(quiet, given(quiet), lull=lull)
        false.append(evaluate.false_alarms(raised, np.ones_like(raised)).mean())
    used = np.mean([prior is not DEFAULT_PRIOR for prior in given(quiet)])
    return f"{hit.mean():.3f} {false[0]:.3f} {false[1]:.3f} ({used:.2f})"


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    ask.add_argument("--n", type=int, default=300)
    ask.add_argument("--seed", type=int, default=62000)
    ask.add_argument("--watches", type=int, default=12)
    args = ask.parse_args()
    print("fleet -> newcomer             without: POD, false, lulls     with (given)")
    for spread in SPREADS:
        for k, (kind, new) in enumerate(CASES):
            rng = np.random.default_rng(args.seed + k)
            mean, spreads = routes(rng, kind, spread, args.n * args.watches, TAUGHT)
            fleets = simulate.draw(rng, mean, spreads[:, None])
            fleets = fleets.reshape(args.n, args.watches, TAUGHT)
            quiet, trial = newcomers(rng, new, spread, args.n)
            name = f"{spread}: {kind} -> {new}"
            print(f"{name:30}{told(quiet, trial, None)}   {told(quiet, trial, fleets)}", flush=True)


if __name__ == "__main__":
    main()
