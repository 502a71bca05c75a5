"""Simulated aircraft are heard where radio reaches."""

import numpy as np

from bot.demo.ears import Ears, Receiver
from bot.demo.sky import Path, State
from tests.demo.test_sky import KHADIM, flight

LARNACA = Receiver("Larnaca", 34.92, 33.62, 100)


def state(lat: float, lon: float, height_ft: float, ground: bool = False) -> State:
    one = np.array([1.0])
    return State(one * lat, one * lon, one * height_ft, one, one, one, np.array([ground]))


def test_the_radio_horizon_grows_with_height() -> None:
    """110 nm away an aircraft is heard at FL300 and not at 3,000 ft."""
    ears, away = Ears([LARNACA]), (34.92, 35.86)
    assert ears.in_range(np.zeros(1), state(*away, 30_000)).all()
    assert not ears.in_range(np.zeros(1), state(*away, 3_000)).any()


def test_the_ground_is_heard_only_inside_the_fence() -> None:
    """A taxiing aircraft is heard next to the antenna, not twenty miles away."""
    ears = Ears([LARNACA])
    assert ears.in_range(np.zeros(1), state(34.92, 33.65, 8, ground=True)).all()
    assert not ears.in_range(np.zeros(1), state(34.92, 34.05, 8, ground=True)).any()


def test_a_receiver_that_is_down_hears_nothing() -> None:
    """In an outage nothing comes in, before and after it does."""
    ears = Ears([Receiver("x", 34.92, 33.62, 100, outages=((100.0, 200.0),))])
    here = state(34.92, 33.7, 9_000)
    heard = [bool(ears.in_range(np.array([t]), here)[0]) for t in (50.0, 150.0, 250.0)]
    assert heard == [True, False, True]


def test_an_aircraft_is_lost_on_its_way_down() -> None:
    """With receivers in Crete alone the end of a flight to al-Khadim is not heard."""
    path = Path(flight())
    polls = np.arange(path.begin_s, path.end_s, 60)
    heard = Ears([Receiver("Chania", 35.5, 24.03, 1_200)]).hear(path, polls)
    last_ft = heard.state.height_ft[-1]
    assert 10_000 < last_ft < 25_000
    assert polls[heard.poll[-1]] < path.landing_s
    assert KHADIM.elevation_ft < last_ft


def test_fixes_of_one_aircraft_are_in_order() -> None:
    """However often one polls, a later poll never brings an earlier fix."""
    path = Path(flight())
    polls = np.arange(path.begin_s, path.end_s, 1.0)
    heard = Ears([LARNACA]).hear(path, polls)
    fix_s = polls[heard.poll] - heard.age_s
    assert (np.diff(fix_s) > -1e-6).all()
    assert heard.age_s.min() >= 0
    assert heard.age_s.max() < 60


def test_the_same_seed_hears_the_same() -> None:
    """Luck is a function of the seed, and another seed has other luck."""
    path = Path(flight())
    polls = np.arange(path.begin_s, path.end_s, 60)
    one, same, other = (Ears([LARNACA], seed).hear(path, polls) for seed in (1, 1, 2))
    assert np.array_equal(one.age_s, same.age_s)
    assert not np.array_equal(one.age_s, other.age_s)
