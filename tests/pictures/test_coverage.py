"""The heat map: what was not seen is drawn apart, named, and never as a colour of seeing."""

import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from bot.model.looking import DARK, FAILED, NO_LOOK, Change, GroundDay, Lookout, Outage
from bot.pictures.coverage import coverage_map, draw_coverage
from tests.nouns import at
from tests.pictures.facts import LAST, named, outside, overlaps, texts

NOW = datetime(2024, 12, 17, 12, 0, tzinfo=UTC)
DAYS = 14
FIRST = LAST - timedelta(days=DAYS - 1)
NAME = "Hmeimim to eastern Libya"
ON_CALL = np.array([np.full(DAYS, 1.0), np.full(DAYS, 0.85), np.full(DAYS, 1.15)])


def lookout(label: str, *outages: Outage, changes: tuple[Change, ...] = ()) -> Lookout:
    """An end seen as usual, but for these outages and for the rest of today."""
    seen = np.ones((DAYS, 24))
    seen[-1, 12:] = np.nan
    for outage in outages:
        for hour in range(int((outage.end - outage.start).total_seconds() / 3600)):
            when = outage.start + timedelta(hours=hour)
            seen[(when.date() - FIRST).days, when.hour] = np.nan
    days = tuple(
        GroundDay("g", FIRST + timedelta(days=k), 1, 1, 0.9, 1.1, 90, 90.0, (), "adsb-lol")
        for k in range(DAYS)
    )
    ok = np.full(DAYS, 1440)
    return Lookout(label, days, ok, ok * 0, seen, outages, changes)


def outage(start: str, hours: int, why: str = NO_LOOK) -> Outage:
    return Outage(at(start), at(start) + timedelta(hours=hours), why)


LOST = outage("2024-12-08 05:00", 17, DARK)
BLOCKED = outage("2024-12-12 20:00", 10, f"{FAILED} (adsb-lol: HTTP 403)")
PAUSE = outage("2024-12-05 03:00", 2)


@pytest.mark.parametrize("dark", [True, False])
def test_the_picture_says_what_it_shows(dark: bool) -> None:
    """A PNG of the promised size; the outages also in its alternative text, label first."""
    ends = [lookout("Hmeimim", LOST), lookout("Libya")]
    picture = coverage_map(NAME, ends, ON_CALL, NOW, label="RECONSTRUCTION", dark=dark)
    assert struct.unpack(">II", picture.png[16:24]) == (1100, 680)
    assert picture.alt == (
        "RECONSTRUCTION: Looking, hour by hour: Hmeimim to eastern Libya, 4–17 Dec 2024. Hmeimim: "
        "polls answered, and nothing was to be seen from 08 Dec 05:00 to 22:00 UTC"
    )


def test_reasons_are_drawn_apart_and_named() -> None:
    """Dark, failed and not asked differ, each is in the key, the longest are numbered."""
    end = lookout("Hmeimim", PAUSE, LOST, BLOCKED)
    sheet = draw_coverage(NAME, [end], ON_CALL, NOW)
    assert [len(named(sheet, gid)) for gid in ("dark", NO_LOOK, FAILED)] == [1, 1, 2]
    assert {"dark", "no look", "failed"} <= set(texts(sheet, "key"))
    assert texts(sheet, "number") == ["1", "2", "3"]
    assert texts(sheet, "outage")[0] == "1 no look from 05 Dec 03:00 to 05:00 UTC"
    assert "HTTP 403" in texts(sheet, "outage")[2]
    assert "unknown" not in texts(sheet, "key")


def test_ends_are_told_apart_only_where_they_differ() -> None:
    """Two ends that were seen alike are one panel; otherwise each has its own, by name."""
    alike = draw_coverage(NAME, [lookout("Hmeimim", PAUSE), lookout("Libya", PAUSE)], ON_CALL, NOW)
    assert texts(alike, "end") == ["Hmeimim and Libya"]
    apart = draw_coverage(NAME, [lookout("Hmeimim", PAUSE), lookout("Libya")], ON_CALL, NOW)
    assert texts(apart, "end") == ["Hmeimim", "Libya"]
    assert texts(apart, "outage") == ["1 Hmeimim: no look from 05 Dec 03:00 to 05:00 UTC"]


def test_unknown_is_drawn_as_unknown() -> None:
    """Hours that were looked at, but where nothing is ever heard, are hatched, not coloured; hours
    to come are nothing."""
    end = lookout("Hmeimim")
    blind = replace(end, seen=np.full((DAYS, 24), np.nan))
    sheet = draw_coverage(NAME, [blind], np.full((3, DAYS), np.nan), NOW)
    assert len(named(sheet, "unknown")) == DAYS + (DAYS - 1) * 24 + 12
    assert "unknown" in texts(sheet, "key")
    assert not named(draw_coverage(NAME, [end], ON_CALL, NOW), "unknown")


def test_a_change_of_source_is_marked() -> None:
    """A line where another feed took over, and the words."""
    change = Change(FIRST + timedelta(days=9), "adsb-lol", "adsb-fi")
    sheet = draw_coverage(NAME, [lookout("Hmeimim", changes=(change,))], ON_CALL, NOW)
    (line,) = named(sheet, "change")
    assert line.get_xdata()[0] == 8.5
    assert texts(sheet, "outage") == ["Source changed from adsb-lol to adsb-fi on 13 Dec"]
    assert "source changed" in texts(sheet, "key")


def test_words_stay_on_the_sheet_and_apart() -> None:
    """The busiest picture: nothing overlaps, nothing is cut off."""
    change = Change(FIRST + timedelta(days=9), "adsb-lol", "adsb-fi")
    ends = [
        lookout("Hmeimim", PAUSE, LOST, BLOCKED, changes=(change,)),
        lookout("eastern-libya, a name of some length", PAUSE),
    ]
    sheet = draw_coverage(NAME, ends, ON_CALL * 1.4, NOW, label="RECONSTRUCTION")
    assert not outside(sheet)
    assert not overlaps(sheet)


def test_a_watch_without_ends_is_still_a_picture() -> None:
    """Nothing to look at: an empty sheet that says so, no crash."""
    sheet = draw_coverage(NAME, [], np.zeros((3, 0)), NOW)
    assert texts(sheet, "outage") == ["No outage"]
