"""What is said: findings, evidence, alerts with a life, messages, deliveries."""

import math
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from bot.model.air import Leg, Track
from bot.model.watch import Address, Watch


class Kind(StrEnum):
    """What an alert is about."""

    SURGE = "surge"  # too many legs
    LULL = "lull"  # too few, on days when somebody looked
    FIRST = "first"  # the first leg in N days, with proof of looking
    MAKEUP = "makeup"  # the usual number, but other aircraft, operators or hours
    SIGHTINGS = "sightings"  # every leg of a watch, grouped hourly; no life
    SERVICE = "service"  # the bot's own troubles; no life
    WELCOME = "welcome"  # on start: what is watched, what cannot fire yet; no life


EVENTS = frozenset({Kind.FIRST, Kind.MAKEUP})
"""Kinds that are told once and have no end."""

EVERYWHERE = "a common cause"
"""Ends the note of a finding that went the way most watches went on its day."""


class State(StrEnum):
    """An alert's life."""

    PENDING = "pending"  # raised on the running day, below twice the budget's return period
    FIRING = "firing"
    RESOLVED = "resolved"


class Reason(StrEnum):
    """Why an audience is told, the same word in log, store and tests."""

    FIRST = "first"  # it fires
    WORSE = "worse"  # far rarer, or larger, than when last told
    RESOLVED = "resolved"
    NOTICE = "notice"  # a kind with no life: sightings, service, welcome
    NONE = "none"  # nothing to say


class Dropped(StrEnum):
    """Why a change was not told."""

    SILENCED = "silenced"
    COOLDOWN = "cooldown"
    GROUPED = "grouped"  # told inside another watch's message
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Moved:
    """The other end of traffic that moved: what another watch to the same destination did in the
    same days."""

    watch: str
    observed: float  # legs in `window_days`
    expected: float
    window_days: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One watch judged for one day: all that a message or `why` needs; nothing is computed twice.

    `judged` False (learning, nobody looked) moves no alert. NaN stands for 'not known'.
    """

    watch: str
    kind: Kind
    day: date
    complete: bool  # False: the running day, tested against the whole day's expectation
    judged: bool
    raised: bool
    calm: bool  # a covered complete day whose last 7 days look usual again
    observed: float  # legs counted that day; NaN: nobody looked
    possible: int  # legs shown but not counted
    expected: float  # for the whole day at its exposure
    limit: float  # the count that would have raised it
    exposure: float  # 1 = normal looking; NaN unknown; 0 nobody looked
    window_days: int  # the time scale that speaks loudest
    observed_window: float
    expected_window: float
    return_period_years: float  # such a surge happens by chance once in so many years
    score: float  # -log10 of false alarms a year
    state: str  # the detector's: learning, quiet, raised, new_level, unknown
    since: date | None = None  # first day of the loudest window
    last_before: date | None = None  # FIRST: the last leg before it; None: none known
    days_looked: int = 0  # FIRST: days with proof of looking since then
    notes: tuple[str, ...] = ()  # what else was considered, ready to print
    # what the expectation began from, while it outweighs the days looked at; NaN: they do
    start_per_day: float = math.nan
    taught_by: int = 0  # so many other watches said it; 0: the owner
    moved: tuple[Moved, ...] = ()  # SURGE: from there; LULL: to there; the most legs first

    @property
    def usual_per_day(self) -> float:
        """Legs a day that are expected; NaN where that is unknown."""
        return self.expected_window / max(1, self.window_days)


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A watch's days. Arrays of shape (T,), one entry per UTC day, oldest first.

    `counts` NaN: missing; `exposure` NaN: unknown, 0: nobody looked. A gap is not a zero.
    """

    watch: str
    days: npt.NDArray[np.datetime64]  # datetime64[D]
    counts: npt.NDArray[np.float64]
    possible: npt.NDArray[np.float64]
    exposure: npt.NDArray[np.float64]
    expected: npt.NDArray[np.float64] | None = None
    limit: npt.NDArray[np.float64] | None = None
    alarm: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class CoverageNote:
    """How well the sky was watched, for a human."""

    exposure_today: float  # NaN: unknown
    looks_ok: int  # successful polls around the watch in the last 24 h
    looks_failed: int
    others_seen: int  # other aircraft seen around its ends and corridor in the last 24 h
    feeds: tuple[str, ...]
    dark: tuple[str, ...] = ()  # 'no look from 26 Dec 03:00 to 05:00 UTC', ready to print
    low: float = math.nan  # the 90 % interval of `exposure_today`
    high: float = math.nan
    changed: tuple[str, ...] = ()  # 'source changed from a to b on 24 Dec', ready to print


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The facts behind one finding."""

    watch: Watch
    finding: Finding
    legs: tuple[Leg, ...]  # that counted, in the loudest window, oldest first
    possible: tuple[Leg, ...]  # shown, not counted
    series: Series  # the days drawn
    coverage: CoverageNote
    tracks: tuple[Track, ...] = ()
    story: tuple[tuple[Leg, ...], ...] = ()  # chains by one airframe within 48 h, longest first
    also: tuple[Finding, ...] = ()  # findings of other watches moved by the same legs
    other_legs: dict[str, tuple[Leg, ...]] = field(default_factory=dict)  # per watch of `also`
    names: dict[str, str] = field(default_factory=dict)  # airfield ident -> name
    spots: dict[str, tuple[float, float]] = field(default_factory=dict)  # ident -> lat, lon
    label: str = ""  # 'RECONSTRUCTION ...': printed in every message and image


@dataclass(frozen=True, slots=True)
class Alert:
    """A fingerprint (`kind:watch`) with a state and a history. Times aware UTC."""

    id: str
    kind: Kind
    watch: str
    state: State
    opened: datetime
    updated: datetime
    day: date  # the judged day that moved it last
    peak_return_years: float = 0.0
    told_return_years: float = 0.0  # the rarity when audiences were last told
    calm_days: int = 0
    last_calm_day: date | None = None
    fired: datetime | None = None
    resolved: datetime | None = None
    heard: tuple[str, ...] = ()  # address keys that were told FIRST and so must hear RESOLVED
    usual_before: float | None = None  # legs a day expected when it began
    usual_after: float | None = None  # when it ended because that is the new usual

    @property
    def fingerprint(self) -> str:
        return f"{self.kind}:{self.watch}"


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text. `style`: '' | 'b' | 'i' | 'code'; `href` makes it a link. Never markup."""

    text: str
    style: str = ""
    href: str = ""


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A block of lines under an optional heading. Less important ones come later and go first
    when a channel has no room (`essential` stays)."""

    lines: tuple[Line, ...]
    heading: str = ""
    essential: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG and what it shows, in words."""

    name: str  # 'chart.png'
    png: bytes
    alt: str


@dataclass(frozen=True, slots=True)
class Message:
    """What is said. How it is spelt (escaping, length, photo or text) is the channel's business."""

    title: str
    sections: tuple[Section, ...]
    pictures: tuple[Picture, ...] = ()
    reason: Reason = Reason.NOTICE
    kind: Kind = Kind.SERVICE
    silent: bool = False  # quiet hours: deliver without a sound
    label: str = ""  # printed first: 'RECONSTRUCTION from published reports'


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message for one address, as the outbox keeps it."""

    id: int
    key: str  # unique: the same event for the same address is stored once
    address: Address
    message: Message
    created: datetime
    due: datetime
    attempts: int
    alert_id: str | None = None
    reply_to: str | None = None  # the channel's id of the alert's first message there


@dataclass(frozen=True, slots=True)
class Receipt:
    """A channel's proof that it took the message: its own id for it."""

    message_id: str
    note: str = ""  # 'sent as plain text', 'topic gone: main thread'


@dataclass(frozen=True, slots=True)
class Silence:
    """Say nothing about a watch (or '*') until then; state changes go on."""

    id: int
    watch: str
    until: datetime
    by: str
    why: str
    created: datetime
