"""The nightly pass against an OpenSky over real HTTP: each flight once, each question once."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bot import airfields, app, lookout
from bot.app import Wiring
from bot.config import Config
from bot.demo import tables
from bot.demo.ears import Ears
from bot.demo.sky import Flight
from bot.demo.wire import Sky
from bot.lane import Mood
from bot.model.air import How, Icao24, Leg
from bot.model.feed import FeedSettings
from bot.model.watch import Place, Spot, Watch
from bot.night import ready_day
from tests.nouns import HL59, OSLK, at, watch
from tests.opensky_server import CLIENT, World, serve

NOW = at("2024-12-27 06:30")
HECA = Spot("HECA", "Cairo", 30.1219, 31.4056)
BOTH = (watch(destination=Place((HL59,))), watch("Cairo", origin=Place((HECA,)), destination=None))


def flight(icao24: str, origin: str, destination: str, takeoff: str) -> Flight:
    fields = tables.places()
    return Flight(Icao24(icao24), fields[origin], fields[destination], at(takeoff).timestamp(),
                  callsign="RFF8254", type_code="A124")  # fmt: skip


FLIGHTS = (
    flight("154076", "OSLK", "HL59", "2024-12-26 18:10"),
    flight("154076", "HL59", "OSLK", "2024-12-26 23:00"),
    flight("15405e", "OSLK", "HL59", "2024-12-25 09:00"),
    flight("896123", "OSLK", "HECA", "2024-12-26 07:00"),
)


class Desk:
    """A wired bot on a hand-wound clock, between a store that lasts and a world over HTTP."""

    def __init__(self, folder: Path, world: World, url: str, fields: airfields.Airfields,
                 watches: tuple[Watch, ...], quota: float | None) -> None:  # fmt: skip
        self.folder, self.world, self.url, self.watches = folder, world, url, watches
        self.fields, self.quota = fields, quota
        self.now = NOW
        self.stack = ExitStack()
        self.wiring = self.start()

    def start(self) -> Wiring:
        """Or start again: only what is stored is known."""
        self.stack.close()
        feed = FeedSettings(
            "opensky", "opensky", f"{self.url}/api", auth_url=f"{self.url}/token", spacing_s=5.0,
            key=json.dumps(CLIENT), timeout_s=5.0, quota_per_day=self.quota,
        )  # fmt: skip
        settings = Config(self.folder / "c.yaml", (feed,), self.watches, {}, data=self.folder)
        store = app.open_data(settings, self.now)
        self.stack.callback(store.close)
        self.wiring = app.wire(settings, self.fields, store, self.now)
        return self.wiring

    def clock(self) -> datetime:
        return self.now

    def epoch_s(self) -> float:
        return self.now.timestamp()

    def sleep(self, seconds: float) -> bool:
        self.now += timedelta(seconds=seconds)
        return False

    def night(self) -> None:
        """As the service does: again and again, until nothing is due."""
        (night,) = self.wiring.lookout.nights
        while night.round(self.clock, self.sleep):
            pass

    def legs(self) -> tuple[Leg, ...]:
        return self.wiring.store.legs()


@pytest.fixture(scope="module")
def fields() -> airfields.Airfields:
    return airfields.load()


@pytest.fixture
def desk(tmp_path: Path, fields: airfields.Airfields) -> Iterator[Callable[..., Desk]]:
    stack = ExitStack()

    def make(watches: tuple[Watch, ...] = BOTH, quota: float | None = None,
             **more: object) -> Desk:  # fmt: skip
        world = World(Sky(FLIGHTS, Ears([], 1)), **more)  # type: ignore[arg-type]
        made = Desk(tmp_path, world, stack.enter_context(serve(world)), fields, watches, quota)
        world.clock = made.epoch_s
        stack.push(made.stack)
        return made

    with stack:
        yield make


def our_leg(**more: object) -> Leg:
    start = at("2024-12-26 18:10")
    return replace(Leg("ours-1", Icao24("154076"), start, start + timedelta(minutes=60),
                       source="lol"), **more)  # type: ignore[arg-type]  # fmt: skip


def test_yesterdays_flights_become_legs(desk: Callable[..., Desk]) -> None:
    """Two days are asked for, an airfield and direction at a time, and no flight is there twice
    though two questions show it; the aircraft is told by its address."""
    one = desk()
    one.night()
    found = [(leg.icao24, leg.origin.airfield, leg.destination.airfield) for leg in one.legs()]
    assert found == [("15405e", "OSLK", "HL59"), ("896123", "OSLK", "HECA"),
                     ("154076", "OSLK", "HL59")]  # fmt: skip
    assert [path.split("?")[0] for path in one.world.asked] == [
        "/api/flights/arrival", "/api/flights/departure", "/api/flights/departure"
    ]  # fmt: skip
    assert {leg.source for leg in one.legs()} == {"opensky"}


def test_a_night_is_asked_once(desk: Callable[..., Desk]) -> None:
    """Not again in the same night, restarts included; the next night asks for the next day and
    adds nothing that was there."""
    one = desk()
    one.night()
    before = (len(one.world.asked), one.legs())
    one.night()
    one.start()
    one.night()
    assert (len(one.world.asked), one.legs()) == before
    one.now += timedelta(days=1)
    one.night()
    assert len(one.world.asked) == 2 * before[0]
    assert one.legs() == before[1]


def test_a_flight_seen_and_handed_out_is_one_leg(desk: Callable[..., Desk]) -> None:
    """Our id, the better end of each, both sources; and so it stays when ours is revised by what
    the live memory knows alone, before and after a restart."""
    one = desk()
    sky, store = one.wiring.sky, one.wiring.store
    with store.begin() as tx:
        store.put_legs(tx, [our_leg()])
    one.night()
    (whole,) = [leg for leg in one.legs() if leg.icao24 == "154076"]
    assert (whole.id, whole.source) == ("ours-1", "lol,opensky")
    assert (whole.origin.airfield, whole.destination.airfield) == ("OSLK", "HL59")
    for restart in (False, True):
        if restart:
            sky = one.start().sky
        sky._keep([our_leg(callsign="RFF1", last_seen=whole.last_seen, final=True)], "lol")
        sky.flush(one.now)
        (again,) = [leg for leg in one.legs() if leg.icao24 == "154076"]
        assert (again.id, again.callsign, again.source) == ("ours-1", "RFF1", "lol,opensky")
        assert again.destination.airfield == "HL59"


def test_a_leg_of_ours_that_comes_late_replaces_theirs(desk: Callable[..., Desk]) -> None:
    """The flight was handed out first: when our own reading is published there is still one."""
    one = desk()
    one.night()
    one.wiring.sky._keep([our_leg()], "lol")
    one.wiring.sky.flush(one.now)
    (whole,) = [leg for leg in one.legs() if leg.icao24 == "154076"]
    assert (whole.id, whole.source) == ("ours-1", "lol,opensky")


def test_a_track_settles_an_end_that_a_watch_lacks(desk: Callable[..., Desk]) -> None:
    """OpenSky does not know the field: the path down to it tells, once, for watched kinds only."""
    one = desk(hidden=frozenset({"HL59"}))
    one.night()
    (leg,) = [leg for leg in one.legs() if leg.icao24 == "154076"]
    assert leg.destination.airfield == "HL59"
    assert leg.destination.how in (How.LOW, How.PROJECTED, How.SURFACE)
    assert leg.source == "opensky"
    tracks = [path for path in one.world.asked if "/tracks/" in path]
    assert len(tracks) == 1
    one.start()
    one.night()
    assert [path for path in one.world.asked if "/tracks/" in path] == tracks
    one.now += timedelta(days=1)
    one.night()
    assert leg in one.legs(), "the next night hands it out again, without its end"


def test_of_all_the_worlds_flights_those_asked_about_are_kept(desk: Callable[..., Desk]) -> None:
    """With more airfields than the day has windows, every flight is asked for, and only those
    stay that a watch may count."""
    many = tuple(Spot(f"X{n}", "", 40.0 + n, 10.0) for n in range(12))
    one = desk((watch(origin=Place((*many, OSLK))),))
    one.night()
    asked = [path for path in one.world.asked if "/flights/" in path]
    assert len(asked) == 12
    assert all(path.startswith("/api/flights/all?") for path in asked)
    kept = [(leg.icao24, leg.origin.airfield) for leg in one.legs()]
    assert kept == [("896123", "OSLK"), ("154076", "OSLK")], "the way back is no watch's"


def test_what_fails_is_asked_again_and_nothing_else(desk: Callable[..., Desk]) -> None:
    """A night without a server is made up for when it is back; what had been answered stays so."""
    one = desk()
    one.world.down = True
    one.night()
    (night,) = one.wiring.lookout.nights
    assert night.state.mood is Mood.FAILING
    assert night.state.feed == "opensky (yesterday's flights)"
    one.world.down = False
    one.now += timedelta(hours=3)
    one.night()
    assert len(one.legs()) == 3
    assert len(one.world.spent) == 3


def test_no_day_is_asked_for_before_its_flights_are_made(desk: Callable[..., Desk]) -> None:
    """Until six in the morning yesterday is not ready: the day before it was done last night."""
    assert ready_day(at("2024-12-27 05:59")) == at("2024-12-25").date()
    assert ready_day(at("2024-12-27 06:00")) == at("2024-12-26").date()


def test_the_night_and_the_day_share_a_quota(desk: Callable[..., Desk]) -> None:
    """Thirty hours with a pass each night, restarts, and little to spend: the account's credits
    never run out, the server never says 429, and no two requests come closer than the spacing,
    whoever asks."""
    one = desk(credits=600.0, quota=600.0)
    for hour in range(30):
        if hour in (9, 26):
            one.start()
        _an_hour(one)
    times = [when for when, _ in one.world.spent]
    assert all(b - a >= 5.0 - 1e-5 for a, b in pairwise(times))
    kinds = [path.split("?")[0] for path in one.world.asked]
    assert kinds.count("/api/flights/departure") == 4
    assert kinds.count("/api/states/all") > 80
    assert len(one.world.asked) == len(one.world.spent), "never a 429"
    assert min(paid for _, paid in one.world.spent) >= 1


def _an_hour(one: Desk) -> None:
    """A tick every ten minutes."""
    end = one.now + timedelta(hours=1)
    lane, night = one.wiring.lanes[0], one.wiring.lookout.nights[0]
    while one.now < end:
        due = lane.next_due
        if due is None or due <= one.now:
            lane.round(one.clock, one.sleep, lookout.sink(one.wiring.sky, lane))
            one.wiring.sky.flush(one.now)
        night.round(one.clock, one.sleep)
        one.now += timedelta(minutes=10)
