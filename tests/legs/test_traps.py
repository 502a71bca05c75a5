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


def test_tisb_beside_adsb_makes_no_legs(table: Airfields, history: History) -> None:
    """Ground radar's echo of the same aircraft, two miles off and ten seconds late: one leg."""
    p = flight(table, "EDDF", "LEMD", step_s=10, type_code="B738")
    echo = between(flight(table, "EDDF", "LEMD", step_s=10, type_code="B738"), T0 + 600, T0 + 5000)
    rng = np.random.default_rng(6)
    echo.time_s[:] += 10.5
    echo.lat_deg[:] += rng.normal(0, 0.03, len(echo))
    echo.lon_deg[:] += rng.normal(0, 0.03, len(echo))
    echo.callsign[:] = b""
    assert ends(legs(history, p, echo)) == [("EDDF", "LEMD")]


def test_a_tankers_racetrack_with_holes_is_one_leg(table: Airfields, history: History) -> None:
    """Two hours of refuelling racetracks 100 NM out, lost at the far end of each, home again."""
    out = flight(table, "EGUN", "EGPH", cruise_ft=25_000, speed_kt=400, type_code="K35R", step_s=15)
    out = between(out, T0 - 400, T0 + 1200)
    home = flight(table, "EGPH", "EGUN", T0 + 1200 + 2 * HOUR - 1500, cruise_ft=25_000,
                  speed_kt=400, type_code="K35R", step_s=15)  # fmt: skip
    home = between(home, T0 + 1200 + 2 * HOUR, 9e9)
    t = np.arange(T0 + 1215, T0 + 1200 + 2 * HOUR, 15.0)
    beat = np.resize(np.arange(len(out)), len(t))
    track = out.take(beat)
    angle = 2 * np.pi * (t - t[0]) / 900
    a, b = (out.lat_deg[-1], out.lon_deg[-1]), (home.lat_deg[0], home.lon_deg[0])
    share = (t - t[0]) / (t[-1] - t[0])
    track.time_s[:], track.on_ground[:] = t, False
    track.lat_deg[:] = a[0] + (b[0] - a[0]) * share + 0.25 * np.sin(angle)
    track.lon_deg[:] = a[1] + (b[1] - a[1]) * share + 0.1 * (1 - np.cos(angle))
    track.altitude_ft[:], track.ground_speed_kt[:] = 25_000, 380
    track.vertical_rate_fpm[:], track.track_deg[:] = 0, np.degrees(angle) % 360
    lost = (t - t[0]) % 900 > 500
    assert ends(legs(history, out, track.take(~lost), home)) == [("EGUN", "EGUN")]
