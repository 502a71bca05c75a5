"""The promises an alert makes to its audience, over weeks of simulated days."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.aircraft import Registry
from bot.book import Book
from bot.coverage import Hours
from bot.imports import DayCount, History
from bot.model.air import Leg
from bot.model.watch import AlertPolicy, Watch
from tests.nouns import HLLB, OSLK, Place, Spot, leg, watch
from tests.timeline.conftest import Story

Make = Callable[..., Story]
SURGES = AlertPolicy(surge_per_year=1.0, first_after_days=None)


def quiet_watch(**more: object) -> Watch:
    return watch(
        **{"usual_per_day": 1 / 30.4, "usual_text": "1 per month", "alerts": SURGES, **more}
    )


def flights(day: date, n: int, hour: int = 6) -> list[Leg]:
    return [
        leg("OSLK", "HL59", f"{day} {hour + 3 * k:02d}:10", icao24=f"15407{k}") for k in range(n)
    ]


def surge(told: Story, first: str, days: int, n: int = 2) -> date:
    """So many days with n flights each; returns the day after."""
    day = date.fromisoformat(first)
    for k in range(days):
        told.day(day + timedelta(days=k), flights(day + timedelta(days=k), n))
    return day + timedelta(days=days)


def imported(told: Story, first: str, days: int, per_day: float, *who: Watch) -> None:
    """History taken in by another process: so many legs on each of so many days."""
    watches = who or (quiet_watch(),)
    book = Book(told.store, watches, told.bot.wiring.airfields, Registry.load(), Hours())
    past = [
        DayCount(watch.name, date.fromisoformat(first) + timedelta(days=k), per_day, 1.0)
        for watch in watches for k in range(days)
    ]  # fmt: skip
    book.take_in(History(counts=tuple(past)), told.bot.now)


def test_a_surge_is_told_once_and_its_end_once(story: Make) -> None:
    """One FIRST per firing, RESOLVED after a calm week, no message between but WORSE."""
    told = story(quiet_watch(), quiet=40)
    after = surge(told, "2024-02-10", 4)
    assert told.reasons()[0] == "first"
    assert told.reasons().count("first") == 1
    told.days(str(after), 30)
    assert told.reasons().count("first") == 1
    assert told.reasons()[-1] == "resolved"
    assert told.reasons().count("resolved") == 1


@pytest.mark.parametrize("room", ["bot.message.compose", "bot.desk.Desk.evidence"])
def test_what_cannot_be_written_is_told_barely(
    story: Make, monkeypatch: pytest.MonkeyPatch, room: str
) -> None:
    """Where the evidence or the message fails, beginning and end are told with the bare facts."""

    def broken(*_: object, **__: object) -> None:
        raise ValueError("boom")

    told = story(quiet_watch(), quiet=40)
    monkeypatch.setattr(room, broken)
    after = surge(told, "2024-02-10", 4)
    told.days(str(after), 30)
    assert (told.reasons()[0], told.reasons()[-1]) == ("first", "resolved")
    assert told.reasons().count("first") == told.reasons().count("resolved") == 1
    assert told.heard[0][2] == "Hmeimim to eastern Libya: surge began"
    assert "observed 2, expected 0.0" in repr(told.channel.heard[0][1].sections)


def test_a_quiet_month_says_nothing(story: Make) -> None:
    """No traffic, no message; a single flight of the usual kind, no surge."""
    told = story(quiet_watch(), quiet=40)
    told.day("2024-02-10", flights(date(2024, 2, 10), 1))
    told.days("2024-02-11", 10)
    assert told.heard == []


def test_a_dark_feed_neither_fires_nor_resolves(story: Make) -> None:
    """Days without a look leave a firing alert firing, however long they last."""
    told = story(quiet_watch(), quiet=40)
    after = surge(told, "2024-02-10", 3)
    before = told.heard
    told.days(str(after), 20, dark=True)
    assert told.heard == before
    assert [alert.state for alert in told.store.open_alerts()] == ["firing"]
    told.days(str(after + timedelta(days=20)), 30)
    assert told.reasons()[-1] == "resolved"


def test_silence_withholds_and_the_end_is_still_told(story: Make) -> None:
    """Whoever heard FIRST hears RESOLVED even if silenced since; what begins in silence is told
    when the silence ends, if it still goes on."""
    told = story(quiet_watch(), quiet=40)
    surge(told, "2024-02-10", 2)
    assert told.reasons() == ["first"]
    with told.store.begin() as tx:
        told.store.add_silence(tx, "*", told.bot.now + timedelta(days=60), "me", "", told.bot.now)
    told.days("2024-02-12", 30)
    assert told.reasons() == ["first", "resolved"]


def test_what_begins_in_silence_is_told_after_it(story: Make) -> None:
    """A silence delays the news of what still goes on; it does not swallow it."""
    told = story(quiet_watch(), quiet=40)
    with told.store.begin() as tx:
        told.store.add_silence(tx, "*", told.bot.now + timedelta(hours=49), "me", "", told.bot.now)
    surge(told, "2024-02-10", 2)
    assert told.heard == []
    surge(told, "2024-02-12", 2)
    assert told.reasons()[:1] == ["first"]
    assert told.reasons().count("first") == 1


def test_nothing_is_lost_when_the_channel_is_down_and_the_bot_restarts(story: Make) -> None:
    """A message that could not be sent survives a restart and arrives once."""
    told = story(quiet_watch(), quiet=40)
    told.channel.down = True
    surge(told, "2024-02-10", 2)
    assert told.heard == []
    told.restart()
    told.channel.down = False
    told.bot.now += timedelta(hours=1)
    told.bot.deliver()
    assert told.reasons() == ["first"]
    told.bot.deliver()
    assert told.reasons() == ["first"]


def test_a_restart_forgets_nothing(story: Make) -> None:
    """The same story with a restart every day is told in the same words."""
    plain, restless = story(quiet_watch(), quiet=40), story(quiet_watch(), quiet=40)
    for told in (plain, restless):
        for k in range(4):
            day = date(2024, 2, 10) + timedelta(days=k)
            told.day(day, flights(day, 2))
            if told is restless:
                told.restart()
        told.days("2024-02-14", 14)
    assert restless.heard == plain.heard
    assert plain.reasons()[0] == "first"


def test_first_in_ninety_days_is_an_event(story: Make) -> None:
    """The first flight after ninety watched days is told once, and has no end."""
    policy = AlertPolicy(surge_per_year=None, first_after_days=90)
    told = story(quiet_watch(alerts=policy), quiet=95)
    told.day("2024-04-05", flights(date(2024, 4, 5), 1))
    told.days("2024-04-06", 20)
    assert told.reasons("first") == ["first"]
    assert told.reasons("surge") == []


def test_a_first_leg_learnt_after_midnight_is_still_told(story: Make) -> None:
    """A flight late in the evening is published the next day: the news is a day old, not lost."""
    policy = AlertPolicy(surge_per_year=None, first_after_days=90)
    told = story(quiet_watch(alerts=policy), quiet=95)
    told.day("2024-04-05")
    told.day("2024-04-06", [leg("OSLK", "HL59", "2024-04-05 22:30")])
    told.days("2024-04-07", 5)
    assert told.reasons("first") == ["first"]


def test_a_watch_that_is_no_longer_watched_is_closed(story: Make) -> None:
    """Whoever heard that it began hears that it is no longer watched; nothing fires for ever."""
    told = story(quiet_watch(), quiet=40)
    surge(told, "2024-02-10", 2)
    told.rewatch(quiet_watch(name="elsewhere", origin=Place((HLLB,))))
    told.days("2024-02-12", 2)
    assert told.store.open_alerts() == ()
    assert told.heard[-1][2] == "🔧 No longer watched: Hmeimim to eastern Libya"


def test_a_watch_turned_elsewhere_begins_anew(story: Make) -> None:
    """Whoever looked at Libya for a season has not looked at Mali: no 'first in 90 days' there."""
    policy = AlertPolicy(surge_per_year=None, first_after_days=90)
    told = story(quiet_watch(alerts=policy), quiet=95)
    there = Place((Spot("GABS", "Bamako", 12.5335, -7.9499),))
    told.rewatch(quiet_watch(alerts=policy, destination=there))
    told.day("2024-04-05", [leg("OSLK", "GABS", "2024-04-05 06:00")])
    told.days("2024-04-06", 3)
    assert told.heard == []


def test_history_imported_by_another_process_is_seen(story: Make) -> None:
    """`airbridge import` beside the running service counts from the next assessment on."""
    told = story(quiet_watch())
    told.days("2024-01-01", 3)
    watch = quiet_watch()
    imported(told, "2023-11-01", 60, 0.0)
    told.days("2024-01-04", 1)
    series = told.bot.wiring.desk.book.series(watch, date(2024, 1, 4))
    assert series is not None
    assert series.days[0].item() == date(2023, 11, 1)


def test_a_late_leg_re_judges_yesterday(story: Make) -> None:
    """Legs that become known the day after still count on the day they flew."""
    told = story(quiet_watch(), quiet=40)
    told.day("2024-02-10")
    late = [replace(x, takeoff=x.takeoff) for x in flights(date(2024, 2, 10), 3)]
    told.day("2024-02-11", late)
    assert told.reasons() == ["first"]
    (series,) = [told.bot.wiring.desk.book.series(w, date(2024, 2, 11)) for w in [quiet_watch()]]
    assert series is not None
    assert series.counts[-2:].tolist() == [3, 0]


def test_what_is_beyond_doubt_is_not_told_again_and_again(story: Make) -> None:
    """An airlift that goes on for a month is told when it begins and a few times as it grows;
    what nobody doubts is no news for being rarer still."""
    told = story(quiet_watch(), quiet=40)
    surge(told, "2024-02-10", 30)
    assert told.reasons()[0] == "first"
    assert len(told.reasons()) <= 5


def test_one_cause_is_one_message(story: Make) -> None:
    """Two watches moved by the same legs are told together."""
    wide = quiet_watch(destination=None)
    told = story(quiet_watch(), replace(wide, name="Hmeimim to anywhere", origin=Place((OSLK,))))
    told.days("2024-01-01", 40)
    surge(told, "2024-02-10", 2)
    assert told.reasons() == ["first"]
    ((_, message),) = told.channel.heard
    text = " ".join(span.text for s in message.sections for line in s.lines for span in line)
    names = {"Hmeimim to anywhere", "Hmeimim to eastern Libya"}
    assert all(name in message.title + text for name in names)


def test_sightings_tell_every_leg_once(story: Make) -> None:
    """`sightings: on` tells each leg of the watch one time, also after a restart."""
    policy = AlertPolicy(surge_per_year=None, sightings=True)
    told = story(quiet_watch(alerts=policy))
    told.days("2024-01-01", 3)
    told.day("2024-01-04", flights(date(2024, 1, 4), 2))
    told.restart()
    told.days("2024-01-05", 3)
    assert [title for _, _, title in told.heard] == ["✈️ 2 legs sighted: Hmeimim to eastern Libya"]


def test_a_lull_is_told_on_complete_watched_days_only(story: Make) -> None:
    """Where flights are daily, a silent week is a lull if somebody looked, and none if nobody."""
    policy = AlertPolicy(surge_per_year=None, lull_per_year=1.0)
    busy = quiet_watch(alerts=policy, usual_per_day=3.0, usual_text="3 per day")
    told, dark = story(busy), story(busy)
    for bot in (told, dark):
        surge(bot, "2024-01-01", 30, 3)
        bot.days("2024-01-31", 6, dark=bot is dark)
    assert told.reasons("lull")[:1] == ["first"]
    assert dark.reasons("lull") == []
    assert told.heard[0][2].startswith("📉 ")


def test_an_unusual_make_up_is_told_beside_the_count(story: Make) -> None:
    """The usual number of legs by quite other aircraft at another hour is told as such."""
    policy = AlertPolicy(surge_per_year=1.0, first_after_days=None)
    told = story(quiet_watch(alerts=policy, usual_per_day=3.0, usual_text="3 per day"))
    surge(told, "2024-01-01", 90, 3)
    day = date(2024, 3, 31)
    late = [leg("OSLK", "HL59", f"{day} {hour}:10") for hour in (20, 21, 22)]
    told.day(day, [
        replace(flown, type_code="IL76", icao24=f"1a000{k}", callsign=f"XYZ{k}", id=f"odd{k}")
        for k, flown in enumerate(late)
    ])  # fmt: skip
    told.day(day + timedelta(days=1), flights(day + timedelta(days=1), 3))
    assert told.reasons("surge") == []
    assert told.reasons("makeup")[-1:] == ["first"]
    assert told.heard[-1][2].startswith("🧩 3 legs")


def test_a_yearly_feast_is_told_once_at_most(story: Make) -> None:
    """A route that doubles at every New Year: in the third one a watch that allows for the
    holidays says nothing, restarted or not; one that does not says it again."""
    plain = quiet_watch(name="plain", usual_per_day=None, usual_text="")
    known = replace(plain, name="known", holidays=("RU",))
    told = story(known, plain)
    first = date(2022, 1, 1)
    past = [first + timedelta(days=k) for k in range(730)]
    rows = [
        DayCount(one.name, day, 6.0 if day.month == 1 and day.day <= 6 else 3.0, 1.0)
        for one in (known, plain) for day in past
    ]  # fmt: skip
    book = told.bot.wiring.desk.book
    book.take_in(History(counts=tuple(rows)), told.bot.now)
    for k in range(6):
        day = date(2024, 1, 1) + timedelta(days=k)
        told.day(day, flights(day, 6, hour=1))
        if k == 2:
            told.restart()
    findings = told.bot.wiring.desk.judged_all(date(2024, 1, 6))
    assert any(f.raised for f in findings["plain"].findings)
    assert not any(f.raised for f in findings["known"].findings)
    assert any("public holiday in Russia" in n for f in findings["known"].findings for n in f.notes)
    assert told.reasons() == ["first"]


def test_what_lasts_becomes_the_new_usual_and_hides_nothing(story: Make) -> None:
    """Two legs a day become five for good: told as the new usual, once; ten a day after that are
    an alert of their own."""
    told = story(quiet_watch(usual_per_day=None, usual_text=""))
    imported(told, "2023-11-01", 61, 2.0)
    after = surge(told, "2024-01-01", 40, 5)
    assert told.reasons()[0] == "first"
    assert told.reasons()[-1] == "resolved"
    assert told.reasons().count("resolved") == 1
    assert told.heard[-1][2].startswith("↗️ About 4.9 a day is the new usual")
    (first,) = told.store.alerts(9)
    for day in (after, after + timedelta(days=1)):
        told.day(day, [
            leg("OSLK", "HL59", f"{day} {2 * k:02d}:10", icao24=f"15407{k}") for k in range(10)
        ])  # fmt: skip
    assert told.reasons().count("first") == 2
    assert told.store.alerts(9)[0].id != first.id
