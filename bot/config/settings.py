"""What a configuration is once read: frozen, plain, right. Secrets hide from every repr."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path

from bot.model.air import Airfield
from bot.model.feed import FeedSettings
from bot.model.watch import Address, Area, Watch


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    """How to reach Telegram. `api` is a Bot API server's base address ('' = Telegram's own)."""

    token: str = field(repr=False)
    api: str = ""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of the wall clock without sound; the end may lie past midnight."""

    start: time
    end: time

    def covers(self, clock: time) -> bool:
        """Whether the wall clock stands inside (the start counts, the end does not)."""
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@dataclass(frozen=True, slots=True)
class Config:
    """Everything its owner decided; `warnings` are facts they should know, ready to print."""

    path: Path
    feeds: tuple[FeedSettings, ...]
    watches: tuple[Watch, ...]
    audiences: Mapping[str, tuple[Address, ...]]
    operators: tuple[str, ...] = ()  # audiences that hear of the bot's own troubles
    airfields: tuple[Airfield, ...] = ()  # the owner's, in place of or besides the table's
    areas: Mapping[str, Area] = field(default_factory=dict)
    telegram: TelegramSettings | None = None
    data: Path = Path("airbridge-data")
    timezone: tzinfo = UTC  # for display; days are counted in UTC
    quiet_hours: QuietHours | None = None
    retention: timedelta = timedelta(days=90)  # of flown paths; flights and counts stay
    warnings: tuple[str, ...] = ()

    def quiet_at(self, now: datetime) -> bool:
        """Whether a message sent `now` (aware) arrives without sound."""
        hours = self.quiet_hours
        return hours is not None and hours.covers(now.astimezone(self.timezone).time())

    def addresses(self, audiences: tuple[str, ...]) -> tuple[Address, ...]:
        """The addresses behind some audiences, each once."""
        return tuple(dict.fromkeys(a for name in audiences for a in self.audiences[name]))
