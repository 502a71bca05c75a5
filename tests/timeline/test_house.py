"""What is forgotten with time, and what never is."""

import math
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from bot import app
from bot.housekeeping import keep_house
from bot.model.query import Look, Outcome
from bot.model.watch import Watch
from tests.nouns import at, leg, watch
from tests.timeline.conftest import Story

Make = Callable[..., Story]
OTHERS = [leg("HECA", "LTBA", "2024-01-03 08:00", icao24="4b1800", type_code="A320"),
          leg("OSLK", "HLLB", "2024-01-03 09:00", icao24="4b1801", type_code="A320")]  # fmt: skip
WATCHED = leg("OSLK", "HL59", "2024-01-03 06:00")
UNSURE = leg("OSLK", None, "2024-01-03 05:00", icao24="15407a")


def told_days(story: Make, seen: Watch) -> Story:
    told = story(seen)
    told.days("2024-01-01", 2)
    told.day("2024-01-03", [WATCHED, *OTHERS])
    told.days("2024-01-04", 6)
    return told


def forget(told: Story, before: str) -> int:
    return told.bot.wiring.desk.book.forget_others(date.fromisoformat(before))


def counts(told: Story, seen: Watch) -> dict[int, float]:
    """The watch's counts by day of January."""
    series = told.bot.wiring.desk.book.series(seen, date(2024, 1, 9))
    assert series is not None
    return {day.item().day: count for day, count in
            zip(series.days, series.counts.tolist(), strict=True)}  # fmt: skip


def test_legs_of_other_traffic_are_forgotten_and_the_watchs_are_not(story: Make) -> None:
    """Only whole days before the limit, once; the watch's legs and counts are as they were."""
    seen = watch()
    told = told_days(story, seen)
    before = counts(told, seen)
    assert forget(told, "2024-01-03") == 0
    assert forget(told, "2024-01-05") == 2
    assert [kept.id for kept in told.store.legs()] == [WATCHED.id]
    assert forget(told, "2024-01-05") == 0
    told.restart()
    told.days("2024-01-10", 1)
    assert counts(told, seen) == before


def test_legs_that_may_be_the_watchs_are_kept(story: Make) -> None:
    """What is shown as possible stays as long as what is counted."""
    seen = watch(destination=None)
    told = story(seen)
    told.day("2024-01-03", [replace(UNSURE, type_code=None, registration=None), *OTHERS])
    told.days("2024-01-04", 2)
    forget(told, "2024-01-05")
    assert [kept.id for kept in told.store.legs()] == [UNSURE.id]


def test_a_watch_that_changes_does_not_count_what_was_forgotten_as_zero(story: Make) -> None:
    """It would count other legs now, and they are gone: those days are unknown; the days whose
    legs are all kept are counted."""
    told = told_days(story, watch())
    forget(told, "2024-01-05")
    changed = watch(aircraft=())
    told.rewatch(changed)
    told.day("2024-01-10", [leg("OSLK", "HLLB", "2024-01-10 09:00", icao24="4b1801")])
    found = counts(told, changed)
    assert all(math.isnan(found[day]) for day in found if day < 5)
    assert {day: n for day, n in found.items() if day >= 5} == dict.fromkeys(range(5, 10), 0.0)


def test_an_empty_store_has_nothing_to_forget(story: Make) -> None:
    """A bot on its first day keeps house, too."""
    told = story(watch())
    assert told.store.first_leg() is None
    assert forget(told, "2024-01-01") == 0
    told.day("2024-01-03", [WATCHED])
    assert told.store.first_leg() == at("2024-01-03 06:00")
    assert forget(told, "2024-01-01") == 0


CONFIG = """\
feeds: [{name: sky, kind: v2, url: "http://127.0.0.1:9"}]
audiences: {desk: [console]}
operators: [desk]
watches:
  - {name: Hmeimim to al-Khadim, from: [OSLK], to: [HL59], usual: 1 per month, audience: [desk]}
data: data
"""


def test_operators_hear_once_a_day_of_what_nobody_sees(tmp_path: Path) -> None:
    """Of two circles one always fails: housekeeping tells it, however often the bot is
    restarted."""
    path, now = tmp_path / "config.yaml", app.clock()
    path.write_text(CONFIG, "utf-8")
    settings, fields = app.load_config(path)
    with closing(app.open_data(settings, now)) as store:
        for _ in range(2):
            wiring = app.wire(settings, fields, store, now)
            good, bad, *_ = (query.key() for query in wiring.lanes[0].plan)
            looks = [Look("sky", good, now, Outcome.OK, 3)]
            looks += [Look("sky", bad, now - timedelta(minutes=k), Outcome.GARBLED, detail="odd")
                      for k in range(6)]  # fmt: skip
            with store.begin() as tx:
                store.add_looks(tx, looks)
            keep_house(wiring, now)
        told = [post.key for post in store.posts(10) if "blind" in post.key]
    assert len(told) == 1
    assert "Feed sky never answers 1 of" in told[0]
