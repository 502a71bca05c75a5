"""One typed word or phrase to one plain value. Every reader takes text and raises `Wrong`.

Numbers are plain decimals: no nan, no inf, no 1e5, no 1_000, no digits of other scripts.
"""

import re
from collections.abc import Callable, Collection
from datetime import time, timedelta
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

from bot.config.mistakes import Wrong, near, shown

T = TypeVar("T")
Reader = Callable[[str], T]

_NUMBER = re.compile(r"[+-]?\d{1,12}(\.\d{1,12})?", re.ASCII)
_AMOUNT = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([a-z]+)", re.ASCII)
_RATE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(?:per|a|an|/)\s*([a-z]+)", re.ASCII)
_CLOCKS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_ON, _OFF = {"on", "yes", "true"}, {"off", "no", "false"}
_SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 7 * 86_400),
    **dict.fromkeys(("y", "year", "years"), 365 * 86_400),
}
DAYS_A_YEAR = 365.25
_DAYS = {"day": 1.0, "week": 7.0, "month": DAYS_A_YEAR / 12, "year": DAYS_A_YEAR}
_SECRET_QUERY = re.compile(r"key|token|secret|password|auth", re.IGNORECASE)


def number(low: float, high: float, what: str = "a number") -> Reader[float]:
    """A plain decimal within bounds (both included)."""

    def read(text: str) -> float:
        if _NUMBER.fullmatch(text) and low <= float(text) <= high:
            return float(text)
        raise Wrong(f"found {shown(text)}, expected {what} from {low:g} to {high:g}")

    return read


def switch(text: str) -> bool:
    """on or off; yes, no, true and false pass too."""
    if text.lower() in _ON | _OFF:
        return text.lower() in _ON
    raise Wrong(f"found {shown(text)}, expected on or off")


def off(text: str) -> bool:
    """Whether the word switches something off."""
    return text.lower() in _OFF


def duration(low: timedelta, high: timedelta, example: str) -> Reader[timedelta]:
    """'60s', '15m', '7d', '90 days', '1 year' (of 365 days), within bounds."""

    def read(text: str) -> timedelta:
        found = _AMOUNT.fullmatch(text.lower())
        if found is None or found[2] not in _SECONDS:
            raise Wrong(f"found {shown(text)}, expected a time such as {example}")
        seconds = float(found[1]) * _SECONDS[found[2]]
        if not low.total_seconds() <= seconds <= high.total_seconds():
            raise Wrong(f"found {shown(text)}, expected {spoken(low)} to {spoken(high)}")
        return timedelta(seconds=seconds)

    return read


def per_day(text: str) -> float:
    """'1 per month' to events a day."""
    found = _RATE.fullmatch(text.lower())
    unit = found[2].removesuffix("s") if found else ""
    if found is None or unit not in _DAYS:
        raise Wrong(f"found {shown(text)}, expected a rate such as 1 per month, 0.5 per day")
    return float(found[1]) / _DAYS[unit]


def rate_per_day(text: str) -> float:
    """What is usual on a watch: one in 100 years to 1,000 a day. Never none: a rate of zero would
    make any flight infinitely rare."""
    rate = per_day(text)
    if not 0.01 / DAYS_A_YEAR <= rate <= 1000:
        raise Wrong(f"found {shown(text)}, expected 0.01 per year to 1000 per day")
    return rate


def false_alarms(text: str) -> float:
    """A false alarm budget, per year: one in 100 years to one a week."""
    rate = per_day(text) * DAYS_A_YEAR
    if not 0.01 <= rate <= 52.5:
        raise Wrong(f"found {shown(text)}, expected 0.01 per year to 1 per week")
    return rate


def clocks(text: str) -> tuple[time, time]:
    """'22:30-06:30', start and end on a wall clock; the end may lie past midnight."""
    found = _CLOCKS.fullmatch(text)
    if found is None:
        raise Wrong(f"found {shown(text)}, expected hours such as 22:30-06:30")
    start, end = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if start == end:
        raise Wrong(f"found {shown(text)}, expected a start and an end that differ")
    return start, end


def one_of(known: Collection[str]) -> Reader[str]:
    """One word of a few."""

    def read(text: str) -> str:
        if text in known:
            return text
        raise Wrong(f"found {shown(text)}, expected one of: {', '.join(known)}{near(text, known)}")

    return read


def label(most: int) -> Reader[str]:
    """A name for humans: anything printable that is not blank, up to `most` characters."""

    def read(text: str) -> str:
        if text.strip() and len(text) <= most:
            return text.strip()
        raise Wrong(f"found {shown(text)}, expected a name of 1 to {most} characters")

    return read


def word(text: str) -> str:
    """A short name that other keys refer to."""
    if re.fullmatch(r"[^\W_][\w.-]{0,39}", text):
        return text
    raise Wrong(f"found {shown(text)}, expected a name of letters, digits, - _ . (up to 40)")


def hex_address(text: str) -> str:
    """A 24-bit address as six lower-case hex digits."""
    if re.fullmatch(r"[0-9a-fA-F]{6}", text) and text.lower() not in ("000000", "ffffff"):
        return text.lower()
    raise Wrong(f"found {shown(text)}, expected an address of six hex digits such as 154076")


def glob(text: str) -> str:
    """A pattern of letters, digits, hyphens, * and ?, in upper case; not one that fits all."""
    if re.fullmatch(r"[A-Z0-9*?-]{1,20}", text.upper(), re.ASCII) and text.strip("*?-"):
        return text.upper()
    raise Wrong(f"found {shown(text)}, expected a pattern such as RA-82* (letters, digits, - * ?)")


def web_address(text: str) -> str:
    """An http(s) address without a secret inside; one that holds a secret is not repeated."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        good = good and not re.search(r"\s", text) and (parts.port or 1) > 0
    except ValueError:
        good, parts = False, urlsplit("")
    if "@" in text or any(_SECRET_QUERY.search(name) for name, _ in parse_qsl(parts.query)):
        raise Wrong("found an address with a password or key inside, expected the key in a "
                    "key_file")  # fmt: skip
    if not good:
        raise Wrong(f"found {shown(text)}, expected an address such as https://api.adsb.lol")
    return text.rstrip("/")


def spoken(span: timedelta) -> str:
    """A duration for a human: '10 s', '15 min', '90 days'.

    >>> spoken(timedelta(seconds=90)), spoken(timedelta(days=90))
    ('90 s', '90 days')
    """
    seconds = span.total_seconds()
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return "1 day" if seconds == 86_400 else f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"
