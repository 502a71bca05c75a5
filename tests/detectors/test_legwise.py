"""The evidence of a day's legs, one by one, and what it is worth in the judgement of the day."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from detectors import composition, rarity
from detectors.legwise import LEGWISE, evidence

BENCH = Path(__file__).parents[2] / "bench" / "detect"
NIGHT, NOON, LATE = ("IL76", "night"), ("A320", "noon"), ("A320", "dusk")
MIXED = ("IL76", "noon")


def route(size: int, seed: int = 1) -> list[tuple[str, str]]:
    """A leg a day: freighters by night, airliners at noon, and one in forty late."""
    rng = np.random.default_rng(seed)
    usual = [NIGHT, NOON]
    return [LATE if rng.random() < 0.025 else usual[int(rng.integers(2))] for _ in range(size)]


def told(legs: Sequence[tuple[object, object]]) -> np.ndarray:
    """The evidence of each leg on a day of its own."""
    kinds, hours = zip(*legs, strict=True)
    return evidence(np.arange(len(legs)), [kinds, hours], len(legs))


def test_a_leg_at_the_hour_of_others_is_strange_though_both_are_common() -> None:
    """A freighter at noon is stranger than the same at night, and than an airliner late again."""
    mixed, usual, late = (told([*route(300), leg])[-1] for leg in (MIXED, NIGHT, LATE))
    assert mixed > 1
    assert mixed > late + 0.5
    assert usual < 0


def test_a_stranger_is_strange_each_time_until_it_stays() -> None:
    """The second visit after a month is as strange as the first; daily visits become usual."""
    stranger = ("C130", "noon")
    past, month = route(300), route(30, 2)
    found = told([*past, stranger, *month, stranger])
    assert found[300] > 1
    assert found[331] > 0.9 * found[300]
    assert told([*past, *[stranger] * 40])[-1] < 0


def test_quiet_days_reach_a_ratio_no_oftener_than_its_inverse() -> None:
    """A tenth of quiet days at most is ten times likelier if strange: with three legs a day too."""
    legs = route(3000, 3)
    kinds, hours = zip(*legs, strict=True)
    for a_day in (1, 3):
        size = len(legs) // a_day
        found = evidence(np.arange(len(legs)) // a_day, [kinds, hours], size)
        assert (found[50:] >= 1).mean() < 0.05
        assert (found[50:] >= 2).mean() < 0.01


def test_many_strange_legs_are_stranger_than_one() -> None:
    """Evidence grows with the number of legs that are strange in the same way."""
    kinds, hours = (list(column) for column in zip(*route(300), strict=True))
    day = np.arange(300)
    found = []
    for strange in (1, 2, 4):
        more = [MIXED] * strange + [NIGHT] * (4 - strange)
        a, b = zip(*more, strict=True)
        found.append(evidence(np.append(day, [300] * 4), [[*kinds, *a], [*hours, *b]], 301)[-1])
    assert found[0] < found[1] - 0.5 < found[2] - 1


def test_evidence_uses_the_past_only() -> None:
    """Cutting the future leaves the evidence of earlier days as it was."""
    legs = [*route(200), MIXED, *route(100, 4)]
    np.testing.assert_allclose(told(legs)[:201], told(legs[:201]), atol=1e-9)


def test_unknown_is_neither_usual_nor_strange() -> None:
    """A leg of which nothing is known is evidence of nothing, and teaches nothing."""
    past = route(300)
    assert told([*past, (None, None)])[-1] == pytest.approx(0, abs=1e-12)
    strange = told([*past, *[(None, None)] * 50, MIXED])[-1]
    assert strange == pytest.approx(told([*past, MIXED])[-1], abs=0.05)


def test_a_day_without_legs_has_no_evidence() -> None:
    """Days without legs are NaN among the features, and no legs at all are no error."""
    x, legs, names = composition.leg_features([0, 2], {"type": ["a", "b"]}, [], 3)
    assert names == ("type", LEGWISE)
    assert np.isnan(x[1]).all()
    assert legs.tolist() == [1, 0, 1]
    x, _, _ = composition.leg_features([], {"type": []}, [], 3)
    assert np.isnan(x).all()


def test_the_evidence_speaks_for_itself() -> None:
    """On a route of a leg a day a freighter at noon alarms by its evidence alone, and where there
    is no evidence that part says nothing."""
    legs = [*route(399), MIXED]
    kinds, hours = zip(*legs, strict=True)
    x, n, names = composition.leg_features(
        np.arange(400), {"type": kinds, "hour": hours}, [("type", "hour")], 400
    )
    found = composition.walk_forward(x, n, names, parts=("legs",))
    assert found.alarm[-1]
    assert found.names == names[:-1]
    assert LEGWISE not in found.reasons(-1)
    without = composition.walk_forward(x[:, :-1], n, names[:-1], parts=("legs",))
    assert np.isnan(without.score).all()


def test_evidence_comes_once_and_with_other_features() -> None:
    """Two columns of evidence, or nothing else, are refused."""
    x, n = np.zeros((50, 2)), np.ones(50)
    for names, width in (((LEGWISE, LEGWISE), 2), ((LEGWISE,), 1)):
        with pytest.raises(ValueError, match=LEGWISE):
            composition.walk_forward(x[:, :width], n, names)


def _script(name: str) -> ModuleType:
    """A bench script, with its neighbours within reach."""
    sys.path.insert(0, str(BENCH))
    try:
        spec = importlib.util.spec_from_file_location(f"bench_{name}", BENCH / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(BENCH))
    return module


def test_the_shipped_table_of_make_up_is_what_its_script_makes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fitted anew to a few of its routes, the table comes out the same in form and near in
    value; quiet routes of other seeds keep twelve alarms a year."""
    script = _script("makeup")
    monkeypatch.setattr(script, "RATES", (3.0, 10.0))
    few = [
        s
        for world in ("crowd", "legs")
        for s in script.series(world, script.FIT_SEED, 1, False, script.ONLY)
    ]
    again, shipped = script.fit(few, []), json.loads(script.TABLE.read_text("utf-8"))
    assert again.keys() == shipped.keys()
    assert again["legs"] == shipped["legs"][1:3]
    age, legs = np.array([200.0, 400.0]), np.array([3.2, 10.0])
    for legwise in (False, True):
        knots = [rarity.from_json(t).knots(age, legs, legwise) for t in (again, shipped)]
        assert (np.diff(knots[0], axis=0) > 0).all()
        np.testing.assert_allclose(knots[0][0], knots[1][0], atol=0.3)
    quiet = script.series("crowd", 6500, 1, False, script.ONLY)
    score = np.array([s.score[script.EVEN] for s in quiet])
    ok = np.isfinite(score)
    far = script.evaluate.false_alarms(ok & (score >= -np.log10(12)), ok).sum() / ok.sum() * 365.25
    assert 6 < far < 20


def test_no_legs_at_all_say_nothing() -> None:
    """A route of which no leg is known yet has features without a number, and raises nothing."""
    features, legs, names = composition.leg_features([], {"a": [], "b": []}, [("a", "b")], 3)
    assert features.shape == (3, len(names))
    assert np.isnan(features).all()
    assert legs.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("columns", "joint", "word"),
    [
        ({}, (), "at least one"),
        ({"type": ["A", "B"]}, (), "'type' has 2 values for 3 legs"),
        ({"type": list("ABC"), "hour": [1, 2, 3, 4]}, (), "'hour' has 4 values for 3 legs"),
        ({"type": list("ABC")}, (("type", "hour"),), "no column 'hour'"),
    ],
)
def test_columns_that_do_not_fit_the_legs_are_named(
    columns: dict[str, list[object]], joint: tuple[tuple[str, str], ...], word: str
) -> None:
    """No column, one too short or too long, and a pair of one that is not there: clear errors."""
    with pytest.raises(ValueError, match=word):
        composition.leg_features([0, 0, 1], columns, joint, 2)
