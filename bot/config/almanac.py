"""A watch's `holidays:` and `peaks:`: days that its expectation is to allow for.

Off unless asked for: every day that is special costs some keenness on it until its effect is
learnt.
"""

import re
from datetime import date

from bot.calendar import is_known
from bot.config.mistakes import Wrong, shown
from bot.config.places import country
from bot.config.scalars import label
from bot.config.table import Spot, Table
from bot.config.tree import Text
from bot.model.watch import Peak

PEAK_DAYS = 120  # longer is a season, which the detectors learn by themselves
NAME_CHARS = 40
YEARS = (1990, 2100)
SPAN = re.compile(r"(\S+?)(?:\s*(?:to|\.\.|–)\s*(\S+))?")
YEARLY = re.compile(r"(\d{2})-(\d{2})", re.ASCII)
LEAP = 2024  # a year that has every day
YearDay = tuple[int, int]


def read_holidays(table: Table, at_ends: tuple[str, ...]) -> tuple[str, ...]:
    """The countries whose public holidays count: `on` (those `at_ends`, of its airfields), `off`,
    or codes. A country without known holidays is told as a warning."""
    spot = table.spot("holidays")
    word = spot.node.value if spot and isinstance(spot.node, Text) else ""
    if spot is None or word == "off":
        return ()
    if word == "on":
        asked = at_ends
        if not asked:
            spot.wrong("found on, but no end names an airfield whose country is known, expected "
                       "countries such as [TR, SY]")  # fmt: skip
    else:
        asked = tuple(dict.fromkeys(spot.values(_asked)))
    for code in asked:
        if not is_known(code):
            table.mistakes.warn(f"{spot.field}: no public holidays are known of {code}; its days "
                                "are judged like any others")  # fmt: skip
    return tuple(code for code in asked if is_known(code))


def _asked(text: str) -> str:
    try:
        return country(text)
    except Wrong:
        raise Wrong(
            f"found {shown(text)}, expected on, off, or countries such as [TR, SY]"
        ) from None


def read_peaks(table: Table) -> tuple[Peak, ...]:
    """`peaks: {Hajj: [2025-06-01 to 2025-06-10], Derby: 05-04}`."""
    spot = table.spot("peaks")
    return tuple(_peak(name, days) for name, days in spot.named()) if spot else ()


def _peak(name: str, spot: Spot) -> Peak:
    try:
        label(NAME_CHARS)(name)
    except Wrong as exc:
        spot.wrong(str(exc))
    yearly, dated = [], []
    for span in spot.values(_span):
        if isinstance(span[0], date) and isinstance(span[1], date):
            dated.append((span[0], span[1]))
        elif isinstance(span[0], tuple) and isinstance(span[1], tuple):
            yearly.append((span[0], span[1]))
    return Peak(name, tuple(yearly), tuple(dated))


def _span(text: str) -> tuple[date, date] | tuple[YearDay, YearDay]:
    found = SPAN.fullmatch(text)
    wrong = Wrong(f"found {shown(text)}, expected days such as 12-24, 12-20 to 01-05, 2025-06-04, "
                  f"2025-06-01 to 2025-06-10 (at most {PEAK_DAYS} days)")  # fmt: skip
    if found is None:
        raise wrong
    try:
        start, stop = _day(found[1]), _day(found[2] or found[1])
    except ValueError:
        raise wrong from None
    if isinstance(start, date) and isinstance(stop, date):
        length = (stop - start).days
        if 0 <= length < PEAK_DAYS:
            return start, stop
    elif isinstance(start, tuple) and isinstance(stop, tuple):
        length = (date(LEAP, *stop) - date(LEAP, *start)).days % 366
        if length < PEAK_DAYS:
            return start, stop
    raise wrong


def _day(text: str) -> date | YearDay:
    """A date, or month and day of every year. Raises ValueError."""
    if found := YEARLY.fullmatch(text):
        each = date(LEAP, int(found[1]), int(found[2]))
        return each.month, each.day
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValueError(text)
    day = date.fromisoformat(text)
    if not YEARS[0] <= day.year < YEARS[1]:
        raise ValueError(text)
    return day
