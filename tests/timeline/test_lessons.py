"""What all watches teach a new one is stored with its week, and stands."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from bot import lull, makeup, network, pool
from bot.model.alert import Kind
from bot.model.watch import AlertPolicy, Watch
from tests.nouns import HL59, OSLK, Place, leg, watch
from tests.timeline.conftest import Story
from tests.timeline.test_life import imported

Make = Callable[..., Story]
SURGES = AlertPolicy(surge_per_year=1.0, first_after_days=None)
OLD: list[Watch] = [watch(f"old {k}", alerts=SURGES) for k in range(4)]
NEW: Watch = watch("new", origin=Place((HL59,)), destination=Place((OSLK,)), alerts=SURGES)


def lived(story: Make, days: int = 21) -> Story:
    """Four old watches with a leg now and then, and a new one of three weeks."""
    told = story(*OLD, NEW)
    for k, one in enumerate(OLD):
        for month in range(8):
            first = date(2023, 3, 1) + timedelta(days=30 * month)
            imported(told, str(first), 29, 0, one)
            imported(told, str(first + timedelta(days=29)), 1, 1 + k % 2, one)
    told.days("2024-01-01", days)
    return told


def said(told: Story) -> dict[date, tuple[bool, float, int]]:
    """What is stored of each day of the new watch."""
    stored = (one.finding for one in told.store.findings("new", kind=Kind.SURGE))
    return {f.day: (f.complete, f.score, f.taught_by) for f in stored}


def test_a_lesson_is_stored_and_stands(story: Make) -> None:
    """The week in which a fortnight was settled has its prior, a restart changes nothing, and what
    is learnt later neither."""
    told = lived(story)
    (week,) = [one for one in told.store.priors().values() if one.watches]
    assert (week.week, week.watches) == (date(2024, 1, 15), 4)
    before = said(told)
    told.restart()
    told.days("2024-01-22", 10)
    assert told.store.priors()[week.week] == week
    after = said(told)
    assert {day: after[day] for day in before if before[day][0]} == {
        day: was for day, was in before.items() if was[0]
    }
    assert any(taught == 4 for *_, taught in after.values())


def test_an_import_unlearns(story: Make) -> None:
    """When the past is replaced its lessons are made anew."""
    told = lived(story)
    stored = told.store.priors()
    imported(told, "2022-01-01", 300, 0, OLD[0])
    assert told.store.priors() == {}
    told.day("2024-01-22")
    week = date(2024, 1, 15)
    assert told.store.priors()[week] != stored[week]


def test_an_import_during_an_assessment_unlearns(
    story: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lesson of a past that is replaced before it is stored is not stored."""
    told = lived(story, days=16)
    assessor = told.bot.wiring.assessor
    commit, raced = assessor._commit, []

    def late(*args: Any) -> None:
        if assessor._desk.lessons._unsaved and not raced:
            raced.append(True)
            other = Story(told._folder, told._fields, told._watches, told.bot.now)
            imported(other, "2022-01-01", 400, 3, OLD[0])
            other.store.close()
        commit(*args)

    monkeypatch.setattr(assessor, "_commit", late)
    told.days("2024-01-17", 1)
    told.days("2024-01-18", 1)
    assert raced
    week = date(2024, 1, 15)
    made = told.store.priors()[week]
    with told.store.begin() as tx:
        told.store.forget_priors(tx)
    told.restart()
    told.day("2024-01-19")
    assert told.store.priors()[week] == made


@pytest.mark.parametrize(
    ("room", "name"),
    [(pool, "pool_prior"), (network, "moves"), (network, "common_days"), (lull, "findings"),
     (makeup, "worth_judging")],
)  # fmt: skip
def test_what_only_explains_stops_no_judging(
    story: Make, monkeypatch: pytest.MonkeyPatch, room: object, name: str
) -> None:
    """A failure in pooling, moves, common days or one half of a verdict leaves the surges judged
    and told."""
    told = lived(story, days=14)

    def broken(*_: object) -> None:
        raise ValueError("boom")

    monkeypatch.setattr(room, name, broken)
    day = date(2024, 1, 15)
    told.day(day, [leg("OSLK", "HL59", f"{day} {k:02d}:10", icao24=f"15{k:04x}") for k in range(6)])
    told.days("2024-01-16", 4)
    assert "first" in told.reasons()
    assert date(2024, 1, 18) in said(told)
