"""Traps at the ends of legs: addresses shared, places spoofed, stops half seen, habits."""

import numpy as np
import pytest

from bot.airfields import Airfields
from bot.legs.history import History
from bot.model.air import How
from tests.legs.flights import T0, between, flight, join, without
from tests.legs.test_traps import HOUR, ends, legs


@pytest.fixture(scope="module")
def history(table: Airfields) -> History:
    """A builder; every test leaves it empty."""
    return History(table)


def test_two_aircraft_under_one_address_are_told_apart(table: Airfields, history: History) -> None:
    """One in Europe, one in America, at a time under one address: each keeps its own legs."""
    a = join(flight(table, "EDDF", "LEMD", step_s=20, callsign="AAA1"),
             flight(table, "LEMD", "EDDF", T0 + 4 * HOUR, step_s=20, callsign="AAA2"))  # fmt: skip
    b = join(flight(table, "KDEN", "KMSP", T0 + 307, step_s=20, callsign="BBB1"),
             flight(table, "KMSP", "KDEN", T0 + 12_607, step_s=20, callsign="BBB2"))  # fmt: skip
    found = legs(history, a, b)
    assert {leg.icao24 for leg in found} == {"154076"}
    assert {(g.callsign, g.destination.airfield) for g in found} == {
        ("AAA1", "LEMD"), ("AAA2", "EDDF"), ("BBB1", "KMSP"), ("BBB2", "KDEN"),
    }  # fmt: skip


def test_a_spoofed_approach_is_no_landing_at_the_spoofed_place(
    table: Airfields, history: History
) -> None:
    """On final to Damascus the position leaps to Beirut, descends and taxies there: it did not."""
    p = flight(table, "LTAC", "OSDI", step_s=10, type_code="B738")
    tail = p.time_s > p.time_s.max() - 300 - 6 * 60
    rng = np.random.default_rng(7)
    n = int(tail.sum())
    p.lat_deg[tail], p.lon_deg[tail] = (
        33.82 + rng.normal(0, 0.01, n),
        35.488 + rng.normal(0, 0.01, n),
    )
    named = {e for pair in ends(legs(history, p)) for e in pair}
    assert "OLBA" not in named


def test_an_outlier_as_the_first_report_after_a_stop_hides_no_landing(
    table: Airfields, history: History
) -> None:
    """Half an hour after landing unseen, one report lies 80 NM off, the next ones climb out of the
    field: two flights, not one."""
    a = flight(table, "LYBE", "UKLN", type_code="AT72", speed_kt=270, cruise_ft=18_000, step_s=10)
    b = flight(table, "UKLN", "LYBE", a.time_s.max() + 20 * 60, type_code="AT72", speed_kt=270,
               cruise_ft=18_000, step_s=10)  # fmt: skip
    p = without(join(a, b), a.time_s.max() - 330, b.time_s.min() + 330)
    first = int(np.flatnonzero(p.time_s > a.time_s.max())[0])
    p.lat_deg[first] += 1.4
    assert ends(legs(history, p)) == [("LYBE", "UKLN"), ("UKLN", "LYBE")]


def test_low_over_the_runway_is_a_landing_whatever_follows(
    table: Airfields, history: History
) -> None:
    """Lost at 400 ft on final to Benghazi, found hours later leaving another field: both are
    known, and so is that it flew between them."""
    a = flight(table, "OSLK", "HLLB", speed_kt=280, cruise_ft=20_000, type_code="DH8C", step_s=10)
    low = a.time_s.max() - 300 - 15
    b = flight(table, "HLTQ", "HLLB", low + 4 * HOUR, speed_kt=280, cruise_ft=20_000,
               type_code="DH8C", step_s=10)  # fmt: skip
    b = between(b, low + 4 * HOUR + 40, 9e9)
    found = ends(legs(history, between(a, 0, low), b))
    assert found[0] == ("OSLK", "HLLB")
    assert found[-1] == ("HLTQ", "HLLB")


def test_a_shuttle_is_named_by_its_habit(table: Airfields, history: History) -> None:
    """A stop that two fields fit alike is the one where the airframe is seen the other days."""
    seen = [flight(table, "OSLK", "HL59", T0), flight(table, "HL59", "OSLK", T0 + 5 * HOUR)]
    lost = [flight(table, "OSLK", "HL59", T0 + 11 * HOUR),
            flight(table, "HL59", "OSLK", T0 + 16 * HOUR)]  # fmt: skip
    hidden = without(join(*lost), T0 + 11.8 * HOUR, T0 + 16.8 * HOUR)
    alone = legs(history, hidden)[0].destination
    after = legs(history, *seen, hidden)[2].destination
    shares = [dict(e.candidates).get("HL59", 0.0) for e in (alone, after)]
    assert shares[1] > shares[0]
    assert after.airfield in ("HL59", None)


@pytest.mark.parametrize("every_s", [20.0, 200.0, 400.0])
def test_first_heard_coming_down_it_did_not_take_off_there(
    table: Airfields, history: History, every_s: float
) -> None:
    """Only the last minutes of the descent are heard, without vertical rates: the field it lands
    on is not the one it came from."""
    p = flight(table, "OSLK", "HL59", step_s=every_s)
    p = between(p, p.time_s.max() - 300 - 1000, p.time_s.max() - 300)
    p.vertical_rate_fpm[:] = np.nan
    for leg in legs(history, p):
        assert leg.origin.airfield is None


def test_a_carrier_is_no_airfield(table: Airfields, history: History) -> None:
    """Down to the sea 80 NM off the coast, silent for two hours, up again from there: two legs,
    and the stop between has no name."""
    out = flight(table, "LICZ", "HLLB", speed_kt=260, cruise_ft=20_000, type_code="E2", step_s=10)
    back = flight(table, "HLLB", "LICZ", out.time_s.max() + HOUR, speed_kt=260, cruise_ft=20_000,
                  type_code="E2", step_s=10)  # fmt: skip
    a = between(out, 0, T0 + 0.5 * (out.time_s.max() - 300 - T0))
    b = between(back, back.time_s.min() + 300 + 0.5 * (np.ptp(back.time_s) - 600), 9e9)
    a.altitude_ft[:] = np.minimum(a.altitude_ft, (a.time_s.max() - a.time_s) / 60 * 1500 + 100)
    b.altitude_ft[:] = np.fmin(b.altitude_ft, (b.time_s - b.time_s.min()) / 60 * 1500 + 100)
    a.vertical_rate_fpm[-60:], b.vertical_rate_fpm[:60] = -1500, 1500
    found = legs(history, a, b)
    assert ends(found) == [("LICZ", None), (None, "LICZ")]


@pytest.mark.parametrize(("turned", "named"), [(0.0, "HL59"), (40.0, None)])
def test_lost_at_cruise_on_its_own_beat(table: Airfields, history: History, turned: float,
                                        named: str | None) -> None:  # fmt: skip
    """A shuttle's last flight is lost at cruise: its destination is where it was seen before, if
    it flies straight there, and unknown if it heads elsewhere."""
    out, back = flight(table, "OSLK", "HL59"), flight(table, "HL59", "OSLK", T0 + 4 * HOUR)
    last = flight(table, "OSLK", "HL59", T0 + 8 * HOUR)
    last = between(last, 0, last.time_s.max() - 300 - 22 * 60)
    last.track_deg[:] = (last.track_deg + turned) % 360
    found = legs(history, out, back, last)
    assert [g.origin.airfield for g in found] == ["OSLK", "HL59", "OSLK"]
    assert found[2].destination.altitude_ft == 33_000
    assert found[2].destination.airfield == named
    assert found[2].destination.how is (How.PROJECTED if named else How.UNKNOWN)


@pytest.mark.parametrize("heard_low", [True, False])
@pytest.mark.parametrize(("hours", "home"), [(7.0, False), (2.6, True)])
def test_lost_flying_away_and_home_hours_later(table: Airfields, history: History, heard_low: bool,
                                               hours: float, home: bool) -> None:  # fmt: skip
    """Lost in level flight an hour out, next heard at the same field: after seven hours it landed
    somewhere in between, and that side alone names only its own departure; after as long as it
    takes to come back it did."""
    out = flight(table, "OSLK", "HLLB")
    out = between(out, 0, T0 + 2700)
    again = flight(table, "OSLK", "OLBA", T0 + hours * HOUR, cruise_ft=9000.0)
    if heard_low:
        again = again.take(~again.on_ground)
    one, *_, two = legs(history, out, again)
    assert one.destination.airfield == ("OSLK" if home else None)
    assert two.origin.airfield == "OSLK"
