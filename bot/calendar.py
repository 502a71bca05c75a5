"""Days known beforehand to be unlike others: public holidays at a watch's ends, its owner's peaks.

Each holiday has two covariates of its own, its days and the days beside them, whose effects on
traffic are learnt apart. A day has at most one covariate, so that doubts never add up. A country
whose holidays are not known has none; nothing is guessed. The package `holidays` stays here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import holidays
import numpy as np
import numpy.typing as npt

from bot.airfields import country_names
from bot.model.alert import Series
from bot.model.watch import Peak, Watch

NEAR_DAYS = 3  # told as near: in the real series people fly that long before a feast
LINES = 3  # more of them are a list, not a reason
DAY = timedelta(days=1)
BESIDE = (DAY, -DAY)  # people travel the day before a holiday and come home the day after


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """What is known of a span of days. `columns`: the covariates' names; `of`: the day's one;
    `said`: what the day is, ready to print."""

    columns: tuple[str, ...]
    of: Mapping[date, int] = field(repr=False)
    said: Mapping[date, tuple[str, ...]] = field(repr=False)

    def matrix(self, days: npt.NDArray[np.datetime64]) -> npt.NDArray[np.float64]:
        """The covariates of those days, (T, C)."""
        out = np.zeros((len(days), len(self.columns)))
        for i, day in enumerate(days.tolist()):
            if day in self.of:
                out[i, self.of[day]] = 1.0
        return out


def is_known(country: str) -> bool:
    """Whether the public holidays of that country (ISO alpha-2) are known."""
    return country in _supported()


def calendar_of(watch: Watch, first: date, last: date) -> Calendar | None:
    """The calendar of a watch for the years of that span; None where it asks for none."""
    if not watch.holidays and not watch.peaks:
        return None
    return _calendar(watch.holidays, watch.peaks, first.year, last.year)


@lru_cache
def _supported() -> frozenset[str]:
    return frozenset(holidays.list_supported_countries())


@lru_cache(maxsize=2048)  # watches may each have peaks of their own
def _calendar(
    countries: tuple[str, ...], peaks: tuple[Peak, ...], first: int, last: int
) -> Calendar:
    # One year to either side: New Year's Eve belongs to the next one, and a column that first
    # appears in a year is there before it.
    years = range(first - 1, last + 2)
    on: dict[date, str] = {}
    said: dict[date, list[str]] = {}
    for country in countries:
        for day, names in sorted(_holidays(country, years).items()):
            where = country_names().get(country, country)
            said.setdefault(day, []).append(f"public holiday in {where}: {', '.join(names)}")
            on[day] = min(on.get(day, names[0]), names[0])  # Eid at both ends is one Eid
    column = {
        day + by: f"beside {name}"
        for day, name in sorted(on.items())  # between two it is the later one's eve
        for by in BESIDE
    } | on
    for peak in peaks:  # the owner's word comes before the almanac's
        for day in _days(peak, years):
            column[day] = f"peak {peak.name}"
            said.setdefault(day, []).append(f"known peak: {peak.name}")
    columns = tuple(sorted(set(column.values())))
    place = {name: i for i, name in enumerate(columns)}
    return Calendar(
        columns,
        {day: place[name] for day, name in column.items()},
        {day: tuple(words) for day, words in said.items()},
    )


@lru_cache(maxsize=512)
def _holidays(country: str, years: range) -> Mapping[date, tuple[str, ...]]:
    """Holidays by day, the longest first where several fall on one day."""
    if not is_known(country):
        return {}
    found = holidays.country_holidays(country, years=years, language="en_US")
    by_day = {day: _plain(names) for day, names in found.items()}
    length: dict[tuple[int, str], int] = {}
    for day, names in by_day.items():
        for name in names:
            length[day.year, name] = length.get((day.year, name), 0) + 1
    return {
        day: tuple(sorted(names, key=lambda name: (-length[day.year, name], name)))
        for day, names in by_day.items()
    }


def _plain(text: str) -> list[str]:
    """The names on a day, the same in every year: without '(observed)' or '(estimated)'."""
    names = (re.sub(r"\s*\([^)]*\)", "", name).removesuffix(" Holiday") for name in text.split(";"))
    return list(dict.fromkeys(name.strip() for name in names if name.strip()))


def _days(peak: Peak, years: range) -> Iterator[date]:
    spans = list(peak.dated)
    for year in years:
        for (m1, d1), (m2, d2) in peak.yearly:
            end = year + ((m2, d2) < (m1, d1))  # over New Year
            spans.append((_leap(year, m1, d1), _leap(end, m2, d2)))
    for start, stop in spans:
        yield from (start + k * DAY for k in range((stop - start).days + 1))


def _leap(year: int, month: int, day: int) -> date:
    """29 February of a common year is its 28th."""
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, day - 1)


def remarks(calendar: Calendar | None, series: Series, i: int, window_days: int,
            allowed_for: bool = True) -> tuple[str, ...]:  # fmt: skip
    """What the `window_days` up to day i are, latest first, ready to print. `allowed_for`: the
    judgement weighs special days, so also whether such a day was counted before them."""
    if calendar is None:
        return ()
    start, days = max(0, i + 1 - window_days), series.days[: i + 1]
    found: dict[str, list[date]] = {}
    for day in days[start:].tolist():
        for words in calendar.said.get(day, ()):
            found.setdefault(words, []).append(day)
    if not found:
        return tuple(_near(calendar, days[-1].item())[:LINES])
    counted = days[:start][np.isfinite(series.counts[:start])].tolist()
    met = {calendar.of.get(day) for day in counted}
    lines = []
    for words, when in sorted(found.items(), key=lambda pair: pair[1], reverse=True)[:LINES]:
        if not allowed_for:
            lines.append(f"{words} ({_span(when)})")
            continue
        seen = "what earlier ones did is allowed for" if calendar.of[when[0]] in met else (
            "the first one counted, its effect is not known yet")  # fmt: skip
        lines.append(f"{words} ({_span(when)}); {seen}")
    return tuple(lines)


def _near(calendar: Calendar, day: date) -> list[str]:
    """The holidays that a plain day is near to: people leave early and come home late."""
    found: dict[str, str] = {}
    for sign, when in ((1, "before"), (-1, "after")):
        for k in range(1, NEAR_DAYS + 1):
            for words in calendar.said.get(day + sign * k * DAY, ()):
                far = "the day" if k == 1 else f"{k} days"
                found.setdefault(words, f"{far} {when} a {words}")
    return list(found.values())


def _span(days: list[date]) -> str:
    first, last = days[0], days[-1]
    return (
        f"{first.day} {first:%b}"
        if first == last
        else f"{first.day} {first:%b} to {last.day} {last:%b}"
    )
