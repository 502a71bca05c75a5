"""A story told day by day over the real line: store, book, detectors, alerts, outbox, channel.

told = story(watches...)                          # begins on 1 January 2024
told = story(watches..., quiet=40)                # that many quiet days later
told.days("2024-01-01", 120)                      # quiet, looked at
told.day("2024-05-01", [leg(...)])                # a day with legs
told.heard -> [(date, reason, kind, watch or title)]
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot import airfields, app
from bot.airfields import Airfields
from bot.alerts import Policy
from bot.config import Config
from bot.coverage import grounds_of
from bot.errors import TryLater
from bot.model.air import Leg
from bot.model.alert import Message, Reason, Receipt
from bot.model.query import Presence
from bot.model.watch import Address, Watch
from bot.rehearsal import Rehearsal
from tests.nouns import at

__all__ = ["Policy"]
DESK = Address("list", "desk")
DESKS = {"desk": (DESK,)}
START = at("2024-01-01")


class ListChannel:
    """Keeps what it is sent; `down` makes it unreachable."""

    name = "list"

    def __init__(self) -> None:
        self.heard: list[tuple[Address, Message]] = []
        self.down = False

    def send(self, message: Message, address: Address, *, reply_to: str | None = None) -> Receipt:
        if self.down:
            raise TryLater("down", 60)
        self.heard.append((address, message))
        return Receipt(str(len(self.heard)))


class Story:
    """The bot on a hand-wound clock; restart() closes and reopens everything."""

    def __init__(self, folder: Path, fields: Airfields, watches: Sequence[Watch],
                 start: datetime = START,
                 audiences: Mapping[str, tuple[Address, ...]] = DESKS) -> None:  # fmt: skip
        self._folder, self._fields, self._watches = folder, fields, watches
        self._audiences = dict(audiences)
        self.channel = ListChannel()
        self.start = start
        self._open()

    def _open(self) -> None:
        settings = Config(
            path=self._folder / "config.yaml", feeds=(), watches=tuple(self._watches),
            audiences=self._audiences, data=self._folder,
        )  # fmt: skip
        self.store = app.open_data(settings, self.start)
        self.bot = Rehearsal(settings, self._fields, self.store, {"list": self.channel},
                             self.start, draw=False)  # fmt: skip

    def restart(self) -> None:
        """As after a kill: nothing in memory survives."""
        self.start = self.bot.now
        self.store.close()
        self._open()

    def rewatch(self, *watches: Watch) -> None:
        """As after the owner changed the configuration and restarted."""
        self._watches = watches
        self.restart()

    def day(
        self, when: str | date, legs: Sequence[Leg] = (), *, dark: bool = False, until: int = 24
    ) -> None:
        """One UTC day with its legs, looked at in every hour before `until` unless `dark`;
        assessed at its end."""
        day = date.fromisoformat(when) if isinstance(when, str) else when
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        looked = 0 if dark else until
        rows = [
            Presence(ground.key, int(midnight.timestamp()) + 3600 * hour,
                     3600.0 if hour < looked else 0.0, 60 if hour < looked else 0,
                     0 if hour < looked else 60, 30 if hour < looked else 0)
            for watch in self._watches for ground in grounds_of(watch) for hour in range(until)
        ]  # fmt: skip
        self.bot.pass_day(midnight + timedelta(hours=until) - timedelta(minutes=1), legs, rows)
        self.bot.deliver()

    def days(self, when: str, n: int, *, dark: bool = False) -> None:
        """So many quiet days from that one."""
        first = date.fromisoformat(when)
        for k in range(n):
            self.day(first + timedelta(days=k), dark=dark)

    @property
    def heard(self) -> list[tuple[Reason, str, str]]:
        """(reason, kind, title) of everything that arrived, in order."""
        return [(m.reason, str(m.kind), m.title) for _, m in self.channel.heard]

    def reasons(self, kind: str = "surge") -> list[str]:
        """The reasons of one kind, in order."""
        return [str(reason) for reason, told, _ in self.heard if told == kind]


@pytest.fixture(scope="session")
def fields() -> Airfields:
    return airfields.load()


class Pasts:
    """Data folders after so many quiet days of some watches, of which nobody has heard."""

    def __init__(self, folder: Path, fields: Airfields) -> None:
        self._folder, self._fields = folder, fields
        self._lived: dict[tuple[str, int], tuple[Path, datetime]] = {}

    def copy(self, watches: Sequence[Watch], days: int, to: Path) -> datetime:
        """Lay a past into that folder; returns its last moment."""
        key = (repr(watches), days)
        if key not in self._lived:
            folder = self._folder / str(len(self._lived))
            told = Story(folder, self._fields, watches)
            told.days("2024-01-01", days)
            told.store.close()
            assert told.heard == []
            self._lived[key] = (folder, told.bot.now)
        folder, end = self._lived[key]
        shutil.copytree(folder, to)
        return end


@pytest.fixture(scope="session")
def pasts(tmp_path_factory: pytest.TempPathFactory, fields: Airfields) -> Pasts:
    """Quiet pasts that many tests begin with, each lived through once."""
    return Pasts(tmp_path_factory.mktemp("pasts"), fields)


@pytest.fixture
def story(tmp_path: Path, fields: Airfields, pasts: Pasts) -> Iterator[Callable[..., Story]]:
    made: list[Story] = []

    def make(
        *watches: Watch, quiet: int = 0, audiences: Mapping[str, tuple[Address, ...]] = DESKS
    ) -> Story:
        folder = tmp_path / str(len(made))
        start = pasts.copy(watches, quiet, folder) if quiet else START
        made.append(Story(folder, fields, watches, start, audiences))
        return made[-1]

    yield make
    for told in made:
        told.store.close()
