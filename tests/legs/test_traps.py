"""Everything that has fooled leg builders before, one test each."""

import numpy as np
import pytest

from bot.airfields import Airfields
from bot.legs.history import History, legs_of
from bot.model.air import How, Leg, Positions
from tests.legs.flights import T0, between, flight, join, place, without

HOUR, DAY = 3600.0, 86_400.0
Ends = list[tuple[str | None, str | None]]


@pytest.fixture(scope="module")
def history(table: Airfields) -> History:
    """A builder; every test leaves it empty."""
    return History(table)


def legs(history: History, *parts: Positions) -> list[Leg]:
    """The legs of these reports in order of time."""
    return sorted(legs_of(join(*parts), history), key=lambda leg: leg.first_seen)


def ends(found: list[Leg]) -> Ends:
    """Origin and destination of each leg."""
    return [(leg.origin.airfield, leg.destination.airfield) for leg in found]


def circling(table: Airfields, ident: str, start_s: float, minutes: float, *, height_ft: float,
             touch: bool = False, every_s: float = 10.0, **more: object) -> Positions:  # fmt: skip
    """Ovals of six minutes beside a field; `touch`: the wheels meet the runway each time."""
    field = place(table, ident)
    t = np.arange(0, minutes * 60, every_s)
    angle = t / 360 * 2 * np.pi
    up = (1 - np.cos(angle)) / 2
    floor = field.elevation_ft or 0
    ground = np.asarray(touch & (up < 0.01) & (t > 60))
    n = len(t)
    return Positions.of(
        np.full(n, 0x154076), start_s + t, field.lat_deg + 0.03 * np.sin(angle),
        field.lon_deg + 0.06 * up,
        altitude_ft=np.where(ground, np.nan, floor + 60 + height_ft * np.sqrt(up)),
        on_ground=ground, ground_speed_kt=np.full(n, 95.0), track_deg=np.degrees(angle) % 360,
        type_code=np.full(n, str(more.get("type_code", "C172")).encode()),
        callsign=np.full(n, b"DEMO1"),
    )  # fmt: skip


def test_a_leg_over_midnight_is_one_leg(table: Airfields, history: History) -> None:
    """A flight from 23:00 to 01:00 is whole, also when two day files bring it in two batches."""
    p = flight(table, "OSLK", "HL59", T0 - T0 % DAY + 23 * HOUR)
    midnight = T0 - T0 % DAY + DAY
    found = history.add(between(p, 0, midnight)) + history.add(between(p, midnight, 9e9))
    assert ends(found + history.flush()) == [("OSLK", "HL59")]


def test_a_quick_turnaround_unseen_is_two_legs(table: Airfields, history: History) -> None:
    """Lost on approach, found climbing out 40 min later: two legs with the stop between."""
    a = flight(table, "OSLK", "HLLB", callsign="AAA1", type_code="B738", taxi_s=0)
    b = flight(table, "HLLB", "OSLK", a.time_s.max() + 27 * 60, callsign="AAA2",
               type_code="B738", taxi_s=0)  # fmt: skip
    p = without(join(a, b), a.time_s.max() - 360, b.time_s.min() + 360)
    found = legs(history, p)
    assert ends(found) == [("OSLK", "HLLB"), ("HLLB", "OSLK")]
    assert found[0].destination.how in (How.STOP, How.LOW)


def test_an_ocean_crossing_is_one_leg(table: Airfields, history: History) -> None:
    """Five hours without a report over the Atlantic hide no landing."""
    p = flight(table, "EGLL", "KJFK", type_code="B77W", speed_kt=470)
    found = legs(history, without(p, T0 + HOUR, T0 + 5.2 * HOUR))
    assert ends(found) == [("EGLL", "KJFK")]


def test_touch_and_goes_are_one_leg(table: Airfields, history: History) -> None:
    """Wheels that touch the runway in passing end no leg."""
    p = circling(table, "EDFE", T0, 40, height_ft=900, touch=True)
    assert len(legs(history, p)) == 1


def test_circuits_without_touching_are_one_leg(table: Airfields, history: History) -> None:
    """Low passes at a field are no landings."""
    assert len(legs(history, circling(table, "EDFE", T0, 60, height_ft=1000))) == 1


def test_a_go_around_is_one_leg(table: Airfields, history: History) -> None:
    """Down to 300 ft over the runway, up again, round, and landed: one leg."""
    a = flight(table, "LTAC", "LLBG", type_code="B738", callsign="THY1")
    low = a.time_s.max() - 300 - 45
    again = circling(table, "LLBG", low, 12, height_ft=2500, type_code="B738")
    rest = between(a, low, 9e9)
    rest.time_s[:] += 12 * 60
    assert ends(legs(history, between(a, 0, low), again, rest)) == [("LTAC", "LLBG")]


def test_a_hold_with_a_hole_in_it_is_one_leg(table: Airfields, history: History) -> None:
    """Half an hour of holding at 15,000 ft, with ten minutes of it unheard, is no stop."""
    a = flight(table, "LTAC", "LLBG", type_code="B738")
    at = T0 + 45 * 60
    here = between(a, at - 40, at)
    hold = circling(table, "LLBG", at, 30, height_ft=0, type_code="B738")
    hold.lat_deg[:] += here.lat_deg[-1] - hold.lat_deg[0]
    hold.lon_deg[:] += here.lon_deg[-1] - hold.lon_deg[0]
    hold.altitude_ft[:] = 15_000
    hold.ground_speed_kt[:] = 230
    rest = between(a, at, 9e9)
    rest.time_s[:] += 30 * 60
    p = without(join(between(a, 0, at), hold, rest), at + 600, at + 1200)
    assert ends(legs(history, p)) == [("LTAC", "LLBG")]


def test_a_diversion_ends_where_it_landed(table: Airfields, history: History) -> None:
    """Flown towards one field, landed at another: the other is the destination."""
    a = flight(table, "OSLK", "HLLB")
    at = T0 + 0.75 * (a.time_s.max() - T0)
    turn = flight(table, "LGSA", "LCRA", at)
    first = between(a, 0, at)
    away = between(turn, at + 240, 9e9)
    away.lat_deg[:60] = np.linspace(first.lat_deg[-1], away.lat_deg[60], 60)
    away.lon_deg[:60] = np.linspace(first.lon_deg[-1], away.lon_deg[60], 60)
    found = legs(history, first, away)
    assert found[0].origin.airfield == "OSLK"
    assert found[-1].destination.airfield == "LCRA"


@pytest.mark.parametrize("calls", [(b"RFF1", b"RFF2"), (b"", b"RFF1"), (b"RFF1", b"")])
def test_a_callsign_that_changes_in_flight_cuts_nothing(
    table: Airfields, history: History, calls: tuple[bytes, bytes]
) -> None:
    """Callsigns appear late, blank out and are edited: alone they end no leg."""
    p = flight(table, "OSLK", "HL59")
    half = p.time_s < T0 + HOUR
    p.callsign[half], p.callsign[~half] = calls
    assert ends(legs(history, p)) == [("OSLK", "HL59")]


def test_a_lone_surface_bit_at_cruise_is_no_landing(table: Airfields, history: History) -> None:
    """One report 'on the ground' at 430 kt between two at 33,000 ft is a broken bit."""
    p = flight(table, "OSLK", "HL59")
    at = len(p) // 2
    p.on_ground[at] = True
    p.altitude_ft[at] = np.nan
    assert ends(legs(history, p)) == [("OSLK", "HL59")]


def test_a_stuck_surface_bit_is_no_landing(table: Airfields, history: History) -> None:
    """Ten minutes 'on the ground' at 430 kt are no landing either."""
    p = flight(table, "OSLK", "HL59")
    stuck = (p.time_s > T0 + HOUR) & (p.time_s < T0 + HOUR + 600)
    p.on_ground[stuck] = True
    p.altitude_ft[stuck] = np.nan
    assert ends(legs(history, p)) == [("OSLK", "HL59")]


def test_a_moment_airborne_while_taxiing_is_no_leg(table: Airfields, history: History) -> None:
    """Taxiing with the airborne bit flickering, altitudes of 36,000 ft and all, is no flight."""
    p = between(flight(table, "LSZH", "LTAC", step_s=2), 0, T0 - 5)
    p.on_ground[40:44] = False
    p.altitude_ft[40:44] = 36_000
    p.ground_speed_kt[40:44] = np.nan
    assert legs(history, p) == []


def test_altitude_spikes_are_borne(table: Airfields, history: History) -> None:
    """Single altitudes of 60,000 and -900 ft, also as the last one, do not change the ends."""
    p = flight(table, "OSLK", "HL59")
    air = np.flatnonzero(~p.on_ground)
    p.altitude_ft[air[::37]] = 60_000
    p.altitude_ft[air[5::53]] = -900
    assert ends(legs(history, p)) == [("OSLK", "HL59")]


def test_outliers_are_dropped(table: Airfields, history: History) -> None:
    """Positions thrown about by jamming, one in seven, make no legs and no ends."""
    p = flight(table, "OSLK", "HL59", step_s=10)
    rng = np.random.default_rng(3)
    wild = rng.random(len(p)) < 0.15
    wild[:5] = False
    p.lat_deg[wild] += rng.normal(0, 4, wild.sum())
    assert ends(legs(history, p)) == [("OSLK", "HL59")]


@pytest.mark.parametrize("minutes", [3, 12, 35])
def test_spoofing_to_one_airport_is_no_stop_there(
    table: Airfields, history: History, minutes: int
) -> None:
    """Off Lebanon the position sits at Beirut for a while, then it is back: one leg."""
    p = flight(table, "LTAC", "HECA", step_s=15, type_code="B738")
    span = (p.time_s > T0 + 45 * 60) & (p.time_s < T0 + (45 + minutes) * 60)
    p.lat_deg[span], p.lon_deg[span] = 33.82, 35.488
    found = legs(history, p)
    assert ends(found) == [("LTAC", "HECA")]


def test_multilateration_noise_makes_no_legs(table: Airfields, history: History) -> None:
    """Positions that scatter by a mile, without speeds, give the same leg."""
    p = flight(table, "EDDF", "LEMD", step_s=5, type_code="B738")
    rng = np.random.default_rng(5)
    p.lat_deg[:] += rng.normal(0, 0.012, len(p))
    p.lon_deg[:] += rng.normal(0, 0.012, len(p))
    p.ground_speed_kt[~p.on_ground] = np.nan
    assert ends(legs(history, p)) == [("EDDF", "LEMD")]


def test_two_aircraft_under_one_address_name_no_false_field(
    table: Airfields, history: History
) -> None:
    """Two airframes with one address: whatever legs result, no end is where nobody was."""
    a = flight(table, "EDDF", "LEMD", step_s=20)
    b = flight(table, "KDEN", "KMSP", T0 + 300, step_s=20)
    named = {e for pair in ends(legs(history, a, b)) for e in pair if e}
    assert named <= {"EDDF", "LEMD", "KDEN", "KMSP"}


def test_two_clocks_make_no_legs(table: Airfields, history: History) -> None:
    """Every report twice, the second 20 s late: one leg."""
    p = flight(table, "EDDF", "LEMD", step_s=10)
    late = flight(table, "EDDF", "LEMD", T0 + 20, step_s=10)
    assert ends(legs(history, p, late)) == [("EDDF", "LEMD")]


@pytest.mark.parametrize(("origin", "destination"), [("NZAA", "NSFA"), ("PADK", "UHPP")])
def test_the_date_line_is_no_jump(
    table: Airfields, history: History, origin: str, destination: str
) -> None:
    """A flight over 180 degrees is one leg."""
    p = flight(table, origin, destination, type_code="B738")
    assert ends(legs(history, p)) == [(origin, destination)]


def test_the_pole_is_no_jump(table: Airfields, history: History) -> None:
    """A flight over the pole, with a hole on top, is one leg."""
    p = flight(table, "ENSB", "PABR", type_code="B738")
    mid = (p.time_s.min() + p.time_s.max()) / 2
    assert ends(legs(history, without(p, mid - 1800, mid + 1800))) == [("ENSB", "PABR")]


def test_a_helicopter_that_hovers_is_still_flying(table: Airfields, history: History) -> None:
    """Ten minutes of hover at 900 ft far from any field is no stop."""
    p = flight(table, "EDFE", "EDFM", speed_kt=110, cruise_ft=1200, type_code="EC35", step_s=10)
    at = T0 + 0.5 * (p.time_s.max() - T0 - 300)
    before, rest = between(p, 0, at), between(p, at, 9e9)
    n = 60
    still = before.take(np.full(n, len(before) - 1))
    hover = Positions.of(still.icao24, at + np.arange(n) * 10.0, still.lat_deg, still.lon_deg,
                         altitude_ft=still.altitude_ft, ground_speed_kt=np.full(n, 3.0),
                         type_code=still.type_code)  # fmt: skip
    rest.time_s[:] += 610
    assert ends(legs(history, before, hover, rest)) == [("EDFE", "EDFM")]


def test_heights_are_above_the_field(table: Airfields, history: History) -> None:
    """Lost at 8,000 ft over a field at 7,600 ft (Addis Ababa): it landed there."""
    p = flight(table, "HKJK", "HAAB", type_code="B738")
    low = p.time_s.max() - 300 - 15
    leg = legs(history, between(p, 0, low))[0]
    assert (leg.destination.airfield, leg.destination.how) == ("HAAB", How.LOW)


def test_an_aircraft_that_never_says_ground_is_cut_on_the_ground(
    table: Airfields, history: History
) -> None:
    """Without a surface bit, standing at a field for an hour still ends the leg."""
    a = flight(table, "EDFE", "EDFM", speed_kt=110, cruise_ft=2500, type_code="C172",
               taxi_s=1800)  # fmt: skip
    b = flight(table, "EDFM", "EDFE", a.time_s.max(), speed_kt=110, cruise_ft=2500,
               type_code="C172")  # fmt: skip
    p = join(a, b)
    ground = p.on_ground.copy()
    p.on_ground[:] = False
    p.altitude_ft[ground] = 400
    p.ground_speed_kt[ground] = 0
    assert ends(legs(history, p)) == [("EDFE", "EDFM"), ("EDFM", "EDFE")]


def test_loitering_is_one_leg(table: Airfields, history: History) -> None:
    """Four hours of ovals at 25,000 ft, polled every ten minutes, are no stops."""
    p = circling(table, "LFMI", T0, 240, height_ft=0, type_code="K35R", every_s=600)
    p.altitude_ft[:] = 25_000
    p.ground_speed_kt[:] = 380
    assert len(legs(history, p)) == 1


def test_a_single_side_at_cruise_names_nothing(table: Airfields, history: History) -> None:
    """First heard and last heard at 33,000 ft: both ends unknown, no field, no confidence."""
    p = between(flight(table, "OSLK", "HL59"), T0 + 40 * 60, T0 + 70 * 60)
    leg = legs(history, p)[0]
    for end in (leg.origin, leg.destination):
        assert (end.airfield, end.how, end.confidence) == (None, How.UNKNOWN, 0.0)


def test_a_landing_hidden_in_a_long_gap_gives_two_honest_legs(
    table: Airfields, history: History
) -> None:
    """Nine hours of silence between two cruises: two legs, and no certainty where it was."""
    a = between(flight(table, "LTAC", "HLLB", callsign="AAA1"), 0, T0 + HOUR)
    b = flight(table, "FTTJ", "LTAC", T0 + 9 * HOUR, callsign="AAA2")
    b = between(b, T0 + 12 * HOUR, 9e9)
    found = legs(history, a, b)
    assert len(found) == 2
    assert found[0].origin.airfield == found[1].destination.airfield == "LTAC"
    assert found[0].destination.confidence < 0.9


def test_probabilities_are_probabilities(table: Airfields, history: History) -> None:
    """Candidates come best first and sum to one at most; the named field's share is its own."""
    a = flight(table, "OSLK", "HL59")
    b = flight(table, "HL59", "OSLK", a.time_s.max() + 2 * HOUR)
    p = without(join(a, b), a.time_s.max() - 1500, b.time_s.min() + 1500)
    for leg in legs(history, p):
        for end in (leg.origin, leg.destination):
            shares = [share for _, share in end.candidates]
            assert shares == sorted(shares, reverse=True)
            assert sum(shares) <= 1 + 1e-3
            if end.airfield:
                assert end.candidates[0] == (end.airfield, end.confidence)


def test_a_field_the_owner_names_is_never_held_small(table: Airfields) -> None:
    """A dirt strip that a watch names is judged like a large field."""
    strip = "88NV"
    kept = History(table, named=frozenset({strip})).sky.places
    plain = History(table).sky.places
    row = table.row_of[strip]
    assert (kept.size[row], plain.size[row]) == (0, 3)


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
