"""What is told of looking: outages with their reason, and changes of source."""

from datetime import date

from bot.coverage import changes, failed_by_hour, grounds, note, outages
from bot.model.looking import Change, Estimate, GroundDay
from bot.model.query import Presence
from tests.nouns import at, watch

MIDNIGHT = int(at("2024-12-26").timestamp())
HERE, THERE = (ground.key for ground in grounds(watch()))


def rows(
    looked: range = range(24), failed: tuple[int, ...] = (), end: str = HERE
) -> list[Presence]:
    return [
        Presence(end, MIDNIGHT + 3600 * h, 3600.0 * (h in looked), 60 * (h in looked),
                 60 * (h in failed), 5 * (h in looked))
        for h in sorted({*looked, *failed})
    ]  # fmt: skip


def day(when: str = "2024-12-26", feeds: str = "lol", dark: tuple[int, ...] = ()) -> GroundDay:
    return GroundDay(HERE, date.fromisoformat(when), 1, 1, 0.9, 1.1, 99, 99.0, dark, feeds)


def words(found: list[Presence], *days: GroundDay, why: dict[int, str] | None = None) -> list[str]:
    told = outages(found, days, why or {}, at("2024-12-26"), at("2024-12-27"))
    return [outage.words() for outage in told]


def test_hours_without_a_look_are_named() -> None:
    """A reader is told from when to when nobody looked, over midnight with both days."""
    assert words(rows(range(3, 24))) == ["no look from 26 Dec 00:00 to 03:00 UTC"]
    assert words(rows(range(22))) == ["no look from 26 Dec 22:00 to 27 Dec 00:00 UTC"]


def test_failed_looks_name_feed_and_reason() -> None:
    """An hour in which every request failed says whose and why, unlike one nobody asked in."""
    why = failed_by_hour([(at("2024-12-26 05:00"), "lol", "HTTP 403"),
                          (at("2024-12-26 05:00"), "fi", "")])  # fmt: skip
    found = rows(range(5), failed=(5,)) + rows(range(6, 24))
    assert words(found, why=why) == [
        "every look failed (lol: HTTP 403) from 26 Dec 05:00 to 06:00 UTC"
    ]
    assert words(found) == ["every look failed from 26 Dec 05:00 to 06:00 UTC"]


def test_darkness_behind_answered_polls_is_named() -> None:
    """A lost receiver is told apart from a bot that did not look."""
    assert words(rows(), day(dark=(7, 8))) == [
        "polls answered, and nothing was to be seen from 26 Dec 07:00 to 09:00 UTC"
    ]


def test_changes_of_source_are_dated() -> None:
    """From what to what, on which day; a day nobody looked is no change."""
    days = [day("2024-12-20"), day("2024-12-21", ""), day("2024-12-22", "fi"), day("2024-12-23")]
    assert changes(days) == (
        Change(date(2024, 12, 22), "lol", "fi"), Change(date(2024, 12, 23), "fi", "lol"),
    )  # fmt: skip


def test_the_note_names_the_end_that_was_dark() -> None:
    """What concerns both ends is told once; what concerns one names it."""
    both = {"Hmeimim": rows(range(3, 24)), "Libya": rows(range(3, 20), end=THERE)}
    days = {"Hmeimim": [day("2024-12-25", "fi"), day()], "Libya": [day()]}
    said = note(both, days, {}, Estimate(0.9, 0.8, 1.0), ("lol",), at("2024-12-27 00:10"))
    assert said.dark == (
        "no look from 26 Dec 00:00 to 03:00 UTC",
        "Libya: no look from 26 Dec 20:00 to 27 Dec 00:00 UTC",
    )
    assert said.changed == ("source changed from fi to lol on 26 Dec",)
    assert (said.looks_ok, said.others_seen, said.low) == ((21 + 17) * 60, (21 + 17) * 5, 0.8)
