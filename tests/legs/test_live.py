"""Live legs: what is published when, under which id, and over a restart."""

from typing import Any

import msgspec
import numpy as np
import pytest

from bot.airfields import Airfields
from bot.errors import StoreError
from bot.legs import recall, sift, still
from bot.legs.live import LiveLegs
from bot.model.air import How, Leg, Positions
from bot.model.watch import Area
from tests.legs.flights import T0, between, flight, join, without

HOUR = 3600.0


def polled(live: LiveLegs, p: Positions, until_s: float, every_s: float = 120.0) -> list[Leg]:
    """The legs told while `p` arrives in polls."""
    out: list[Leg] = []
    for t in np.arange(p.time_s.min(), until_s, every_s):
        out += live.tick(between(p, t - every_s, t), float(t))
    return out


def latest(legs: list[Leg]) -> dict[str, Leg]:
    """The last word on each id."""
    return {leg.id: leg for leg in legs}


def test_a_flight_seen_to_the_ground_is_told_at_once(table: Airfields) -> None:
    """A leg seen at both ends is published when it has landed, once, with both ends known."""
    p = flight(table, "OSLK", "HL59")
    live = LiveLegs(table)
    legs = polled(live, p, p.time_s.max() + 10 * 60)
    assert len(legs) == 1
    leg = legs[0]
    assert (leg.origin.airfield, leg.destination.airfield) == ("OSLK", "HL59")
    assert leg.origin.how is leg.destination.how is How.SURFACE
    assert min(leg.origin.confidence, leg.destination.confidence) > 0.9
    assert (leg.callsign, leg.type_code, leg.final) == ("RFF1234", "A124", False)


def test_silence_of_an_hour_publishes_and_reappearance_revises(table: Airfields) -> None:
    """Lost at sea: told after 60 min with an open end; seen again: the same id, now the field."""
    out = flight(table, "OSLK", "HL59")
    back = flight(table, "HL59", "OSLK", out.time_s.max() + 3 * HOUR)
    p = join(out, back)
    lost = out.time_s.max() - 30 * 60
    p = without(p, lost, back.time_s.min() + 30 * 60)
    live = LiveLegs(table)
    first = polled(live, between(p, 0, lost), lost + 1.5 * HOUR)
    assert [leg.final for leg in first] == [False]
    assert first[0].destination.airfield is None
    told = latest(first + polled(live, between(p, lost, 9e9), p.time_s.max() + 40 * HOUR))
    legs = sorted(told.values(), key=lambda leg: leg.first_seen)
    assert legs[0].id == first[0].id
    assert [(g.origin.airfield, g.destination.airfield) for g in legs] == [
        ("OSLK", "HL59"), ("HL59", "OSLK"),
    ]  # fmt: skip
    assert legs[0].destination.how is How.STOP
    assert all(leg.final for leg in legs)


def test_an_area_is_named_where_no_field_can_be(table: Airfields) -> None:
    """Last seen descending off Benghazi: the leg ends in the configured area."""
    area = Area("eastern-libya", centre=(32.2, 21.3), radius_nm=110)
    p = flight(table, "OSLK", "HL59")
    p = between(p, 0, p.time_s.max() - 300 - 17 * 60)
    live = LiveLegs(table, (area,))
    leg = polled(live, p, p.time_s.max() + 2 * HOUR)[-1]
    assert "eastern-libya" in (
        leg.destination.area,
        *[a for a, _ in leg.destination.candidates],
    ) or (leg.destination.airfield == "HL59")


def test_nothing_that_arrives_can_raise(table: Airfields) -> None:
    """Doubles, reversed rows, NaN, wild places and an empty tick are borne."""
    p = flight(table, "OSLK", "HL59", step_s=10)
    rng = np.random.default_rng(1)
    live = LiveLegs(table)
    for k in range(0, len(p), 40):
        rows = rng.permutation(np.arange(k, min(k + 60, len(p))))
        part = p.take(np.concatenate([rows, rows[:5]]))
        wild = rng.random(len(part)) < 0.05
        part.lat_deg[wild] = rng.uniform(-100, 100, wild.sum())
        part.lon_deg[rng.random(len(part)) < 0.02] = np.nan
        part.altitude_ft[rng.random(len(part)) < 0.05] = 99999
        live.tick(part, T0 + 4 * HOUR)
        live.tick(Positions.empty(), T0 + 4 * HOUR)
    legs = live.tick(Positions.empty(), T0 + 60 * HOUR)
    assert [(g.origin.airfield, g.destination.airfield) for g in legs] == [("OSLK", "HL59")]
    assert len(live) == 0


def test_a_restart_changes_nothing(table: Airfields) -> None:
    """Dumped and restored between any two polls, the same legs come out."""
    p = flight(table, "OSLK", "HL59", step_s=60)
    end = p.time_s.max() + 40 * HOUR
    straight = polled(LiveLegs(table), p, end, 600.0)
    old, new, legs = LiveLegs(table), LiveLegs(table), []
    for t in np.arange(p.time_s.min(), end, 600.0):
        new.restore(old.dump())
        old, new = new, old
        legs += old.tick(between(p, t - 600, t), float(t))
    assert legs == straight


def before(blob: bytes) -> bytes:
    """A dump as the version before wrote it, which remembered less of gates, flights and stops."""
    told = msgspec.msgpack.decode(blob, strict=False)
    gates, pieces, facts = msgspec.json.decode(told["layout"])
    marks = {name for name, _ in still.MARKS}
    less = [f for f in gates if f[0] not in marks], [f for f in facts if f[0] != "call"]
    for name, dtype, rest in (("gates", sift.GATE, less[0]), ("facts", recall.FACT, less[1])):
        names = [f[0] for f in rest if f[0]]
        old = np.frombuffer(told[name], dtype)
        new = np.zeros(len(old), [(f[0], *f[1:]) for f in rest])
        new[names] = old[names]
        told[name] = new.tobytes()
    told.update(format=3, layout=msgspec.json.encode([less[0], pieces, less[1]]).decode())
    return msgspec.msgpack.encode(without_itself(told))


def without_itself(told: Any) -> Any:
    """The same with no word on whether a stop is known by itself."""
    if isinstance(told, dict):
        return {k: without_itself(v) for k, v in told.items() if k != "itself"}
    return [without_itself(v) for v in told] if isinstance(told, list) else told


def test_an_upgrade_keeps_who_is_in_the_air(table: Airfields) -> None:
    """What the version before remembered of a flight in the air is its leg's beginning."""
    p = flight(table, "OSLK", "HL59", step_s=60)
    old, new, middle = LiveLegs(table), LiveLegs(table), T0 + HOUR
    polled(old, between(p, 0, middle), middle, 600.0)
    new.restore(before(old.dump()))
    legs = latest(polled(new, between(p, middle, 9e9), p.time_s.max() + 40 * HOUR, 600.0))
    assert [(g.origin.airfield, g.destination.airfield) for g in legs.values()] == [
        ("OSLK", "HL59")
    ]


def test_a_layout_that_cannot_be_read_is_refused(table: Airfields) -> None:
    """Of what is open every field must be told, and as what it is."""
    told = msgspec.msgpack.decode(LiveLegs(table).dump())
    gates, pieces, facts = msgspec.json.decode(told["layout"])
    for odd in ([gates, pieces[1:], facts], [[["t", "what"]], pieces, facts], [], "x", None):
        blob = msgspec.msgpack.encode({**told, "layout": msgspec.json.encode(odd).decode()})
        with pytest.raises(StoreError):
            LiveLegs(table).restore(blob)


@pytest.mark.parametrize("blob", [b"", b"\x80", b"garbage", b"\x83\xa5magic\xa1x"])
def test_a_foreign_blob_is_refused(table: Airfields, blob: bytes) -> None:
    """What `dump` did not write is a StoreError, and the builder keeps what it had."""
    live = LiveLegs(table)
    live.tick(between(flight(table, "OSLK", "HL59"), 0, T0 + HOUR), T0 + HOUR)
    with pytest.raises(StoreError):
        live.restore(blob)
    assert len(live) == 1


def test_who_is_in_the_air(table: Airfields) -> None:
    """`flying` gives the open leg of an aircraft in the air, nothing for one on the ground."""
    p = flight(table, "OSLK", "HL59")
    live = LiveLegs(table)
    live.tick(between(p, 0, T0 + HOUR), T0 + HOUR)
    assert [leg.origin.airfield for leg in live.flying(["154076", "abcdef"])] == ["OSLK"]
    live.tick(between(p, T0 + HOUR, 9e9), p.time_s.max())
    assert live.flying(["154076"]) == []
