"""The calibration of shares."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.legs.curve import Curve

SHARE = st.integers(0, 1000).map(lambda n: n / 1000)  # as coarse as fitted ones, often the same
KNOTS = st.lists(st.tuples(SHARE, SHARE), min_size=1, max_size=6)


@given(KNOTS, SHARE | st.floats(0, 1))
def test_a_share_is_worth_what_the_line_between_the_knots_says(
    knots: list[tuple[float, float]], share: float
) -> None:
    """As numpy interpolates, bit for bit, knots that fall together included."""
    raw, right = (tuple(sorted(v)) for v in zip(*knots, strict=True))
    assert Curve(raw, right).at(share) == float(np.interp(share, raw, right))


@given(KNOTS, st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_calibrated_shares_are_probabilities_and_the_best_stays_best(
    knots: list[tuple[float, float]], told: list[float]
) -> None:
    """They add up to one at most, and none is above the best's."""
    raw, right = (tuple(sorted(v)) for v in zip(*knots, strict=True))
    share = [p / max(sum(told), 1.0) for p in told]
    out = Curve(raw, right).settled(share)
    assert sum(out) <= 1 + 1e-9
    assert max(out) == out[share.index(max(share))]
