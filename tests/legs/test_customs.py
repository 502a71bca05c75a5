"""Customs: what one side at cruise cannot tell, the airframe's or the fleet's habit may."""

from dataclasses import replace

import numpy as np
import pytest

from bot.airfields import Airfields
from bot.legs import usage
from bot.legs.ahead import BOTH_SURE, CALL_SURE, FLEET_SURE, OWN_SURE
from bot.legs.customs import Customs, Flown
from bot.legs.history import History, legs_of
from bot.legs.live import LiveLegs
from bot.legs.recall import ON_S, Recall
from bot.legs.side import Side
from bot.legs.stop import Stop
from bot.model.air import Between, How, Leg, Positions, Report
from tests.legs.flights import T0, between, flight, join

HOUR = 3600.0
OTHER = 0x1540AA


def lost(table: Airfields, start_s: float = T0) -> Positions:
    """Latakia towards al-Khadim, lost at cruise 40 min before it would land."""
    p = flight(table, "OSLK", "HL59", start_s)
    return between(p, 0, p.time_s.max() - 2400)


def last(legs: list[Leg]) -> Leg:
    """The leg that began last."""
    return max((g for g in legs if g.icao24 == "154076"), key=lambda g: g.first_seen)


def test_one_side_at_cruise_alone_names_nothing(table: Airfields) -> None:
    """Nobody was ever seen where it went: the end stays unknown, and keeps no trace of the try."""
    end = last(legs_of(lost(table), History(table))).destination
    assert (end.airfield, end.how, end.going) == (None, How.UNKNOWN, None)


def test_its_own_habit_is_the_second_side(table: Airfields) -> None:
    """It was seen at al-Khadim a day before: that field, straight ahead, is named."""
    day = flight(table, "OSLK", "HL59"), flight(table, "HL59", "OSLK", T0 + 6 * HOUR)
    end = last(legs_of(join(*day, lost(table, T0 + 24 * HOUR)), History(table))).destination
    assert (end.airfield, end.how, end.confidence) == ("HL59", How.PROJECTED, OWN_SURE)
    assert end.candidates[0] == ("HL59", OWN_SURE)


@pytest.mark.parametrize("later_h", [-90, -12, 6])
def test_the_fleets_habit_is_the_second_side(table: Airfields, later_h: float) -> None:
    """Another aircraft flew the same route, days before or hours after: less sure, but named."""
    start = T0 + 100 * HOUR
    theirs = flight(table, "OSLK", "HL59", start + later_h * HOUR, icao24=OTHER, callsign="RFF9")
    leg = last(legs_of(join(theirs, lost(table, start)), History(table)))
    assert (leg.destination.airfield, leg.destination.confidence) == ("HL59", FLEET_SURE)
    assert leg.landing is not None
    assert leg.landing > leg.last_seen


def test_its_callsign_is_the_second_side(table: Airfields) -> None:
    """First heard and lost at cruise, but another aircraft flew on to al-Khadim the day before
    under the same callsign: that field is named; under another callsign none is."""
    mine = lost(table, T0 + 24 * HOUR)
    mine = between(mine, T0 + 24 * HOUR + 1800, mine.time_s.max())
    for callsign, named in (("RFF1234", ("HL59", CALL_SURE)), ("RFF9", (None, 0.0))):
        theirs = flight(table, "OSLK", "HL59", icao24=OTHER, callsign=callsign)
        end = last(legs_of(join(theirs, mine), History(table))).destination
        assert (end.airfield, end.confidence) == named


@pytest.mark.parametrize("callsign", ["00000000", "TEST1234", "N123AB", "RFF"])
def test_a_placeholder_is_no_callsign(table: Airfields, callsign: str) -> None:
    """What no operator numbers its flights by tells no route, whoever else carries it."""
    mine = renamed(lost(table, T0 + 24 * HOUR), callsign)
    theirs = late(table, callsign)
    assert last(legs_of(join(theirs, mine), History(table))).destination.airfield is None


@pytest.mark.parametrize(("type_code", "named"), [("C172", None), ("B738", "HLLB")])
def test_a_light_aircraft_does_not_speak_for_others(
    table: Airfields, type_code: str, named: str | None
) -> None:
    """Under one callsign the way of a light aircraft tells nothing of a heavy one's."""
    theirs = late(table, "RFF1234", type_code=type_code)
    end = last(legs_of(join(theirs, lost(table, T0 + 24 * HOUR)), History(table))).destination
    assert end.airfield == named


@pytest.mark.parametrize(("later_h", "named"), [(0.5, None), (12.0, "HLLB")])
def test_a_callsign_of_two_at_a_time_tells_nothing(
    table: Airfields, later_h: float, named: str | None
) -> None:
    """Two that set out within the hour under one callsign: it is no flight's; at another time it
    is the next flight."""
    both = (late(table, "RFF1234", T0 + k * later_h * HOUR, icao24=OTHER + k) for k in (0, 1))
    end = last(legs_of(join(*both, lost(table, T0 + 36 * HOUR)), History(table))).destination
    assert end.airfield == named


def late(table: Airfields, callsign: str, start_s: float = T0, icao24: int = OTHER,
         type_code: str = "B738") -> Positions:  # fmt: skip
    """A flight to Benina under a callsign, heard only at its end."""
    p = flight(table, "LGIR", "HLLB", start_s, icao24=icao24, callsign=callsign,
               type_code=type_code)  # fmt: skip
    return between(p, p.time_s.max() - 1500, p.time_s.max() + 1)


def renamed(p: Positions, callsign: str) -> Positions:
    """The same under another callsign."""
    return replace(p, callsign=np.full(len(p), callsign.encode(), p.callsign.dtype))


def said(customs: Customs, table: Airfields, icao24: int, b: Between) -> usage.Columns:
    """What is remembered says of a stop."""
    memory = Recall()
    memory.take(customs.facts)
    return usage.columns(memory, table, [(icao24, b)])[0]


def test_far_sides_ask_who_uses_the_fields(table: Airfields) -> None:
    """Of fields that two far sides leave open, the one where others fly from there is likelier than
    by those sides alone; what is known of the stop's own flights counts not."""
    far = Report(T0, 32.5, 19.0, 430.0), Report(T0 + 5 * HOUR, 32.5, 19.0, 430.0)
    odds = (("HLLB", 0.45), ("HL59", 0.4))
    b = Between(*far, ("OSLK", "OSLK"), ("RFF1", "RFF2"), T0 - HOUR, False, 0.5, odds)
    customs, mine = Customs(table), int("154076", 16)
    customs.learn(T0, [Flown(mine, T0 - HOUR, False, "OSLK", "HLLB", b"RFF1")])
    before = said(customs, table, mine, b)
    assert not before.any()
    customs.learn(T0, [Flown(OTHER, T0 - HOUR, False, "OSLK", "HL59", b"RFF1")])
    after = said(customs, table, mine, b)
    assert after[1, 1:].all()
    assert not after[0].any()
    old, new = (usage.weighed(b, c, usage.fitted()) for c in (before, after))
    assert new[1] > old[1]
    assert new[1] > new[0]
    assert sum(new) <= 1


def test_a_stop_between_two_far_sides_is_told_by_others_alike_on_both_legs(
    table: Airfields,
) -> None:
    """Both legs that meet at such a stop name the same field, live as from history."""
    start = T0 + 24 * HOUR
    out = between(p := flight(table, "OSLK", "HL59", start), 0, p.time_s.max() - 3000)
    back = between(q := flight(table, "HL59", "OSLK", p.time_s.max() + 3 * HOUR), 0, 9e9)
    back = between(back, q.time_s.min() + 3000, 9e9)
    theirs = flight(table, "OSLK", "HL59", icao24=OTHER, callsign="RFF9")
    legs = [g for g in legs_of(join(theirs, out, back), History(table)) if g.icao24 == "154076"]
    one, two = sorted(legs, key=lambda g: g.first_seen)
    assert one.destination.airfield == two.origin.airfield == "HL59"
    assert one.destination.confidence == two.origin.confidence
    assert one.destination.between is None
    assert one.landing is not None
    assert two.takeoff is not None
    assert one.last_seen < one.landing <= two.takeoff < two.first_seen


@pytest.mark.parametrize("later_h", [-150, 40])
def test_what_is_too_old_or_too_late_counts_not(table: Airfields, later_h: float) -> None:
    """A flight of another week, or of the day after the last that counts, names nothing."""
    start = T0 + 160 * HOUR
    theirs = flight(table, "OSLK", "HL59", start + later_h * HOUR, icao24=OTHER)
    assert (
        last(legs_of(join(theirs, lost(table, start)), History(table))).destination.airfield is None
    )


def test_two_habits_ahead_name_nothing(table: Airfields) -> None:
    """Where others fly to two fields that both lie ahead, neither is named."""
    leg = replace(last(legs_of(lost(table), History(table))))
    side = leg.destination
    open_ = replace(leg, destination=replace(side, going=(254.0, 430.0)))
    t = leg.last_seen.timestamp()
    customs = Customs(table)
    customs.learn(t, [Flown(OTHER, t - 1, False, "OSLK", "HL59")])
    assert customs.named([open_])[0].destination.airfield == "HL59"
    customs.learn(t, [Flown(OTHER, t - 2, False, "OSLK", "HLLQ")])
    assert customs.named([open_])[0].destination.airfield is None
    customs.learn(t, [Flown(int(leg.icao24, 16), t - 3, False, "HL59", "")])
    assert customs.named([open_])[0].destination.confidence == BOTH_SURE
    assert customs.named([open_])[0].destination.going is None


def test_live_names_at_once_and_is_final_when_all_is_known(table: Airfields) -> None:
    """Told with the name an hour after it was lost, by what is known then; final a day and a half
    after; a restart in between changes nothing."""
    theirs = flight(table, "OSLK", "HL59", T0 - 20 * HOUR, icao24=OTHER, callsign="RFF9")
    p, live = lost(table), LiveLegs(table)
    live.tick(theirs, T0 - HOUR)
    live.tick(p, p.time_s.max())
    told = last(live.tick(Positions.empty(), p.time_s.max() + 2 * HOUR))
    assert (told.destination.airfield, told.final) == ("HL59", False)
    after = LiveLegs(table)
    after.restore(live.dump())
    for one in (live, after):
        early = one.tick(Positions.empty(), p.time_s.max() + ON_S)
        assert not any(g.final for g in early if g.icao24 == told.icao24)
        final = last(one.tick(Positions.empty(), p.time_s.max() + 37 * HOUR))
        assert (final.id, final.final, final.destination) == (told.id, True, told.destination)


def test_a_leg_that_was_not_heard_asks_no_custom(table: Airfields) -> None:
    """Of a stop seen from before only, the leg that must have followed has no first report to ask
    from: nothing but the arrival is open."""
    side = Side(T0, 33.0, 20.0, 30_000.0, 430.0, 200.0, 0.0, 33_000.0, 440.0)
    found = History(table).sky.resolve(Stop(side, None, None, "J", (), False))
    assert found.arrival.going == (200.0, 430.0)
    assert found.departure.going is None
