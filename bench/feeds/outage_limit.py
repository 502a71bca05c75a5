"""How well could outages be told at best? By one who knows what the estimator has to guess.

Run: python -m bench.feeds.outage_limit [WATCHES] [SEED]

On the sky of bench/feeds/coverage.py: a hidden Markov chain (whole, dark, partial) over the whole
year, given the true expectation of every hour, its level included, and the hours after it. Prints
the share of true dark spells found against the share of declared ones that are false.
"""

import sys

import numpy as np
from scipy.stats import nbinom

from bench.feeds.coverage import CARRY, DAYS, WARM_UP, Floats, Sky, outages, simulate

SIZE = 25.0  # of the negative binomial that the sky draws from
REPEATS = 0.6  # as in bot/coverage/hidden.py: neighbouring hours repeat each other
BEGINS, ENDS, DARK = 1 / (14 * 24), 1 / 9, 0.6
TURN = np.array([[1 - BEGINS, BEGINS * DARK, BEGINS * (1 - DARK)],
                 [ENDS, 1 - ENDS, 0.0], [ENDS, 0.0, 1 - ENDS]])  # fmt: skip


def darkness(sky: Sky) -> Floats:
    """Chance that an hour is dark, (W, D, 24)."""
    w = len(sky.looked)
    level = sky.coverage.max(2, keepdims=True)
    mean = np.maximum((sky.arrivals / (1 - CARRY) * level * sky.looked).reshape(w, -1), 1e-9)
    seen, looked = sky.others.reshape(w, -1), sky.looked.reshape(w, -1) > 0
    lit, dim = (REPEATS * nbinom.logpmf(seen, SIZE, SIZE / (SIZE + k * mean)) for k in (1, 0.4))
    log = np.stack([lit, np.where(seen == 0, 0.0, -40.0), dim], 2) * looked[:, :, None]
    likely = np.exp(log - log.max(2, keepdims=True))
    chance = np.empty_like(likely)
    state = np.tile([1.0, 0.0, 0.0], (w, 1))
    for h in range(likely.shape[1]):
        state = state @ TURN * likely[:, h]
        state /= state.sum(1, keepdims=True)
        chance[:, h] = state
    back = np.ones((w, 3))
    for h in range(likely.shape[1] - 2, -1, -1):
        back = (back * likely[:, h + 1]) @ TURN.T
        back /= back.sum(1, keepdims=True)
        chance[:, h] *= back
    chance /= chance.sum(2, keepdims=True)
    return np.asarray(np.where(looked, chance[:, :, 1], 0.0).reshape(w, DAYS, 24))


def main(watches: int = 60, seed: int = 12) -> None:
    sky = simulate(watches, np.random.default_rng(seed))
    dark = darkness(sky)
    clean = (sky.condition.min(2) > 0) & (np.arange(DAYS) >= WARM_UP)
    print(f"{watches} watch-years, seed {seed}: one who knows the true expectation")
    for said in (0.02, 0.05, 0.1, 0.3, 0.5):
        found, due, false, declared = outages(sky, dark, said)
        told = ((dark >= said).any(2) & clean).sum() / clean.sum()
        print(f"  told from {said:4.0%}: found {found / due:.1%}, false {false / declared:.1%} of "
              f"declared, told on {told:.2%} of clean days")  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
