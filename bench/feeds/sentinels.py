"""What sentinels add: holes in an archive, by regulars, by plain counts, and by neither.

Run: python -m bench.feeds.sentinels [ARCHIVES] [SEED]

An archive of 200 days round an end: scheduled flights (most weekdays or some, each cancelled now
and then, a new timetable in the middle) and as many irregular ones; holes of hours to days that
hide all or most. Truth is the share of the day's legs that a hole leaves. Plain counts compare a
day's legs with those of the same weekdays two weeks before and after.
"""

import sys
from datetime import date, timedelta

import numpy as np

from bot.coverage.exposure import Floats
from bot.coverage.sentinels import exposures

DAYS = 200
FIRST = date(2024, 1, 1)


def archive(rng: np.random.Generator) -> tuple[list[list[str]], Floats]:
    """(names by day, share that was seen) of one archive."""
    flights = int(np.exp(rng.uniform(np.log(8), np.log(150))))
    runs = [rng.random(7) < (0.9 if rng.random() < 0.7 else 0.3) for _ in range(flights)]
    hour = rng.uniform(0, 24, flights)
    starts = np.where(rng.random(flights) < 0.3, DAYS // 2, 0)  # the new timetable's
    ends = np.where((starts == 0) & (rng.random(flights) < 0.3), DAYS // 2, DAYS)
    kept = holes(rng)
    seen = []
    for t in range(DAYS):
        bad_day = rng.random() < 0.03  # storms cancel a quarter
        names = [
            f"F{k}" for k in range(flights)
            if starts[k] <= t < ends[k] and runs[k][t % 7] and rng.random() > 0.04 + 0.25 * bad_day
            and rng.random() < kept[t, int(hour[k])]
        ]  # fmt: skip
        odd = rng.poisson(flights * 0.6 * rng.gamma(8, 1 / 8))
        names += [f"X{t}-{k}" for k in range(odd) if rng.random() < kept[t, rng.integers(24)]]
        seen.append(names)
    return seen, kept.mean(1)


def holes(rng: np.random.Generator) -> Floats:
    flat = np.ones(DAYS * 24)
    for start in np.flatnonzero(rng.random(DAYS * 24) < 1 / (20 * 24)):
        length = int(np.clip(np.exp(rng.normal(np.log(12), 1.0)), 2, 120))
        flat[start : start + length] = 0.0 if rng.random() < 0.7 else rng.uniform(0.1, 0.6)
    return flat.reshape(DAYS, 24)


def by_counts(seen: list[list[str]]) -> Floats:
    """The plain way: legs against the same weekdays round about."""
    n = np.array([len(names) for names in seen], float)
    said = np.ones(DAYS)
    for t in range(DAYS):
        like = [u for u in range(t - 14, t + 15, 7) if u != t and 0 <= u < DAYS]
        said[t] = min(1.0, n[t] / max(float(np.mean(n[like])), 1e-9))
    return said


def main(archives: int = 100, seed: int = 1) -> None:
    rng = np.random.default_rng(seed)
    errors: dict[str, list[Floats]] = {"regulars": [], "plain counts": [], "1 always": []}
    covered, truths, spoke = [], [], []
    for _ in range(archives):
        seen, truth = archive(rng)
        days = [FIRST + timedelta(days=t) for t in range(DAYS)]
        told = exposures(dict(zip(days, seen, strict=True)))
        said = np.array([told[d].exposure if d in told else np.nan for d in days])
        low = np.array([told[d].low if d in told else 0 for d in days])
        high = np.array([told[d].high if d in told else np.inf for d in days])
        spoke.append(np.isfinite(said))
        truths.append(truth)
        covered.append((low <= truth) & (truth <= high))
        errors["regulars"].append(np.abs(said - truth))
        errors["plain counts"].append(np.abs(by_counts(seen) - truth))
        errors["1 always"].append(np.abs(1 - truth))
    ok, truth = np.array(spoke), np.array(truths)
    print(f"{archives} archives of {DAYS} days, seed {seed}: regulars speak on {ok.mean():.0%}")
    for name, found in errors.items():
        error = np.array(found)
        said = [f"{np.mean(error[ok & rows] <= 0.15):.1%} of {title}" for title, rows in
                (("all days", truth >= 0), ("days with a hole", truth < 0.9))]  # fmt: skip
        mean = np.mean(error[ok & (truth < 0.9)])
        print(f"  {name:13} within 0.15 on {', '.join(said)}; mean error there {mean:.3f}")
    inside = np.array(covered)
    there = inside[ok & (truth < 0.9)].mean()
    print(f"  interval covers {inside[ok].mean():.1%}, with a hole {there:.1%}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
