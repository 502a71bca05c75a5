"""The words in which a detector speaks: shared with the rest of the program.

Nothing here computes. A `Verdict` carries every number a message needs, so that nobody
downstream calculates one again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """Which way the traffic is unusual."""

    SURGE = "surge"
    LULL = "lull"
    MAKEUP = "make-up"
    NOVELTY = "novelty"


class Outcome(StrEnum):
    """What was decided for the day. Not knowing and all quiet are different facts."""

    ABSTAINED = "abstained"
    QUIET = "quiet"
    ALARM = "alarm"


class Reason(StrEnum):
    """Why, in terms a message can use."""

    SURGE = "more legs than chance explains"
    LULL = "fewer legs than chance explains"
    MAKEUP = "unusual make-up of the traffic"
    FIRST_EVER = "first leg ever seen"
    FIRST_IN_DAYS = "first leg after a long quiet time"
    NEW_LEVEL = "a new level has become normal"
    LEARNING = "too little history"
    NOT_SEEN = "nobody looked"
    CALENDAR = "a day known to be special"
    SHIFT = "traffic moved from another origin"
    NETWORK = "many watches moved on the same day"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judged day of one watch, by one half of the detector.

    `observed`, `expected`: sums over the last `window_days`; `limit`: count of the day
    that would have alarmed (None where it has no meaning). `return_period_years`: such a
    day happens by chance once in so many years on such a watch; None when abstained.
    `reasons`: the strongest first. `features`: names of what made the make-up odd.
    """

    direction: Direction
    outcome: Outcome
    reasons: tuple[Reason, ...]
    return_period_years: float | None = None
    observed: float | None = None
    expected: float | None = None
    window_days: int | None = None
    limit: float | None = None
    features: tuple[str, ...] = ()
    days_since_last: int | None = None
    proven_days: int | None = None
