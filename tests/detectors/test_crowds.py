"""What a model of days finds odd, feature by feature and altogether."""

from __future__ import annotations

import numpy as np
import pytest

from detectors import crowds
from detectors.crowds import Crowds

WIDTH = 8


@pytest.fixture(scope="module")
def pairs() -> Crowds:
    """Days of one leg with two features that go together and six alone."""
    rng = np.random.default_rng(31)
    x = rng.normal(size=(300, WIDTH))
    x[:, 1] = 0.9 * x[:, 0] + 0.436 * x[:, 1]
    return crowds.fit(x, np.ones(300), np.full(WIDTH, 0.01), (1,))[0]


def day(**at: float) -> np.ndarray:
    """One day, all features as usual but those given by number."""
    out = np.zeros((1, WIDTH))
    for name, value in at.items():
        out[0, int(name[1:])] = value
    return out


def test_two_that_part_company_are_odder_to_what_each_foretells_of_the_other(pairs: Crowds) -> None:
    """Both within their range, against their correlation: rarer among single features than by the
    distance, which spends itself on eight directions."""
    one = np.ones(1)
    apart, together = day(f0=1.6, f1=-1.6), day(f0=1.6, f1=1.6)
    assert pairs.log10_p_alone(apart, one)[0] < pairs.log10_p(apart, one)[0] - 0.5
    assert pairs.log10_p_alone(apart, one)[0] < -3
    assert pairs.log10_p_alone(together, one)[0] > -0.5


def test_many_features_a_little_off_are_odder_by_the_distance(pairs: Crowds) -> None:
    """No feature is odd by itself, all together are: that is what the distance is for."""
    off = np.full((1, WIDTH), 2.2)
    one = np.ones(1)
    assert pairs.log10_p(off, one)[0] < pairs.log10_p_alone(off, one)[0] - 1


def test_the_largest_of_quiet_days_is_as_rare_as_stated(pairs: Crowds) -> None:
    """New quiet days have p-values below a tenth no oftener than one in eight, one in a hundred
    no oftener than one in fifty."""
    rng = np.random.default_rng(32)
    x = rng.normal(size=(4000, WIDTH))
    x[:, 1] = 0.9 * x[:, 0] + 0.436 * x[:, 1]
    p = 10 ** pairs.log10_p_alone(x, np.ones(4000))
    assert 0.03 < (p < 0.1).mean() < 0.125
    assert (p < 0.01).mean() < 0.02


def test_a_day_of_either_kind_is_usual_and_one_between_them_is_not() -> None:
    """Each feature is held against the nearest kind of day."""
    rng = np.random.default_rng(33)
    side = np.where(rng.random(300) < 0.4, 1.0, -1.0)
    x = rng.normal(0, 0.2, (300, 3)) + 2 * side[:, None]
    _, best = crowds.fit(x, np.ones(300), np.full(3, 0.01), crowds.KINDS)
    at = np.array([[2.0] * 3, [-2.0] * 3, [0.0] * 3, [2.0, 2.0, -2.0]])
    log_p = best.log10_p_alone(at, np.ones(4))
    assert (log_p[:2] > -0.5).all()
    assert (log_p[2:] < -3).all()
