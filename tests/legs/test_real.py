"""Real recordings with known ends: none named wrongly, and what can be known is named."""

import csv
from datetime import datetime
from pathlib import Path

import pytest

from bot.airfields import Airfields
from bot.legs.history import History, legs_of
from bot.legs.readers import raw, states, traces
from bot.model.air import Leg

DATA = Path(__file__).parent / "data"
with (DATA / "tracks" / "tracks.csv").open(newline="") as _file:
    TRACKS = {r["file"]: r for r in csv.DictReader(_file)}
FLIGHTS = [name for name in TRACKS if not name.startswith("zurich")]


@pytest.fixture(scope="module")
def history(table: Airfields) -> History:
    """A builder; every test leaves it empty."""
    return History(table)


def track_legs(history: History, name: str) -> list[Leg]:
    """The legs of a track in order of time."""
    p = states.parse_json(raw.read(DATA / "tracks" / name), name)
    return sorted(legs_of(p, history), key=lambda leg: leg.first_seen)


def trace_legs(history: History, hex_: str) -> list[Leg]:
    """The legs of a readsb trace in order of time."""
    path = DATA / "traces" / f"trace_full_{hex_}.json"
    return sorted(legs_of(traces.parse(raw.read(path), hex_), history),
                  key=lambda leg: leg.first_seen)  # fmt: skip


@pytest.mark.parametrize("name", FLIGHTS)
def test_a_track_is_one_leg_and_no_end_is_wrong(history: History, name: str) -> None:
    """Each known flight, spoofed, looped or noisy, is one leg; a named end is the true one."""
    legs = track_legs(history, name)
    assert len(legs) == 1
    for truth, end in ((TRACKS[name]["origin"], legs[0].origin),
                       (TRACKS[name]["destination"], legs[0].destination)):  # fmt: skip
        assert end.airfield in (None, truth or None)


def test_most_known_ends_are_named(history: History) -> None:
    """Of the twenty ends known in tracks.csv at least eighteen are named."""
    right = 0
    for name in FLIGHTS:
        leg = track_legs(history, name)[0]
        right += leg.origin.airfield == (TRACKS[name]["origin"] or "-")
        right += leg.destination.airfield == (TRACKS[name]["destination"] or "-")
    assert right >= 18


def test_ground_movements_are_no_flights(history: History) -> None:
    """Ten aircraft at Zurich: towing and taxiing make no leg; what is named is Zurich."""
    legs = track_legs(history, "zurich_airport.json.gz")
    assert "4b17e5" not in {leg.icao24 for leg in legs}, "it never left the ground"
    named = {e.airfield for leg in legs for e in (leg.origin, leg.destination)}
    assert named <= {"LSZH", None}


def test_an_airliners_day(history: History) -> None:
    """N899DN: four legs, one end never seen, one landing inferred from both sides of a hole."""
    legs = trace_legs(history, "ac671b")
    assert [(g.origin.airfield, g.destination.airfield) for g in legs] == [
        (None, "KMSP"), ("KMSP", "KGEG"), ("KGEG", "KMSP"), ("KMSP", "KDEN"),
    ]  # fmt: skip
    assert [g.callsign for g in legs] == ["DAL1812", "DAL2418", "DAL1615", "DAL2927"]
    seen = {(0, "landing"): "01:12:26", (1, "takeoff"): "03:43:54", (2, "landing"): "17:00:18",
            (3, "takeoff"): "18:14:36", (3, "landing"): "19:54:30"}  # fmt: skip
    for (i, what), clock in seen.items():
        told = getattr(legs[i], what)
        truth = datetime.fromisoformat(f"2025-02-05T{clock}+00:00")
        assert abs((told - truth).total_seconds()) < 15


def test_two_circuits_at_a_desert_strip(history: History) -> None:
    """N3423Q lands back at the strip it left, twice; no larger field is preferred."""
    legs = trace_legs(history, "a3c78c")
    assert [(g.origin.airfield, g.destination.airfield) for g in legs] == [("88NV", "88NV")] * 2


@pytest.mark.parametrize("hex_", ["34718d", "4d208a", "ac6f8a", "a7538f", "a57b8b", "a2fe8f",
                                  "a8758b", "aab38f"])  # fmt: skip
def test_overflights_have_no_ends(history: History, hex_: str) -> None:
    """What only passed at cruise gets no field, also where a stop hours apart is certain: one
    receiver in a land full of airfields cannot tell which."""
    for leg in trace_legs(history, hex_):
        assert leg.origin.airfield is None
        assert leg.destination.airfield is None
