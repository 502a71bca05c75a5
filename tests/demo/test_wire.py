"""The simulated sky is served as providers serve the real one."""

import json
from itertools import pairwise

import numpy as np
import pytest

from bot import geo
from bot.demo.ears import Ears, Receiver
from bot.demo.sky import Path, Place
from bot.demo.wire import Sky, envelope
from bot.model.air import Icao24
from bot.model.query import Near
from tests.demo.test_sky import TAKEOFF_S, flight

EARS = Ears([Receiver("Troodos", 34.93, 32.86, 5_200), Receiver("Crete", 35.3, 25.1, 900),
             Receiver("Hmeimim", 35.40, 35.95, 200)])  # fmt: skip
OTHER = flight(icao24=Icao24("f00001"), origin=Place("LCLK", 34.8751, 33.6249, 8),
               destination=Place("LGAV", 37.9364, 23.9445, 308), callsign="XDM1")  # fmt: skip
OURS = flight(callsign="RA82038", registration="RA-82038", type_code="A124", military=True)


@pytest.fixture
def sky() -> Sky:
    return Sky([OURS, OTHER], EARS)


def aircraft(sky: Sky, **how: object) -> list[tuple[float, list[dict[str, object]]]]:
    polls = sky.polls(TAKEOFF_S - 900, TAKEOFF_S + 9_000, 60, **how)  # type: ignore[arg-type]
    return [(now, json.loads(body)["ac"]) for now, body in polls]


def test_every_reply_is_the_v2_envelope(sky: Sky) -> None:
    """Milliseconds, 'No error', a list under 'ac' and its length."""
    for now, body in sky.polls(TAKEOFF_S, TAKEOFF_S + 600, 60):
        reply = json.loads(body)
        assert reply["now"] == round(now * 1000)
        assert reply["msg"] == "No error"
        assert reply["total"] == len(reply["ac"])


def test_a_row_carries_what_providers_send(sky: Sky) -> None:
    """Keys, padding, types and units are those of the readsb family; unknowns are left out."""
    rows = [row for _, found in aircraft(sky) for row in found if "lat" in row]
    ours = [row for row in rows if row["hex"] == "154076"]
    assert {(row["flight"], row["r"], row["t"], row["dbFlags"]) for row in ours} == {
        ("RA82038 ", "RA-82038", "A124", 1)
    }
    assert all("r" not in row for row in rows if row["hex"] == "f00001")
    assert "ground" in {row["alt_baro"] for row in ours}
    assert all(row["seen_pos"] < 60 for row in ours)  # type: ignore[operator]
    assert len({row["squawk"] for row in ours}) == 1


def test_rows_without_a_position_occur(sky: Sky) -> None:
    """As in real feeds some aircraft are heard and not placed."""
    rows = [row for _, found in aircraft(sky) for row in found]
    bare = [row for row in rows if "lat" not in row]
    assert 0 < len(bare) < 0.1 * len(rows)
    assert {row["type"] for row in bare} == {"mode_s"}


def test_the_rows_move_as_told(sky: Sky) -> None:
    """Between two polls the positions are as far apart as the speed says."""
    fixes = [
        (now - row["seen_pos"], row)  # type: ignore[operator]
        for now, found in aircraft(sky) for row in found
        if row["hex"] == "154076" and "lat" in row and row["alt_baro"] != "ground"
    ]  # fmt: skip
    assert len(fixes) > 60
    for (t1, a), (t2, b) in pairwise(fixes):
        straight = abs(float(a["track"]) - float(b["track"])) < 5  # type: ignore[arg-type]
        if t2 - t1 < 130 and straight:
            km = geo.distance_km(a["lat"], a["lon"], b["lat"], b["lon"])  # type: ignore[arg-type]
            speed_kt = (float(a["gs"]) + float(b["gs"])) / 2  # type: ignore[arg-type]
            assert km == pytest.approx(speed_kt * (t2 - t1) / 3600 * 1.852, rel=0.08, abs=0.5)


def test_a_circle_shows_only_what_is_inside(sky: Sky) -> None:
    """A query for 60 nm round Hmeimim brings nothing from elsewhere."""
    near = Near(35.4011, 35.9487, 60)
    rows = [row for _, found in aircraft(sky, near=[near]) for row in found]
    assert {row["hex"] for row in rows} == {"154076"}
    for row in rows:
        if "lat" in row:
            away = geo.distance_nm(near.lat_deg, near.lon_deg, row["lat"], row["lon"])  # type: ignore[arg-type]
            assert away < 60.5


def test_one_look_agrees_with_the_polls(sky: Sky) -> None:
    """A snapshot at a moment lists those whom a poll at that moment lists, at the same place."""
    now = TAKEOFF_S + 3_600
    reply = json.loads(sky.snapshot(now))["ac"]
    polled = json.loads(next(iter(sky.polls(now, now + 60, 60)))[1])["ac"]
    assert [row["hex"] for row in reply] == [row["hex"] for row in polled] != []
    only = json.loads(sky.snapshot(now, hexes=frozenset({"f00001"})))["ac"]
    assert {row["hex"] for row in only} == {"f00001"}


def test_the_receivers_dialect_counts_seconds(sky: Sky) -> None:
    """aircraft.json has seconds and 'aircraft'."""
    reply = json.loads(sky.snapshot(TAKEOFF_S + 3_600, dialect="readsb"))
    assert reply["now"] == TAKEOFF_S + 3_600
    assert {row["hex"] for row in reply["aircraft"]} == {"154076", "f00001"}


def test_columns_are_the_same_sky(sky: Sky) -> None:
    """`positions` brings the fixes that the polls bring."""
    grid = np.arange(TAKEOFF_S, TAKEOFF_S + 7_200, 300.0)
    columns = sky.positions(grid)
    assert set(columns.icao24.tolist()) == {0x154076, 0xF00001}
    path = Path(OURS)
    ours = columns.take(columns.icao24 == 0x154076)
    truth = path.at(ours.time_s)
    assert np.allclose(ours.lat_deg, truth.lat_deg)


def test_an_empty_sky_is_an_answer() -> None:
    """Nobody heard gives an empty list, not an error."""
    reply = json.loads(next(iter(Sky([], EARS).polls(0, 60, 60)))[1])
    assert reply["ac"] == []
    assert json.loads(envelope([], 1.0, "readsb"))["aircraft"] == []
