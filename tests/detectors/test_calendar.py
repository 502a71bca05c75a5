"""Special days given as covariates: what is learnt of them, and what they must not spoil."""

import numpy as np
import pytest

from detectors import walk_forward
from detectors.online import Online

DATES = np.arange(1200) + np.datetime64("2021-01-01")


def feast(times: float, seed: int = 3, rate: float = 40.0) -> tuple[np.ndarray, np.ndarray]:
    """Counts of three years with four special days every 100, and their covariate (T, 1)."""
    special = np.isin(np.arange(1200) % 100, range(40, 44))
    mean = rate * np.where(special, times, 1.0)
    return np.random.default_rng(seed).poisson(mean).astype(float), special[:, None] * 1.0


@pytest.mark.parametrize("times", [0.5, 2.0])
def test_the_whole_effect_is_learnt(times: float) -> None:
    """A doubling is expected as a doubling, not as its root; a halving as a halving."""
    y, x = feast(times)
    walk = walk_forward(y, DATES, calendar=x)
    late = (x[:, 0] > 0) & (np.arange(1200) > 600)
    assert walk.expected[late].mean() == pytest.approx(40 * times, rel=0.08)


def test_special_days_teach_chance_nothing() -> None:
    """The limit of a plain day is as far from the expectation as on a route without feasts: doubt
    about a special day is not taken for regular traffic."""
    y, x = feast(1.6, rate=400.0)
    quiet = np.where(x[:, 0] > 0, np.nan, y)
    late = (x[:, 0] == 0) & (np.arange(1200) > 600)
    known, bare = walk_forward(y, DATES, calendar=x), walk_forward(quiet, DATES)
    room = np.nanmedian((known.limit - known.expected)[late])
    assert room == pytest.approx(np.nanmedian((bare.limit - bare.expected)[late]), rel=0.1)


def test_a_covariate_of_zeros_changes_nothing() -> None:
    """Columns that are never set, or set for other series only, leave every number."""
    y, x = feast(1.0)
    want = walk_forward(y, DATES)
    batch = walk_forward(np.stack([y, y]), DATES, calendar=np.stack([0 * x, x]))
    for name in ("score", "expected", "limit"):
        first = getattr(batch, name)[0]
        assert np.allclose(first, getattr(want, name), atol=1e-9, rtol=0, equal_nan=True)


def test_a_stored_walk_keeps_its_calendar() -> None:
    """Stored and restored between special days, the walk goes on with the same numbers."""
    y, x = feast(2.0)
    want = walk_forward(y[:460], DATES[:460], calendar=x[:460])
    online = Online(1, specials=1)
    for t in range(460):
        got = online.update(y[t : t + 1], DATES[t], calendar=x[t])
        if t in (141, 445):
            online = Online.load(online.dump())
    assert got.score[0] == pytest.approx(want.score[-1], abs=1e-9)
    with pytest.raises(ValueError, match="calendar"):
        online.update(y[:1], DATES[460])
