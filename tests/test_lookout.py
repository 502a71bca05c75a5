"""Lanes, nights and fallbacks wired for a configuration."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import airfields, app
from bot.app import Wiring
from bot.config import Config
from bot.model.air import Positions
from bot.model.feed import FeedSettings
from bot.model.query import Everything, Look, Near, Outcome, Snapshot
from bot.model.watch import Place, Watch
from bot.planner.live import COLD, HOT
from tests.nouns import HL59, at, watch

NOW = at("2024-12-26 12:00")
LOL = FeedSettings("lol", "v2", "https://api.adsb.lol", spacing_s=30.0)
ROUTE = watch(destination=Place((HL59,)))


@pytest.fixture(scope="module")
def fields() -> airfields.Airfields:
    return airfields.load()


@pytest.fixture
def wired(tmp_path: Path, fields: airfields.Airfields) -> Iterator["Wire"]:
    made = Wire(tmp_path, fields)
    yield made
    made.wiring.store.close()


class Wire:
    """`wired(feed, ...)`: the parts of a bot with these feeds."""

    wiring: Wiring

    def __init__(self, folder: Path, fields: airfields.Airfields) -> None:
        self._folder, self._fields = folder, fields

    def __call__(self, *feeds: FeedSettings, watches: tuple[Watch, ...] = (ROUTE,)) -> Wiring:
        settings = Config(self._folder / "c.yaml", feeds, watches, {}, data=self._folder)
        store = app.open_data(settings, NOW)
        self.wiring = app.wire(settings, self._fields, store, NOW)
        return self.wiring


def fly(wiring: Wiring, lon: float, icao24: int = 0x154076, **more: object) -> None:
    """An aircraft at 34N on its way west, told by the feed a moment before NOW."""
    rows = Positions.of([icao24], [NOW.timestamp() - 5], [34.0], [lon], track_deg=[265],
                        ground_speed_kt=[440], **more)  # type: ignore[arg-type]  # fmt: skip
    look = Look("lol", "all", NOW, Outcome.OK, 1)
    wiring.sky.take(look, Everything(), Snapshot("lol", Everything(), NOW.timestamp(), rows, 1))


def factors(wiring: Wiring) -> list[float]:
    """Of the two ends, from east to west."""
    lane = wiring.lanes[0]
    wiring.lookout.heeded.clear()
    wiring.lookout.heed(lane, wiring.sky, NOW)
    ends = sorted((q for q in lane.plan if isinstance(q, Near)), key=lambda q: -q.lon_deg)
    return [lane._urgency[query.key()] for query in ends]


def test_an_end_is_asked_faster_while_a_watched_aircraft_comes(wired: Wire) -> None:
    """Nobody in the air: slow. A transport near Crete bound west: its end is hurried, the other
    keeps its pace. A quarter of an hour later nobody knows where it is."""
    wiring = wired(LOL)
    assert factors(wiring) == [COLD, COLD]
    fly(wiring, 27.0)
    assert factors(wiring) == [1.0, HOT]
    lane = wiring.lanes[0]
    wiring.lookout.heed(lane, wiring.sky, NOW + timedelta(minutes=20))
    assert set(lane._urgency.values()) == {COLD}


def test_the_sky_is_not_looked_through_at_every_request(wired: Wire) -> None:
    """What is urgent is judged anew after a quarter of a minute, not sooner."""
    wiring = wired(LOL)
    lane, told = wiring.lanes[0], wiring.lookout
    told.heed(lane, wiring.sky, NOW)
    fly(wiring, 27.0)
    told.heed(lane, wiring.sky, NOW + timedelta(seconds=14))
    assert set(lane._urgency.values()) == {COLD}
    told.heed(lane, wiring.sky, NOW + timedelta(seconds=15))
    assert HOT in lane._urgency.values()


def test_an_aircraft_of_unknown_kind_hurries_nobody(wired: Wire) -> None:
    """It may be one of the watched: the ends are not let cool, but not hurried either; one that is
    surely another is nothing."""
    wiring = wired(LOL)
    fly(wiring, 27.0, icao24=0x896001, type_code=[b"B738"])
    assert factors(wiring) == [COLD, COLD]
    fly(wiring, 27.0, icao24=0x896002)
    assert factors(wiring) == [1.0, 1.0]


def test_feeds_of_one_host_share_its_gate(wired: Wire) -> None:
    """Two entries for one server are one visitor to it; other servers are not held up."""
    other = replace(LOL, name="again")
    wiring = wired(LOL, other, replace(LOL, name="fi", url="https://opendata.adsb.fi/api"))
    first, second, third = (lane._gate for lane in wiring.lanes)
    assert first is second
    assert first is not third


def test_a_night_belongs_to_an_account(wired: Wire) -> None:
    """Its pass and its lane share the gate; without an account there is none."""
    sky = FeedSettings("sky", "opensky", "https://os.example", spacing_s=5.0, key="{}")
    wiring = wired(sky, replace(sky, name="anybody", key=None))
    assert [night.name for night in wiring.lookout.nights] == ["sky"]
    assert wiring.lookout.nights[0]._lane._gate is wiring.lanes[0]._gate


def test_a_resting_fallback_troubles_nobody(wired: Wire) -> None:
    """Health is told of what is asked."""
    wiring = wired(LOL, replace(LOL, name="fi", fallback_for="lol"))
    assert [state.feed for state in wiring.lookout.states()] == ["lol"]
    assert [wiring.lookout.rests(lane) for lane in wiring.lanes] == [False, True]
