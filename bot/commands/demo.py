"""`airbridge demo`: the whole line on two labelled recordings, with no account and no network.

(a) December 2024, Hmeimim to eastern Libya, RECONSTRUCTED from published reports: a quiet year,
then the airlift. (b) One airliner's real day: four legs and no alert.
"""

import argparse
import contextlib
import dataclasses
import logging
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands import common
from bot.commands.run import set_up_log
from bot.errors import InputError

if TYPE_CHECKING:
    from bot.channels.base import Channel
    from bot.channels.page import Page
    from bot.model.air import Leg
    from bot.model.alert import Message, Receipt
    from bot.model.query import Presence
    from bot.model.watch import Address, Watch
    from bot.rehearsal import Rehearsal

SURGE_BY = timedelta(days=2)  # after the first direct flight
OURS = re.compile(r"airlift|n899dn|messages\.html|\d{4}-\d\d-\d\dT\d{4}-[a-z-]+\.png")
STORY = "December 2024, Hmeimim to eastern Libya"
REAL = "4 and 5 February 2025, N899DN"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--out", type=Path, default=Path("demo-out"), metavar="FOLDER",
                        help="where pictures, messages and databases go (demo-out)")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    set_up_log(logging.WARNING)
    started = time.monotonic()
    _clear(args.out)
    with contextlib.ExitStack() as stack:
        stage = _Stage(args.out, stack)
        good = [*stage.airlift(), *stage.real_day()]
        stage.page.write(args.out / "messages.html")
    print(f"\n{args.out}/messages.html shows every message as its receiver sees it;")
    print(f"the pictures are beside it. Done in {time.monotonic() - started:.0f} s.")
    return 0 if all(good) else 1


def _clear(out: Path) -> None:
    """Make it an empty folder; refuses to clear one that holds more than an earlier demo."""
    with common.writing(out):
        out.mkdir(parents=True, exist_ok=True)
        found = sorted(out.iterdir())
        if strangers := [path.name for path in found if not OURS.fullmatch(path.name)]:
            raise InputError(f"{out}: holds {strangers[0]}, which is not the demo's and would be "
                             "lost; name another folder with -o")  # fmt: skip
        for path in found:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


class _Gallery:
    """A channel that shows messages on the page and keeps their pictures as files."""

    name = "page"

    def __init__(self, page: "Page", folder: Path, clock: Callable[[], datetime]) -> None:
        self._page, self._folder, self._clock = page, folder, clock

    def send(
        self, message: "Message", address: "Address", *, reply_to: str | None = None
    ) -> "Receipt":
        for picture in message.pictures:
            name = f"{self._clock():%Y-%m-%dT%H%M}-{message.kind}-{message.reason}-{picture.name}"
            (self._folder / name).write_bytes(picture.png)
        return self._page.send(message, address, reply_to=reply_to)


class _Stage:
    """The two recordings, one after the other, before the same audience."""

    def __init__(self, out: Path, stack: contextlib.ExitStack) -> None:
        from bot import app
        from bot.channels.page import Page
        from bot.demo import airlift

        self._out, self._stack = out, stack
        shipped = Path(app.__file__).parent / "data" / "config.yaml"
        self._settings, self._fields = app.load_config(shipped)
        self._now = datetime(2023, 12, 1, tzinfo=UTC)
        sources = "\n\n".join(f"{name}: {url}" for name, url in airlift.SOURCES)
        self.page = Page("Airbridge: what its readers see", f"Sources of (a):\n\n{sources}",
                         clock=self._clock)  # fmt: skip
        self._telegram = self._connect()

    def _clock(self) -> datetime:
        return self._now

    def _connect(self) -> "tuple[Address, Channel] | None":
        """A real chat, when the environment names one."""
        from bot.channels.telegram import connected
        from bot.config import telegram_address

        address = telegram_address(os.environ)
        token = os.environ.get("TELEGRAM_TOKEN", "").strip()
        if address is None or not token:
            return None
        print("messages are sent to Telegram too")
        return address, self._stack.enter_context(connected(token))

    def _rehearsal(
        self, name: str, start: datetime, label: str, watches: "tuple[Watch, ...] | None" = None
    ) -> "Rehearsal":
        from bot import app
        from bot.channels.console import ConsoleChannel
        from bot.model.watch import Address
        from bot.rehearsal import Rehearsal

        channels: dict[str, Channel] = {
            "console": ConsoleChannel(clock=self._clock),
            "page": _Gallery(self.page, self._out, self._clock),
        }
        addresses = [Address("console"), Address("page")]
        if self._telegram is not None:
            addresses.append(self._telegram[0])
            channels["telegram"] = self._telegram[1]
        settings = dataclasses.replace(
            self._settings,
            data=self._out / name,
            watches=watches or self._settings.watches,
            audiences=dict.fromkeys(self._settings.audiences, tuple(addresses)),
        )
        store = app.open_data(settings, start)
        self._stack.callback(store.close)
        self._now = start
        source = label.partition(" ")[0].rstrip(":").lower()
        made = Rehearsal(settings, self._fields, store, channels, start, label=label, source=source)
        made.on_tick = self._wind
        return made

    def _wind(self, now: datetime) -> None:
        self._now = now

    # --------------------------------------------------------------------- (a) the airlift

    def airlift(self) -> list[bool]:
        """A quiet year, then December 2024. Returns what was checked."""
        from bot.demo import airlift
        from bot.feeds import Recorded

        self.page.part(f"(a) {STORY}", f"{airlift.LABEL}. Dates are simulated.")
        print(f"(a) {STORY}\n    {airlift.LABEL}")
        start = datetime(2023, 12, 1, tzinfo=UTC)
        flight = self._rehearsal("airlift", start, airlift.LABEL)
        flight.greet()
        for end, legs, hours in _quiet_days(flight):
            flight.pass_day(end, legs, hours)
            _progress(end, "quiet year")
        quiet = self._fired(flight, "surge", start, airlift.START)
        flight.fly(Recorded.of("reconstruction", airlift.airlift()), _airlift_progress)
        _progress_done()
        first = self._fired(flight, "first", airlift.START, airlift.END)
        surges = self._fired(flight, "surge", airlift.START, airlift.END)
        direct = datetime(2024, 12, 14, tzinfo=UTC)
        return [
            _check("no surge in the quiet year", not quiet),
            _check("the first direct flight was told", self._hmeimim in first),
            _check(
                "the surge was told within two days of its start",
                self._hmeimim in surges and surges[self._hmeimim] < direct + SURGE_BY,
            ),
        ]

    @property
    def _hmeimim(self) -> str:
        return self._settings.watches[0].name

    def _fired(
        self, flight: "Rehearsal", kind: str, since: datetime, until: datetime
    ) -> dict[str, datetime]:
        """Watch -> when its alert of that kind fired within the span."""
        found = flight.wiring.store.alerts(1000)
        return {
            alert.watch: alert.fired
            for alert in found
            if alert.kind == kind and alert.fired and since <= alert.fired < until
        }

    # -------------------------------------------------------------------- (b) the real day

    def real_day(self) -> list[bool]:
        """One airliner's recorded day: four legs as in truth, and no alert."""
        from bot.demo import n899dn
        from bot.feeds import Recorded
        from bot.model.watch import AlertPolicy, Place, Spot, Watch

        self.page.part(f"(b) {REAL}", f"{n899dn.LABEL}. Four legs, and nothing to say.")
        print(f"\n(b) {REAL}\n    {n899dn.LABEL}")
        spots = [Spot(i, i, *self._where(i)) for i in ("KMSP", "KGEG", "KDEN")]
        home, *away = (Place((spot,)) for spot in spots)
        watches = tuple(
            Watch(f"{a.label()} to {b.label()}", a, b, usual_per_day=3.0, usual_text="3 per day",
                  alerts=AlertPolicy(surge_per_year=1.0), audience=("desk",))
            for place in away for a, b in ((home, place), (place, home))
        )  # fmt: skip
        start = datetime(2025, 2, 4, tzinfo=UTC)
        flight = self._rehearsal("n899dn", start, n899dn.LABEL, watches)
        flight.fly(Recorded.of("n899dn", n899dn.polls()), lambda now: _progress(now, "N899DN"))
        _progress_done()
        legs = flight.wiring.store.legs()
        for leg in legs:
            print(f"    {_leg(leg)}")
        return [
            _check("four legs, as in truth", n899dn.as_in_truth(legs)),
            _check("no alert", not flight.wiring.store.alerts(10)),
        ]

    def _where(self, ident: str) -> tuple[float, float]:
        field = self._fields.get(ident)
        assert field is not None, ident
        return field.lat_deg, field.lon_deg


def _quiet_days(
    flight: "Rehearsal",
) -> Iterator[tuple[datetime, "list[Leg]", "list[Presence]"]]:
    """Day by day: its end, the legs first seen in it, and what looking brought."""
    from bot.coverage import grounds_of
    from bot.demo.quiet import quiet_year
    from bot.geo import unit_vectors
    from bot.model.query import Presence

    watches = flight.wiring.desk.watches.values()
    grounds = {ground.key: ground for watch in watches for ground in grounds_of(watch)}
    legs, hours = quiet_year()
    others: dict[tuple[str, int], int] = {}  # an ordinary week repeats: count it once
    waiting = list(reversed(legs))
    for day, group in groupby(hours, key=lambda h: datetime.fromtimestamp(h.hour_s, UTC).date()):
        rows = []
        for hour in group:
            vectors = unit_vectors(hour.others.lat_deg, hour.others.lon_deg)
            for place, ground in grounds.items():
                key = (place, hour.pattern)
                if key not in others:
                    others[key] = len(set(hour.others.icao24[ground.holds(vectors)].tolist()))
                rows.append(Presence(place, hour.hour_s, hour.looked_s, hour.looks_ok,
                                     hour.looks_failed, others[key]))  # fmt: skip
        end = datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC)
        landed = []
        while waiting and waiting[-1].last_seen <= end:
            landed.append(waiting.pop())
        yield end, landed, rows


def _leg(leg: "Leg") -> str:
    def end(known: str | None, how: str, sure: float) -> str:
        return f"{known} ({how}, {sure:.0%})" if known else f"unknown ({how})"

    a, b = leg.origin, leg.destination
    off = f"{leg.takeoff:%d %b %H:%M}" if leg.takeoff else f"seen {leg.first_seen:%d %b %H:%M}"
    on = f"{leg.landing:%H:%M}" if leg.landing else f"last seen {leg.last_seen:%H:%M}"
    ends = f"{end(a.airfield, a.how, a.confidence)} → {end(b.airfield, b.how, b.confidence)}"
    return f"{leg.callsign}  {off} - {on}  {ends}"


def _check(what: str, good: bool) -> bool:
    print(f"    {'✓' if good else '✗'} {what}")
    return good


def _airlift_progress(now: datetime) -> None:
    _progress(now, "airlift")


def _progress(now: datetime, what: str) -> None:
    if sys.stderr.isatty():
        print(f"\r    {what}: {now:%Y-%m-%d %H:%M} ", end="", file=sys.stderr, flush=True)
    elif now.hour in (0, 23) and now.day in (1, 10, 20):
        print(f"    {what}: {now:%Y-%m-%d}", file=sys.stderr, flush=True)


def _progress_done() -> None:
    if sys.stderr.isatty():
        print("\r" + " " * 50 + "\r", end="", file=sys.stderr, flush=True)
