"""Lull, novelty, make-up, network days and the judge that splits one budget over them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from detectors import (
    Halves,
    MakeupInput,
    composition,
    crowds,
    first_legs,
    judge,
    lull_forward,
    network,
    split_budget,
    walk_forward,
)
from detectors.forest import Forest
from detectors.verdict import Direction, Outcome, Reason

DATES = np.datetime64("2024-01-01") + np.arange(400)


def busy(size: int = 400, rate: float = 6.0, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).poisson(rate, size).astype(float)


def test_a_hole_is_a_lull_and_not_a_surge() -> None:
    """Ten days without a leg on a busy route, watched all the time, are a lull."""
    y = busy()
    y[350:360] = 0
    looked = np.ones(400)
    assert lull_forward(y, DATES, looked).alarm[350:355].any()
    assert not walk_forward(y, DATES, looked).alarm[350:380].any()


def test_a_hole_in_the_coverage_is_no_lull() -> None:
    """Days nobody looked at are unknown, in this direction too."""
    y, looked = busy(), np.ones(400)
    y[350:360], looked[350:360] = 0, 0
    walk = lull_forward(y, DATES, looked)
    assert not walk.alarm[350:365].any()
    assert (walk.state[350:360] == "unknown").all()


def test_the_limit_of_a_lull_is_the_largest_count_that_alarms() -> None:
    """At the limit the day alarms, one leg more and it does not."""
    y = busy(200, 30.0)
    limit = lull_forward(y, DATES[:200]).limit[-1]
    for legs, want in ((limit, True), (limit + 1, False)):
        y[-1] = legs
        assert bool(lull_forward(y, DATES[:200]).alarm[-1]) is want


def test_first_in_n_days_needs_proof_of_looking() -> None:
    """The same leg after the same silence is news only if somebody looked."""
    y = np.zeros(400)
    y[[20, 399]] = 1
    looked = np.ones(400)
    found = first_legs(y, DATES, looked, after_days=90)
    assert found.first[399]
    assert found.quiet_days[399] == 379
    looked[100:300] = 0
    assert not first_legs(y, DATES, looked, after_days=90).first[399]


def test_first_ever_is_told_from_first_in_n_days() -> None:
    """A never-flown route says so, and not in its first four weeks."""
    y = np.zeros(400)
    y[399] = 1
    found = first_legs(y, DATES)
    assert found.ever[399]
    y[3] = 1
    found = first_legs(y, DATES)
    assert not found.ever.any()
    assert found.first[399]


def test_a_busy_route_has_no_first() -> None:
    """Where silence of that length comes by chance, a first is no news."""
    y = (np.random.default_rng(2).random(400) < 0.05).astype(float)
    assert not first_legs(y, DATES, after_days=20, budget=0.1).first[100:].any()
    with pytest.raises(ValueError, match="positive"):
        first_legs(y, DATES, after_days=0)


def makeup(seed: int, size: int = 420) -> tuple[np.ndarray, np.ndarray]:
    """Two correlated features and one alone; on the last day they part company."""
    rng = np.random.default_rng(seed)
    n = rng.poisson(4, size).astype(float)
    n[-1] = 4
    x = np.full((size, 3), np.nan)
    for t in np.flatnonzero(n):
        legs = rng.normal(size=(int(n[t]), 3))
        legs[:, 1] = 0.9 * legs[:, 0] + 0.436 * legs[:, 1]
        x[t] = legs.mean(0)
    return x, n


def test_an_odd_margin_is_seen_and_named() -> None:
    """A feature far out raises the score and stands first among the reasons."""
    x, n = makeup(3)
    x[-1, 2] += 6
    found = composition.walk_forward(x, n, ("type", "hour", "operator"), 1.0)
    assert found.alarm[-1]
    assert found.reasons(-1)[0] == "operator"


def test_the_forest_sees_a_joint_oddity_that_margins_do_not() -> None:
    """Each feature in its range, their combination never seen: the forest knows."""
    x, n = makeup(4)
    x[-1, :2] = [1.2, -1.2]
    names = ("type", "hour", "operator")
    with_forest = composition.walk_forward(x, n, names, parts=("forest",)).score[-1]
    without = composition.walk_forward(x, n, names, parts=("sum", "max")).score[-1]
    assert with_forest > without + 0.5


def two_crowds(seed: int, size: int = 420) -> tuple[np.ndarray, np.ndarray]:
    """Days of two kinds, far apart in three features; the last lies between them."""
    rng = np.random.default_rng(seed)
    side = np.where(rng.random(size) < 0.4, 1.0, -1.0)
    side[-1] = 0.0
    return rng.normal(0, 0.2, (size, 3)) + 2 * side[:, None], np.ones(size)


def test_the_empty_middle_of_two_crowds_is_odd_to_trees_and_to_kinds() -> None:
    """Between night freighters and weekend traffic nothing ever flew: it is odd, though it is
    the mean of all that did; single margins do not see it."""
    x, n = two_crowds(8)
    score = {
        part: composition.walk_forward(x, n, ("a", "b", "c"), parts=(part,)).score[-1]
        for part in ("distance", "forest", "sum", "max")
    }
    for part in ("distance", "forest"):
        assert score[part] > 0
        assert score[part] > max(score["sum"], score["max"]) + 0.5


@pytest.mark.parametrize(("legs", "off"), [(1.0, 2.5), (4.0, 1.25), (100.0, 0.25)])
def test_a_day_is_held_against_what_its_legs_can_do(legs: float, off: float) -> None:
    """The same mean is common over one leg and rare over many; as many standard errors away are
    equally rare at every number of legs."""
    rng = np.random.default_rng(11)
    n = rng.integers(1, 10, 300).astype(float)
    x = rng.normal(size=(300, 4)) / np.sqrt(n)[:, None]
    model, _ = crowds.fit(x, n, np.full(4, 0.01), (1,))
    out = np.zeros((1, 4))
    same, far = (float(model.log10_p(out + at, np.array([legs]))[0]) for at in (off, 2.5))
    assert -5 < same < -3
    assert far <= same
    assert legs == 1 or far < -8


def test_skewed_legs_are_no_oddity() -> None:
    """Means of a few exponential legs have p-values as even as those of normal ones."""
    rng = np.random.default_rng(12)
    n = rng.integers(1, 5, 1500).astype(float)
    x = np.stack([rng.gamma(n, 1.0) / n - 1, rng.gamma(n, 1.0) / n - 1], axis=1)
    model, _ = crowds.fit(x[:750], n[:750], np.full(2, 0.01), (1,))
    p = 10 ** model.log10_p(x[750:], n[750:])
    assert 0.3 < (p < 0.5).mean() < 0.7
    assert (p < 0.01).mean() < 0.02


def test_kinds_of_day_are_found_where_there_are_some() -> None:
    """Two crowds are two kinds, one crowd is one."""
    x, n = two_crowds(13)
    one, best = crowds.fit(x, n, np.full(3, 0.01), crowds.KINDS)
    assert (len(one.weight), len(best.weight)) == (1, 2)
    x, n = makeup(14)
    x, n = x[n > 0], n[n > 0]
    _, best = crowds.fit(x, n, np.full(3, 0.01), crowds.KINDS)
    assert len(best.weight) == 1


def test_a_forest_knows_far_from_very_far() -> None:
    """Oddness is nothing inside and grows without end outside, in the middle of two crowds too."""
    rng = np.random.default_rng(9)
    rows = np.concatenate([rng.normal(-3, 0.3, (150, 2)), rng.normal(3, 0.3, (150, 2))])
    inside, edge, far, middle = Forest(rows).score(
        np.array([[3.0, 3.0], [5.0, 5.0], [50.0, 50.0], [0.0, 0.0]])
    )
    assert inside < 0.2 < edge < far
    assert middle > edge


def test_days_that_repeat_each_other_are_no_oddity() -> None:
    """One leg a day takes a few values again and again: rare ones are rare, and no alarm a week."""
    rng = np.random.default_rng(5)
    share = np.array([0.6, 0.3, 0.07, 0.03])
    x = -np.log2(rng.choice(share, p=share, size=(500, 4)))
    found = composition.walk_forward(x, np.ones(500), tuple("abcd"), 1.0)
    assert found.alarm.sum() <= 3


def test_a_feature_that_never_moved_and_a_huge_value_are_judged_without_noise() -> None:
    """Constant features alarm only when they move; 1e200 is odd, and neither warns nor is lost."""
    x, n = makeup(15)
    x[:, 2] = 1.0
    assert composition.walk_forward(x, n, ("a", "b", "c")).alarm.sum() <= 2
    x[-1, 2] = 1e200
    assert composition.walk_forward(x, n, ("a", "b", "c")).alarm[-1]


def test_one_oddity_does_not_hide_the_next() -> None:
    """The second of two equal strangers a month apart is as loud as the first, or nearly."""
    x, n = makeup(10)
    x[[350, 380], 2] += 6
    score = composition.walk_forward(x, n, ("type", "hour", "operator")).score
    assert score[380] > 0.7
    assert score[380] > 0.5 * score[350]


def test_makeup_uses_the_past_only() -> None:
    """Cutting the future leaves past scores unchanged."""
    x, n = makeup(5, 200)
    whole = composition.walk_forward(x, n, ("a", "b", "c")).score
    part = composition.walk_forward(x[:150], n[:150], ("a", "b", "c")).score
    np.testing.assert_allclose(part, whole[:150], atol=1e-9)


def test_makeup_abstains_without_legs_or_history() -> None:
    """No legs, no score; and shapes that do not fit are refused."""
    x, n = makeup(6, 60)
    n[50] = 0
    found = composition.walk_forward(x, n, ("a", "b", "c"))
    assert np.isnan(found.score[50])
    assert np.isnan(found.score[:20]).all()
    with pytest.raises(ValueError, match="fit"):
        composition.walk_forward(x, n[:-1], ("a", "b", "c"))


def test_leg_features_know_single_and_joint_surprise() -> None:
    """A usual type at an hour usual for another type is a joint surprise only."""
    day = np.repeat(np.arange(100), 2)
    kinds = ["IL76", "A124"] * 100
    hours = ["night", "noon"] * 100
    hours[-2], hours[-1] = "noon", "night"
    table, legs, names = composition.leg_features(
        day, {"type": kinds, "hour": hours}, [("type", "hour")], 100
    )
    assert names == ("type", "hour", "type x hour", composition.LEGWISE)
    assert legs.tolist() == [2] * 100
    assert abs(table[99, 0] - table[98, 0]) < 0.1
    assert table[99, 2] > table[98, 2] + 3


def test_traffic_that_moved_is_told_as_a_shift() -> None:
    """One origin rises by what another loses."""
    y = np.stack([busy(seed=7), busy(seed=8), busy(seed=9)])
    y[0, 390:] += 6
    y[1, 390:] = 0
    walk = walk_forward(y, DATES)
    (found,) = network.shifts(y, walk, 396)
    assert (found.gained, found.lost) == (0, 1)
    assert found.seen == 0
    assert found.deficit == found.expected > 0
    running = y.copy()
    running[:, 390:] = np.nan
    assert network.shifts(running, walk, 396) == ()


def test_a_proven_fall_need_but_be_large_enough() -> None:
    """A few missing legs explain no surge, whatever is known of the fall; most of them do."""
    y = np.stack([busy(seed=7), busy(seed=8)])
    y[0, 390:] += 6
    walk = walk_forward(y, DATES)
    excess = walk.observed_window[0, 396] - walk.expected_window[0, 396]
    days = int(walk.window_days[0, 396])
    for share, told in ((0.2, 0), (0.8, 1)):
        y[1] = walk.expected[1] - share * excess / days
        assert len(network.shifts(y, walk, 396, fallen=[False, True])) == told


def test_a_blizzard_is_one_story() -> None:
    """When all watches fall on one day the day is named, and no other."""
    y = np.stack([busy(seed=20 + k) for k in range(10)])
    y[:, 300] = 0
    found = network.network_days(y, walk_forward(y, DATES))
    assert found.direction[300] == -1
    assert (found.direction != 0).sum() <= 2


def test_the_blizzard_of_2013_is_named_on_thin_routes() -> None:
    """Four legs where seven were expected, on thirteen routes of a timetable: one story."""
    with (Path(__file__).parent / "data" / "nyc_2013_route_daily_counts.csv").open() as file:
        rows = list(csv.DictReader(file))
    dates = np.array([row["date"] for row in rows], "datetime64[D]")
    y = np.array([[float(row[k]) for row in rows] for k in rows[0] if k != "date"])
    found = network.network_days(y, walk_forward(y, dates))
    named = dates[found.direction == -1].astype(str).tolist()
    assert {"2013-02-08", "2013-02-09"} <= set(named)
    assert len(named) <= 6


def test_network_days_use_the_past_only() -> None:
    """Cutting the future leaves past days as they were."""
    y = np.stack([busy(200, seed=40 + k) for k in range(6)])
    whole = network.network_days(y, walk_forward(y, DATES[:200])).score
    part = network.network_days(y[:, :150], walk_forward(y[:, :150], DATES[:150])).score
    np.testing.assert_allclose(part, whole[:150], atol=1e-9)


def test_the_budget_is_split_and_never_grows() -> None:
    """The halves' budgets sum to the watch's; first legs have one of their own."""
    every = Halves(lull=True, first_after=90, makeup=MakeupInput([[0.0]], [1], ("a",)))
    for halves in (Halves(), Halves(lull=True), every):
        parts = split_budget(0.7, halves)
        own = parts.pop(Direction.NOVELTY, None)
        assert own == (0.7 if halves.first_after else None)
        assert sum(parts.values()) == pytest.approx(0.7)
    with pytest.raises(ValueError, match="budget"):
        split_budget(0, Halves())


def test_the_judge_says_what_and_why() -> None:
    """A surge, a first and a quiet lull come with the numbers a message needs."""
    y = np.zeros(400)
    y[30] = 1
    y[398:] = 2
    verdicts = {v.direction: v for v in judge(y, DATES, halves=Halves(True, 90.0))}
    surge = verdicts[Direction.SURGE]
    assert surge.outcome is Outcome.ALARM
    assert surge.reasons[0] is Reason.SURGE
    assert surge.observed is not None
    assert surge.observed > 5 * (surge.expected or 0)
    assert verdicts[Direction.LULL].outcome is Outcome.QUIET
    first = judge(y[:399], DATES[:399], halves=Halves(first_after=90.0))[1]
    assert first.reasons == (Reason.FIRST_IN_DAYS,)
    assert first.days_since_last == 368


def test_the_judge_abstains_when_nobody_looked() -> None:
    """Not knowing is not all quiet."""
    looked = np.ones(100)
    looked[-1] = 0
    verdict = judge(busy(100), DATES[:100], looked)[0]
    assert verdict.outcome is Outcome.ABSTAINED
    assert verdict.reasons == (Reason.NOT_SEEN,)
    with pytest.raises(ValueError, match="one series"):
        judge(np.ones((2, 5)), DATES[:5])
