"""What looking was worth, by the ground around one end of a watch: days, hours, outages."""

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import numpy.typing as npt


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
class Estimate:
    """How well a watch, or one of its ends, was looked at on one day, with the 90 % interval."""

    exposure: float  # NaN: unknown
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Habit:
    """What is known of a ground's other traffic after `day`; `state` is the estimator's own."""

    ground: str
    day: date
    feeds: tuple[str, ...]  # sets of feeds whose level is remembered, in the estimator's order
    state: bytes


@dataclass(frozen=True, slots=True)
class Outage:
    """Whole hours, [start, end), in which an end of a watch was not seen, and why."""

    start: datetime
    end: datetime
    why: str  # one of the words below; of a failed look with the feed and its reason

    def words(self) -> str:
        """'no look from 26 Dec 03:00 to 06:00 UTC'."""
        until = f"{self.end:%H:%M}"
        if self.end.date() != self.start.date():
            until = f"{self.end:%d %b %H:%M}"
        return f"{self.why} from {self.start:%d %b %H:%M} to {until} UTC"


NO_LOOK = "no look"
DARK = "polls answered, and nothing was to be seen"
FAILED = "every look failed"


@dataclass(frozen=True, slots=True)
class Change:
    """Another set of feeds looked from this day on."""

    day: date
    before: str
    after: str

    def words(self) -> str:
        """'source changed from a to b on 24 Dec'."""
        return f"source changed from {self.before} to {self.after} on {self.day:%d %b}"


@dataclass(frozen=True, slots=True, eq=False)
class Lookout:
    """One end of a watch over D consecutive days."""

    label: str  # of the end
    days: tuple[GroundDay, ...]  # (D,); a day nobody looked on has `looked` 0
    ok: npt.NDArray[np.int64]  # (D,) looks that were answered
    failed: npt.NDArray[np.int64]
    seen: npt.NDArray[np.float64]  # (D, 24) exposure by the hour; NaN: not seen, or unknown
    outages: tuple[Outage, ...]
    changes: tuple[Change, ...]
