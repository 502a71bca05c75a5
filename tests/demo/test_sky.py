"""Simulated aircraft obey physics."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import geo
from bot.demo.sky import BEFORE_S, EARTH_NM, GLIDE_FT_PER_NM, Flight, Path, Place, offset
from bot.model.air import Icao24

HMEIMIM = Place("OSLK", 35.4011, 35.9487, 157, 354)
KHADIM = Place("HL59", 31.9985, 21.1918, 800, 334)
TAKEOFF_S = 1_735_236_000.0


def flight(**changes: object) -> Flight:
    """Hmeimim to al-Khadim with changes."""
    plan = {"icao24": Icao24("154076"), "origin": HMEIMIM, "destination": KHADIM,
            "takeoff_s": TAKEOFF_S, "cruise_kt": 450.0}  # fmt: skip
    return Flight(**(plan | changes))  # type: ignore[arg-type]


def every(path: Path, step_s: float) -> np.ndarray:  # type: ignore[type-arg]
    return np.arange(path.begin_s, path.end_s, step_s)


PLACES = st.builds(Place, st.just("XXXX"), st.floats(-70, 70), st.floats(-180, 180),
                   st.floats(-100, 8_000), st.one_of(st.none(), st.floats(0, 360)))  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(PLACES, st.floats(0, 360), st.floats(60, 4_000), st.floats(20_000, 41_000),
       st.floats(300, 500), st.floats(2_000, 2_500))  # fmt: skip
def test_distance_is_speed_times_time(
    origin: Place, bearing: float, nm: float, cruise_ft: float, cruise_kt: float, climb_fpm: float
) -> None:
    """No step is longer than the speed allows, and none but those at a corner is shorter."""
    lat, lon = offset(origin.lat_deg, origin.lon_deg, bearing, nm)
    there = Place("YYYY", lat, lon, 300.0)
    path = Path(flight(origin=origin, destination=there, cruise_ft=cruise_ft,
                       cruise_kt=cruise_kt, climb_fpm=climb_fpm))  # fmt: skip
    time_s = every(path, 10)
    state = path.at(time_s)
    step_km = geo.distances_km(state.lat_deg[:-1], state.lon_deg[:-1],
                               state.lat_deg[1:], state.lon_deg[1:])  # fmt: skip
    flown_km = (state.ground_speed_kt[1:] + state.ground_speed_kt[:-1]) / 2 * 10 / 3600 * 1.852
    assert (step_km <= flown_km + 0.15).all()  # knots are linear between moments of acceleration
    assert np.median(np.abs(step_km - flown_km)) < 0.03
    assert np.isfinite(np.concatenate([np.ravel(column) for column in state])).all()


def test_height_is_rate_times_time() -> None:
    """It climbs at its rate, descends at three degrees, and never jumps."""
    path = Path(flight(climb_fpm=2_200.0))
    time_s = every(path, 5)
    state = path.at(time_s)
    rate = np.diff(state.height_ft) / 5 * 60
    assert rate.max() == pytest.approx(2_200, abs=1)
    down = (rate < -100) & (state.height_ft[1:] > 1_500)
    slope_ft_per_nm = -rate[down] * 60 / state.ground_speed_kt[1:][down]
    assert np.median(slope_ft_per_nm) == pytest.approx(GLIDE_FT_PER_NM, rel=0.03)


def test_it_stands_taxies_rolls_and_takes_off_on_time() -> None:
    """On the ground until lift-off, at the field, no faster than a roll; airborne right after."""
    path = Path(flight())
    before = path.at(np.linspace(path.begin_s, TAKEOFF_S - 1, 50))
    assert path.begin_s == pytest.approx(TAKEOFF_S - BEFORE_S)
    assert before.on_ground.all()
    assert before.ground_speed_kt.max() < 155
    away_km = geo.distances_km(before.lat_deg, before.lon_deg, np.array(HMEIMIM.lat_deg),
                               np.array(HMEIMIM.lon_deg))  # fmt: skip
    assert away_km.max() < 2.5
    assert not path.at(np.array([TAKEOFF_S + 1])).on_ground.any()


def test_it_lands_where_it_should() -> None:
    """After touchdown it is on the ground at its destination, and comes to a stand."""
    path = Path(flight())
    after = path.at(np.linspace(path.landing_s + 1, path.end_s, 50))
    away_km = geo.distances_km(after.lat_deg, after.lon_deg, np.array(KHADIM.lat_deg),
                               np.array(KHADIM.lon_deg))  # fmt: skip
    assert after.on_ground.all()
    assert away_km.max() < 2.5
    assert after.ground_speed_kt[-1] == 0
    assert set(after.height_ft) == {800.0}


def test_the_flight_takes_as_long_as_reported() -> None:
    """Hmeimim to al-Khadim straight is about 110 minutes for a jet transport."""
    path = Path(flight(cruise_kt=452.0))
    assert (path.landing_s - path.takeoff_s) / 60 == pytest.approx(110, abs=6)


def test_it_flies_over_its_way_points() -> None:
    """A way point is passed within a mile."""
    path = Path(flight(via=((33.9, 33.2), (33.6, 28.5))))
    state = path.at(every(path, 5))
    for lat, lon in ((33.9, 33.2), (33.6, 28.5)):
        away = geo.distances_km(state.lat_deg, state.lon_deg, np.array(lat), np.array(lon))
        assert away.min() < 1.852


def test_a_short_hop_cruises_low() -> None:
    """Between fields 25 nm apart it levels off where it can still come down."""
    lat, lon = offset(HMEIMIM.lat_deg, HMEIMIM.lon_deg, 180, 25)
    path = Path(flight(destination=Place("NEAR", lat, lon)))
    top_ft = path.at(every(path, 5)).height_ft.max()
    assert 3_000 < top_ft < 9_000


def test_a_leg_too_short_to_fly_is_refused() -> None:
    """A field two miles off cannot be reached by a climb and a descent: said plainly."""
    lat, lon = offset(HMEIMIM.lat_deg, HMEIMIM.lon_deg, 180, 2)
    with pytest.raises(ValueError, match="OSLK to NEAR: 6 nm is too short"):
        Path(flight(destination=Place("NEAR", lat, lon, 5_000), origin=HMEIMIM))


def test_the_transponder_is_silent_where_planned() -> None:
    """Off until the climb passes its height, off again in the descent, off in its holes."""
    hole = (TAKEOFF_S + 3_000, TAKEOFF_S + 3_600)
    path = Path(flight(on_above_ft=2_000.0, off_below_ft=9_000.0, holes=(hole,)))
    time_s = every(path, 5)
    state = path.at(time_s)
    on = path.transponder_on(time_s, state.height_ft)
    climbing = time_s < path.takeoff_s + 600
    assert state.height_ft[on & climbing].min() >= 2_000
    assert state.height_ft[on][-1] >= 9_000
    assert not on[state.on_ground].any()
    assert not on[(time_s > hole[0]) & (time_s < hole[1])].any()
    assert on[(time_s > hole[1]) & (state.height_ft > 9_000)].all()


@given(st.floats(-80, 80), st.floats(-180, 180), st.floats(0, 360), st.floats(1, 3_000))
def test_an_offset_is_as_far_as_asked(lat: float, lon: float, bearing: float, nm: float) -> None:
    """The point offset by a distance lies that distance away."""
    there = offset(lat, lon, bearing, nm)
    assert geo.distance_km(lat, lon, *there) / geo.EARTH_KM * EARTH_NM == pytest.approx(
        nm, abs=0.01
    )
