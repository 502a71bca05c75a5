"""The contract of `walk_forward`, and that the online form gives the same numbers."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest

from detectors import Online, Prior, is_like, pool_prior, walk_forward

DATES = np.datetime64("2023-01-01") + np.arange(900)


def quiet(n: int, size: int, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rate = 10 ** rng.uniform(-1.5, 1.2, (n, 1))
    return rng.poisson(rate, (n, size)).astype(float)


def eventful(size: int = 500) -> np.ndarray:
    """Six series with a surge, an outage, missing days and a lasting new level."""
    y = quiet(6, size)
    y[0, 200:210] += 6
    y[1, 300:340] = 0
    y[2, 50:60] = np.nan
    y[3, 250:] += 5
    return y


def test_every_attribute_has_the_shape_of_counts() -> None:
    """One series gives (T,), a batch (N, T), for every attribute."""
    for counts in (quiet(1, 80)[0], quiet(3, 80)):
        walk = walk_forward(counts, DATES[:80])
        for name in walk.__dataclass_fields__:
            assert getattr(walk, name).shape == counts.shape, name


def test_cutting_the_future_changes_nothing() -> None:
    """Entry t uses data up to t only."""
    y = eventful()
    whole = walk_forward(y, DATES[:500])
    part = walk_forward(y[:, :333], DATES[:333])
    np.testing.assert_allclose(part.score, whole.score[:, :333], atol=1e-9)
    np.testing.assert_array_equal(part.alarm, whole.alarm[:, :333])
    np.testing.assert_array_equal(part.state, whole.state[:, :333])


def test_the_other_series_of_the_batch_change_nothing() -> None:
    """A series alone and in a batch has the same scores."""
    y = eventful()
    batch = walk_forward(y, DATES[:500])
    for k in range(len(y)):
        alone = walk_forward(y[k], DATES[:500])
        np.testing.assert_allclose(alone.score, batch.score[k], atol=1e-9)
        np.testing.assert_array_equal(alone.alarm, batch.alarm[k])


def test_online_equals_walk_even_through_storage() -> None:
    """One entry at a time, stored and restored on the way, gives the walk's numbers."""
    y = eventful(240)
    walk = walk_forward(y, DATES[:240])
    online = Online(6)
    for t in range(240):
        now = online.update(y[:, t], DATES[t])
        np.testing.assert_allclose(now.score, walk.score[:, t], atol=1e-9)
        np.testing.assert_array_equal(now.alarm, walk.alarm[:, t])
        np.testing.assert_allclose(now.limit, walk.limit[:, t])
        if t % 50 == 49:
            online = Online.load(online.dump())


def test_online_takes_skipped_days_as_missing() -> None:
    """A day left out is a missing day, and a day in the past is refused."""
    y = quiet(2, 60)
    holed = y.copy()
    holed[:, 30:33] = np.nan
    walk = walk_forward(holed, DATES[:60])
    online = Online(2)
    for t in range(60):
        if 30 <= t < 33:
            continue
        now = online.update(y[:, t], DATES[t])
    np.testing.assert_allclose(now.score, walk.score[:, -1], atol=1e-9)
    with pytest.raises(ValueError, match="follow"):
        online.update(y[:, 0], DATES[0])


@pytest.mark.parametrize("data", [b"", b"rubbish", b"PK\x03\x04broken"])
def test_a_broken_state_is_refused(data: bytes) -> None:
    """What is not a stored state raises a ValueError, nothing else."""
    with pytest.raises(ValueError, match="stored|pickled"):
        Online.load(data)


def test_a_state_of_another_version_is_refused() -> None:
    """A stored state that lacks a field raises a ValueError, not something else."""
    with np.load(io.BytesIO(Online(2).dump())) as stored:
        arrays = {name: stored[name] for name in stored.files if name != "drift"}
    target = io.BytesIO()
    np.savez(target, **arrays)
    with pytest.raises(ValueError, match="stored"):
        Online.load(target.getvalue())


def test_a_gap_in_the_dates_is_missing_not_zero() -> None:
    """Leaving rows out equals handing in NaN."""
    y = np.random.default_rng(7).poisson(3, 200).astype(float)
    keep = np.r_[0:100, 150:200]
    holed = y.copy()
    holed[100:150] = np.nan
    gap = walk_forward(y[keep], DATES[keep])
    full = walk_forward(holed, DATES[:200])
    np.testing.assert_allclose(gap.score, full.score[keep], atol=1e-9)
    assert not gap.alarm[100:102].any()


def test_missing_and_unknown_days_are_not_judged() -> None:
    """NaN counts, NaN exposure and exposure 0 give no score and the state unknown."""
    y = quiet(1, 120)[0]
    exposure = np.ones(120)
    y[90], exposure[95], exposure[100] = np.nan, np.nan, 0.0
    walk = walk_forward(y, DATES[:120], exposure)
    for t in (90, 95, 100):
        assert np.isnan(walk.score[t])
        assert not walk.alarm[t]
        assert walk.state[t] == "unknown"


def test_a_new_watch_with_a_word_of_its_owner_alarms_within_days() -> None:
    """`usual: 1 per month`, no history at all, then one or two legs a day: an alarm by day 3."""
    walk = walk_forward([1, 2, 1, 2, 1], DATES[:5], prior=Prior.from_rate(1 / 30.4))
    assert walk.alarm[:3].any()
    assert walk.state[4] == "raised"


def test_a_quiet_year_then_an_airlift_alarms_within_two_days() -> None:
    """A leg a month for a year, then one to two a day."""
    y = np.zeros(400)
    y[10:380:30] = 1
    y[390:] = np.tile([2, 1], 5)
    walk = walk_forward(y, DATES[:400])
    assert walk.alarm[390:392].any()
    assert not walk.alarm[:390].any()


def test_the_limit_is_the_count_that_alarms() -> None:
    """At the limit the day alarms, one leg less and it does not."""
    y = quiet(5, 200)
    limit = walk_forward(y, DATES[:200]).limit[:, -1]
    for change, want in ((0, True), (-1, False)):
        y[:, -1] = np.maximum(limit + change, 0)
        np.testing.assert_array_equal(walk_forward(y, DATES[:200]).alarm[:, -1], want)


def test_more_legs_never_lower_the_score() -> None:
    """The score rises with the day's count."""
    y = quiet(4, 150)
    scores = []
    for extra in range(8):
        z = y.copy()
        z[:, -1] += extra
        scores.append(walk_forward(z, DATES[:150]).score[:, -1])
    # A leg can look like noise at first; above the expectation it never does.
    late = np.diff(np.array(scores)[3:], axis=0)
    assert (late > 0).all()


def test_input_is_not_touched_and_the_result_is_frozen() -> None:
    """Read-only input survives, and nobody can change a walk by accident."""
    y = quiet(2, 50)
    y.setflags(write=False)
    walk = walk_forward(y, DATES[:50])
    with pytest.raises(AttributeError):
        walk.score = walk.score  # type: ignore[misc]


def test_a_lasting_new_level_is_learnt_and_said() -> None:
    """After four weeks of more traffic the state is new_level and the alarm ends."""
    y = np.r_[np.full(200, 4.0), np.full(90, 12.0)]
    walk = walk_forward(y, DATES[:290])
    assert walk.alarm[200]
    assert "new_level" in walk.state[225:245]
    assert not walk.alarm[260:].any()


def test_coming_back_to_an_earlier_normal_is_no_surge() -> None:
    """Two months of half the traffic, learnt as a new level, then the old one: no alarm."""
    y = np.random.default_rng(12).poisson(10, 540).astype(float)
    y[420:480] = np.random.default_rng(13).poisson(5, 60)
    walk = walk_forward(y, DATES[:540])
    assert walk.expected[479] < 7
    assert not walk.alarm[480:].any()


def test_a_level_seen_thinly_again_and_again_is_still_known() -> None:
    """Two quarters at half the traffic, three months apart: hardly any end of the second alarms."""
    rng = np.random.default_rng(17)
    mean = np.full((24, 700), 10.0)
    mean[:, 380:460] = mean[:, 540:620] = 5.0
    walk = walk_forward(rng.poisson(mean).astype(float), DATES[:700])
    assert walk.alarm[:, 620:].any(axis=1).sum() <= 5


def test_two_months_of_surge_are_no_normal() -> None:
    """What flew for two months and was gone for four is news when it comes back."""
    rng = np.random.default_rng(18)
    mean = np.full((8, 620), 2.0)
    mean[:, 380:440] = mean[:, 560:580] = 6.0
    walk = walk_forward(rng.poisson(mean).astype(float), DATES[:620])
    assert walk.alarm[:, 560:580].any(axis=1).all()


def test_a_dip_of_the_first_year_is_not_awaited_in_the_next() -> None:
    """A quarter of a year at a third of the traffic is no season: a year later few alarm."""
    rng = np.random.default_rng(15)
    mean = np.full((12, 760), 10.0)
    mean[:, 200:290] = 3.3
    walk = walk_forward(rng.poisson(mean).astype(float), DATES[:760])
    assert walk.alarm[:, 530:].any(axis=1).sum() <= 4


def test_traffic_in_stretches_does_not_alarm_for_ever() -> None:
    """Where weeks of plenty and of little are normal, half as many alarm as by single days."""
    rng = np.random.default_rng(16)
    level = np.repeat(rng.lognormal(-0.15, 0.55, (10, 90)), 10, axis=1)
    walk = walk_forward(rng.poisson(10 * level).astype(float), DATES)
    assert walk.alarm[:, 500:].mean() < 0.12


def test_a_month_of_surge_is_not_learnt_as_normal() -> None:
    """After four weeks of three times the traffic about as much is expected as before."""
    rng = np.random.default_rng(14)
    y = np.r_[rng.poisson(1, 400), rng.poisson(3, 28), rng.poisson(1, 30)].astype(float)
    walk = walk_forward(y, DATES[:458])
    assert walk.alarm[400:428].any()
    assert walk.expected[440] < 1.4


def test_silence_is_never_a_surge() -> None:
    """After a regular summer route has ended, days without legs do not alarm."""
    y = np.zeros(400)
    y[140:300] = np.tile([1, 2, 1, 2, 1, 1, 2], 23)[:160]
    walk = walk_forward(y, DATES[:400])
    assert walk.alarm[140:150].any()
    assert not walk.alarm[320:].any()
    assert not (walk.limit[320:] == 0).any()


def test_zeros_of_an_unreported_outage_are_not_learnt() -> None:
    """After three weeks of hidden zeros as much is expected as without them."""
    y = np.random.default_rng(4).poisson(6, 320).astype(float)
    dark = y.copy()
    dark[200:221] = 0
    expected = walk_forward(dark, DATES[:320]).expected[225]
    assert abs(expected / walk_forward(y, DATES[:320]).expected[225] - 1) < 0.1


def test_regular_traffic_lets_a_doubling_be_seen_the_same_day() -> None:
    """Four of four legs flown nearly every day: eight are an alarm at once."""
    y = np.random.default_rng(5).binomial(4, 0.97, 400).astype(float)
    y[399] = 8
    walk = walk_forward(y, DATES[:400])
    assert walk.alarm[399]
    assert walk.window_days[399] == 1


def test_a_known_special_day_is_learnt() -> None:
    """A yearly peak on a calendar day raises less the second time than without a calendar."""
    rng = np.random.default_rng(6)
    y = rng.poisson(20, 800).astype(float)
    special = np.zeros(800)
    for start in (300, 665):
        special[start : start + 5] = 1
        y[start : start + 5] += 14
    plain = walk_forward(y, DATES[:800]).score[665:670].max()
    known = walk_forward(y, DATES[:800], calendar=special).score[665:670].max()
    assert known < plain - 1


BAD = {
    "negative": ([1, -1], DATES[:2], None, "negative"),
    "absurd": ([1, 1e13], DATES[:2], None, "at most"),
    "infinite": ([1, np.inf], DATES[:2], None, "finite"),
    "unsorted": ([1, 2], DATES[[1, 0]], None, "rise"),
    "repeated": ([1, 2], DATES[[0, 0]], None, "rise"),
    "too few dates": ([1, 2], DATES[:1], None, "dates"),
    "three axes": (np.zeros((2, 2, 2)), DATES[:2], None, "shape"),
    "exposure shape": ([1, 2], DATES[:2], [1, 1, 1], "exposure"),
    "negative exposure": ([1, 2], DATES[:2], [1, -1], "negative"),
    "not numbers": (["a", "b"], DATES[:2], None, "numbers"),
    "not dates": ([1, 2], ["x", "y"], None, "dates"),
    "missing date": ([1, 2], np.array(["2024-01-01", "NaT"], "datetime64[D]"), None, "missing"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_in_words(case: str) -> None:
    """What would have to be guessed raises a ValueError that says what is wrong."""
    counts, dates, exposure, word = BAD[case]
    with pytest.raises(ValueError, match=word):
        walk_forward(counts, dates, exposure)


def test_a_budget_must_be_positive() -> None:
    """No budget, no detector."""
    for budget in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match="budget"):
            walk_forward([1], DATES[:1], budget=budget)


@pytest.mark.parametrize(
    "counts",
    [
        np.zeros(400),
        np.full(400, np.nan),
        np.full(400, 1e9),
        np.full(400, 1e12),
        np.r_[np.zeros(399), 1e12],
        np.full(400, 0.37),
        np.ones(1),
        np.zeros(0),
    ],
)
def test_odd_but_lawful_counts_make_no_noise(counts: np.ndarray) -> None:
    """Zeros, nothing, huge, fractional, one day, no day: no warning and no overflow."""
    size = len(counts)
    walk = walk_forward(counts, DATES[:size])
    assert not np.isinf(walk.score).any()
    walk = walk_forward(counts, DATES[:size], np.zeros(size))
    assert not walk.alarm.any()


def test_many_series_and_many_years() -> None:
    """Ten years of one series, and twenty thousand series of one day, are judged."""
    dates = np.datetime64("2010-01-01") + np.arange(3650)
    assert np.isfinite(walk_forward(quiet(1, 3650)[0], dates).score[-1])
    assert walk_forward(np.ones((20_000, 1)), DATES[:1]).score.shape == (20_000, 1)


def test_weekly_dates_are_seen() -> None:
    """Dates seven days apart make weekly entries: windows are whole weeks."""
    y = np.random.default_rng(8).poisson(9, 200).astype(float)
    y[-1] = 40
    walk = walk_forward(y, np.datetime64("2020-01-06") + 7 * np.arange(200))
    assert walk.alarm[-1]
    assert set(walk.window_days) <= {7, 14}


def test_a_pooled_prior_knows_the_group() -> None:
    """The prior of like routes has their rate; of two routes, or of a month, it is the default."""
    y = np.random.default_rng(9).poisson(3, (12, 100))
    prior = pool_prior(y)
    assert 2.5 < prior.rate_per_day < 3.5
    assert pool_prior(y[:2]).weight_days == 2.0
    assert pool_prior(y[:, :27]).weight_days == 2.0
    with pytest.raises(ValueError, match="shape|arrays"):
        pool_prior(y[0])


def test_unlike_routes_teach_little() -> None:
    """Rare routes alike say more of a newcomer than rare and busy ones together."""
    rng = np.random.default_rng(10)
    alike = pool_prior(rng.poisson(0.1, (12, 300)))
    unlike = pool_prior(rng.poisson(np.geomspace(0.02, 10, 12)[:, None], (12, 300)))
    assert alike.weight_days > 15
    assert alike.shape <= 2.0 + 1e-9  # never taken to be more alike than that
    assert unlike.weight_days == 2.0


def test_a_route_of_another_kind_is_not_like_the_pool() -> None:
    """By its first fortnight a busy newcomer is told from rare routes, and a rare one from busy."""
    rare, busy = Prior(0.1, 20.0), Prior(6.0, 2.0)
    assert is_like(rare, 0, 14)
    assert is_like(rare, 2.0, 14)
    assert not is_like(rare, 40, 14)
    assert is_like(busy, 80, 14)
    assert not is_like(busy, 1, 14)


def test_a_prior_must_make_sense() -> None:
    """Rates and weights are positive numbers."""
    with pytest.raises(ValueError, match="rate_per_day"):
        Prior.from_rate(0)
    with pytest.raises(ValueError, match="one Prior"):
        walk_forward(np.ones((2, 3)), DATES[:3], prior=[Prior.from_rate(1)])


def test_importing_detectors_is_light() -> None:
    """scikit-learn is not loaded by `import detectors`."""
    code = "import detectors, sys; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
