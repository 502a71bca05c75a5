"""One watch, one day, one budget: what every half of the detector says, in words.

The watch's false alarm budget is split over the statistical halves that are on, so that
together they keep it; first legs, which are facts, have one of their own. No half may veto
another: the forest least of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors import composition
from detectors.lull import lull_forward
from detectors.novelty import first_legs
from detectors.prior import Prior
from detectors.verdict import Direction, Outcome, Reason, Verdict
from detectors.walk import Walk, walk_forward

# Shares of the watch's budget (detection.md, section 5 gives make-up a fifth). What a half
# that is off would have had goes to the counts.
SHARES = {Direction.MAKEUP: 0.2, Direction.LULL: 0.2}


@dataclass(frozen=True)
class MakeupInput:
    """What `composition.walk_forward` needs: features (T, K), legs (T,), K names."""

    features: npt.ArrayLike
    legs: npt.ArrayLike
    names: tuple[str, ...]


@dataclass(frozen=True)
class Halves:
    """Which halves are on. `first_after`: quiet days that make a leg a "first"."""

    lull: bool = False
    first_after: float | None = None
    makeup: MakeupInput | None = None


def split_budget(budget: float, halves: Halves) -> dict[Direction, float]:
    """False alarms a year for each half; but for novelty they sum to `budget`.

    A first leg is a fact its owner asked for, not a guess: novelty has a budget of its own,
    as large as the watch's.

    >>> split_budget(1.0, Halves(lull=True))[Direction.SURGE]
    0.8
    """
    if not (np.isfinite(budget) and budget > 0):
        raise ValueError(f"budget must be a positive number of false alarms a year: {budget!r}")
    on = {
        Direction.MAKEUP: halves.makeup is not None,
        Direction.LULL: halves.lull,
    }
    parts = {d: SHARES[d] * budget for d, wanted in on.items() if wanted}
    parts = {Direction.SURGE: budget - sum(parts.values()), **parts}
    if halves.first_after is not None:
        parts[Direction.NOVELTY] = budget
    return parts


def judge(
    counts: npt.ArrayLike,
    dates: Any,
    exposure: npt.ArrayLike | None = None,
    budget: float = 1.0,
    *,
    calendar: npt.ArrayLike | None = None,
    prior: Prior | None = None,
    halves: Halves | None = None,
) -> tuple[Verdict, ...]:
    """Verdicts on the LAST entry of one series (T,), one a half that is on, surge first.

    Arguments and errors as `walk_forward`; `budget` is the whole watch's.
    """
    halves = halves or Halves()
    shares = split_budget(budget, halves)
    special = calendar is not None and bool(np.asarray(calendar, float)[-1].any())
    walk = walk_forward(
        counts, dates, exposure, shares[Direction.SURGE], calendar=calendar, prior=prior
    )
    if walk.score.ndim != 1 or walk.score.size == 0:
        raise ValueError("judge takes one series of at least one entry")
    out = [count_verdict(walk, Direction.SURGE, special=special)]
    if halves.lull:
        fall = lull_forward(
            counts, dates, exposure, shares[Direction.LULL], calendar=calendar, prior=prior
        )
        out.append(count_verdict(fall, Direction.LULL, special=special))
    if halves.first_after is not None:
        out.append(_novelty(counts, dates, exposure, halves.first_after, shares))
    if halves.makeup is not None:
        out.append(_makeup(halves.makeup, shares[Direction.MAKEUP]))
    return tuple(out)


def count_verdict(
    walk: Walk, direction: Direction, t: int = -1, *, special: bool = False
) -> Verdict:
    """Entry t of a walk as a verdict; `special`: the calendar knows the day."""
    state = str(walk.state[t])
    if not np.isfinite(walk.score[t]):
        reason = Reason.NOT_SEEN if state == "unknown" else Reason.LEARNING
        return Verdict(direction, Outcome.ABSTAINED, (reason,), expected=float(walk.expected[t]))
    alarm = bool(walk.alarm[t])
    main = Reason.SURGE if direction is Direction.SURGE else Reason.LULL
    reasons = [main] if alarm else []
    reasons += [Reason.CALENDAR] if special else []
    reasons += [Reason.NEW_LEVEL] if state == "new_level" else []
    reasons += [Reason.LEARNING] if state == "learning" else []
    limit = float(walk.limit[t])
    return Verdict(
        direction,
        Outcome.ALARM if alarm else Outcome.QUIET,
        tuple(reasons),
        return_period_years=float(walk.return_period_years[t]),
        observed=float(walk.observed_window[t]),
        expected=float(walk.expected_window[t]),
        window_days=int(walk.window_days[t]),
        limit=limit if np.isfinite(limit) else None,
    )


def _novelty(
    counts: Any, dates: Any, exposure: Any, after: float, shares: dict[Direction, float]
) -> Verdict:
    budget = shares[Direction.NOVELTY]
    found = first_legs(counts, dates, exposure, after_days=after, budget=budget)
    if not bool(found.first[-1]):
        return Verdict(Direction.NOVELTY, Outcome.QUIET, ())
    return Verdict(
        Direction.NOVELTY,
        Outcome.ALARM,
        (Reason.FIRST_EVER if found.ever[-1] else Reason.FIRST_IN_DAYS,),
        return_period_years=float(1 / max(found.false_alarms_per_year[-1], 1e-300)),
        days_since_last=int(found.quiet_days[-1]),
        proven_days=int(found.proven_days[-1]),
    )


def _makeup(given: MakeupInput, budget: float) -> Verdict:
    found = composition.walk_forward(given.features, given.legs, given.names, budget)
    if not np.isfinite(found.score[-1]):
        return Verdict(Direction.MAKEUP, Outcome.ABSTAINED, (Reason.LEARNING,))
    alarm = bool(found.alarm[-1])
    return Verdict(
        Direction.MAKEUP,
        Outcome.ALARM if alarm else Outcome.QUIET,
        (Reason.MAKEUP,) if alarm else (),
        return_period_years=float(10 ** min(found.score[-1], 300.0)),
        window_days=int(found.window_days[-1]),
        features=found.reasons(-1),
    )
