"""What a day's looking was worth, by the ground around one end of a watch."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class GroundDay:
    """One UTC day of one ground, estimated from looks and from traffic that nobody watches.

    NaN is unknown: `exposure` where nothing is ever heard, `expected` before there is a habit.
    """

    ground: str
    day: date
    looked: float  # share of the day for which somebody looked
    exposure: float  # 1 = normal looking; 0 = nobody looked
    low: float  # its 90 % interval
    high: float
    others: int  # distinct other aircraft an hour, summed over the hours
    expected: float  # the same, had every hour been looked at as normal
    dark: tuple[int, ...] = ()  # hours in which polls answered and nothing was to be seen
    feeds: str = ""  # that looked for most of the day, comma-joined


@dataclass(frozen=True, slots=True)
class Habit:
    """What is known of a ground's other traffic after `day`; `state` is the estimator's own."""

    ground: str
    day: date
    feeds: tuple[str, ...]  # sets of feeds whose level is remembered, in the estimator's order
    state: bytes
