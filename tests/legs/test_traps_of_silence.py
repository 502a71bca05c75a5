"""Silences that hide a stop, silences that hide none, and moments in the air that are no flight."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.airfields import Airfields
from bot.legs.cut import landed_between
from bot.legs.history import History
from bot.legs.side import Side
from tests.legs.flights import T0, between, flight, join, without
from tests.legs.test_traps import HOUR, circling, ends, legs


@pytest.fixture(scope="module")
def history(table: Airfields) -> History:
    """A builder; every test leaves it empty."""
    return History(table)


def test_an_island_hop_of_nine_minutes_is_two_legs(table: Airfields, history: History) -> None:
    """Lost on short final, found lifting off nine minutes later under the same callsign: a
    turboprop of a dozen seats stands no longer."""
    one = {"speed_kt": 160, "cruise_ft": 5000, "type_code": "C208", "step_s": 5, "taxi_s": 0}
    a = flight(table, "PHOG", "PHMK", callsign="MKU1", **one)
    b = flight(table, "PHMK", "PHNL", a.time_s.max() + 8 * 60, callsign="MKU1", **one)
    p = without(join(a, b), a.time_s.max() - 30, b.time_s.min() + 30)
    assert ends(legs(history, p)) == [("PHOG", "PHMK"), ("PHMK", "PHNL")]


@pytest.mark.parametrize(("every_s", "hole_min"), [(10.0, 12), (60.0, 14), (600.0, 0)])
def test_loitering_low_in_a_light_aircraft_is_one_leg(
    table: Airfields, history: History, every_s: float, hole_min: int
) -> None:
    """Level ovals at 2,000 ft, with a quarter of an hour unheard or polled every ten minutes, have
    no stop in them: it is found at the height at which it was lost."""
    p = circling(table, "EDFE", T0, 150, height_ft=0, every_s=every_s)
    p.altitude_ft[:] = 2000
    p = without(p, T0 + HOUR, T0 + HOUR + hole_min * 60)
    assert len(legs(history, p)) == 1


def test_a_lone_report_in_the_air_after_landing_is_no_leg(
    table: Airfields, history: History
) -> None:
    """Parked after a flight, one report says 'airborne' and no more is heard: one leg."""
    p = flight(table, "EDFE", "EDFM", speed_kt=110, cruise_ft=2500, type_code="C172")
    late = p.take(np.array([len(p) - 1]))
    late.time_s[:] += 240
    late.on_ground[:], late.altitude_ft[:], late.ground_speed_kt[:] = False, 1500, 70
    assert ends(legs(history, p, late)) == [("EDFE", "EDFM")]


def test_one_report_between_two_fields_is_a_leg(table: Airfields, history: History) -> None:
    """On the ground here, once in the air, on the ground there: it flew, however little is seen."""
    p = flight(table, "EDFE", "EDFM", speed_kt=110, cruise_ft=2500, type_code="C172")
    half = (T0 + p.time_s.max() - 300) / 2
    once = between(p, half, half + 31)
    assert ends(legs(history, p.take(p.on_ground), once)) == [("EDFE", "EDFM")]


def test_a_helicopter_that_never_says_ground_stops_on_its_pad(
    table: Airfields, history: History
) -> None:
    """Down to a pad, taxiing over it and standing there for ten minutes, always 'airborne': the
    flight ends there."""
    how = {"speed_kt": 110, "cruise_ft": 1500, "type_code": "EC35", "step_s": 10}
    a = flight(table, "EDFE", "EDFM", **how)
    b = flight(table, "EDFM", "EDFE", a.time_s.max() + 10, **how)
    p = join(a, b)
    ground = p.on_ground.copy()
    p.on_ground[:] = False
    p.altitude_ft[ground] = 350
    assert ends(legs(history, p)) == [("EDFE", "EDFM"), ("EDFM", "EDFE")]


HEIGHTS = st.floats(0, 40_000)
RATES = st.floats(-3000, 3000)


def _side(t: float, nm: float, alt: float, rate: float) -> Side:
    return Side(t, 0.0, nm / 60, alt, 200.0, 90.0, rate, alt, 200.0)


@given(gap=st.floats(5, 300), more=st.floats(0, 300), nm=st.floats(0, 300), low=HEIGHTS,
       high=HEIGHTS, down=RATES, up=RATES, craft=st.sampled_from("RLSTBJMU"))  # fmt: skip
def test_a_longer_silence_never_hides_less(gap: float, more: float, nm: float, low: float,
                                           high: float, down: float, up: float,
                                           craft: str) -> None:  # fmt: skip
    """What is a stop stays one when the silence is longer, or when the callsign changed in it."""
    same, other = (b"AAA1", b"AAA1"), (b"AAA1", b"AAA2")
    before = _side(0, 0, low, down)
    after, later = _side(gap * 60, nm, high, up), _side((gap + more) * 60, nm, high, up)
    if landed_between(before, after, same, craft):
        assert landed_between(before, later, same, craft)
        assert landed_between(before, after, other, craft)


@given(gap=st.floats(5, 120), alt=st.floats(1000, 40_000), craft=st.sampled_from("RLSTBJMU"))
def test_kept_height_never_speaks_for_a_stop(gap: float, alt: float, craft: str) -> None:
    """Lost level and found level at the same height is a stop only where lost coming down and
    found climbing would be one, too; and reports as rare as the silence never make one."""
    calls = (b"", b"")
    level = _side(0, 0, alt, 0), _side(gap * 60, 3, alt, 0)
    if landed_between(*level, calls, craft):
        down, up = _side(0, 0, alt, -900), _side(gap * 60, 3, alt, 900)
        assert landed_between(down, up, calls, craft)
    if landed_between(*level, calls, craft, interval_s=gap * 60):
        assert landed_between(*level, calls, craft, interval_s=10)
