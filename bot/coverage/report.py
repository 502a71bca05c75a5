"""What is told of looking: outages with their reason, changes of source, a day at a glance."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from bot.coverage.tally import HOUR_S
from bot.model.alert import CoverageNote
from bot.model.looking import DARK, FAILED, NO_LOOK, Change, Estimate, GroundDay, Lookout, Outage
from bot.model.query import Presence

Floats = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)


def outages(
    rows: Iterable[Presence],
    days: Iterable[GroundDay],
    failures: Mapping[int, str],
    since: datetime,
    until: datetime,
) -> tuple[Outage, ...]:
    """The outages of one ground in [since, until), whole hours. `rows`, `days`: what is known of
    it; `failures`: by the hour (epoch s), which feed failed and why."""
    known = {row.hour_s: row for row in rows}
    dark = {(day.day, hour) for day in days for hour in day.dark}
    start = since.replace(minute=0, second=0, microsecond=0)
    named: list[Outage] = []
    for k in range(int((until - start) / HOUR)):
        hour = start + k * HOUR
        why = _why(known.get(int(hour.timestamp())), failures, (hour.date(), hour.hour) in dark)
        if why and named and named[-1].end == hour and named[-1].why == why:
            named[-1] = Outage(named[-1].start, hour + HOUR, why)
        elif why:
            named.append(Outage(hour, hour + HOUR, why))
    return tuple(named)


def _why(row: Presence | None, failures: Mapping[int, str], dark: bool) -> str:
    """Why an hour was not seen; nothing when it was."""
    if row is None or row.looked_s == 0:
        if row is None or not row.looks_failed:
            return NO_LOOK
        failed = failures.get(row.hour_s, "")
        return f"{FAILED} ({failed})" if failed else FAILED
    return DARK if dark else ""


def changes(days: Iterable[GroundDay]) -> tuple[Change, ...]:
    """Every change of the feeds that looked; days in order."""
    found = []
    last = ""
    for day in days:
        if last and day.feeds and day.feeds != last:
            found.append(Change(day.day, last, day.feeds))
        last = day.feeds or last
    return tuple(found)


def lookout(
    label: str,
    rows: Sequence[Presence],
    days: Iterable[GroundDay],
    failures: Mapping[int, str],
    first: date,
    now: datetime,
) -> Lookout:
    """One end of a watch from that day on, up to the last whole hour."""
    known = {day.day: day for day in days}
    span = [first + timedelta(days=k) for k in range((now.date() - first).days + 1)]
    told = tuple(known.get(day) or _unlooked(day) for day in span)
    sums = np.zeros((2, len(span)), int)
    looked = np.zeros((len(span), 24))
    for row in rows:
        when = datetime.fromtimestamp(row.hour_s, UTC)
        i = (when.date() - first).days
        if 0 <= i < len(span):
            sums[:, i] += row.looks_ok, row.looks_failed
            looked[i, when.hour] = min(1.0, row.looked_s / HOUR_S)
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return Lookout(
        label=label,
        days=told,
        ok=sums[0],
        failed=sums[1],
        seen=np.array([_by_hour(day, hours) for day, hours in zip(told, looked, strict=True)]),
        outages=outages(rows, told, failures, start, now.replace(minute=0)),
        changes=changes(told),
    )


def _unlooked(day: date) -> GroundDay:
    return GroundDay("", day, 0.0, 0.0, 0.0, 0.0, 0, math.nan)


def _by_hour(day: GroundDay, looked: Floats) -> Floats:
    """The day's exposure on the hours that were looked at and not dark; their mean is the day's."""
    shares = looked.copy()
    shares[list(day.dark)] = 0.0
    if shares.sum() == 0:
        return np.full(24, np.nan)
    return np.where(shares > 0, day.exposure * shares / shares.mean(), np.nan)


def note(
    rows: Mapping[str, Sequence[Presence]],
    days: Mapping[str, Sequence[GroundDay]],
    failures: Mapping[int, str],
    today: Estimate,
    feeds: tuple[str, ...],
    now: datetime,
) -> CoverageNote:
    """The last 24 hours, for a human. `rows` and `days`: of each of a watch's grounds, by what
    each is called; `today`: of what is over of the day."""
    start = now.replace(minute=0, second=0, microsecond=0) - 24 * HOUR
    recent = {
        end: [row for row in found if row.hour_s >= start.timestamp()]
        for end, found in rows.items()
    }
    flat = [row for found in recent.values() for row in found]
    return CoverageNote(
        exposure_today=today.exposure,
        low=today.low,
        high=today.high,
        looks_ok=sum(row.looks_ok for row in flat),
        looks_failed=sum(row.looks_failed for row in flat),
        others_seen=sum(row.others for row in flat),
        feeds=feeds,
        dark=_told(
            {end: outages(found, days[end], failures, start, start + 24 * HOUR)
             for end, found in recent.items()}
        ),
        changed=tuple(dict.fromkeys(
            change.words() for found in days.values() for change in changes(found)
        )),
    )  # fmt: skip


def _told(found: Mapping[str, tuple[Outage, ...]]) -> tuple[str, ...]:
    """Outages of all ends without their end's name; of one, with it."""
    told = sorted({outage for named in found.values() for outage in named}, key=lambda o: o.start)
    lines = []
    for outage in told:
        ends = [end for end, named in found.items() if outage in named]
        where = "" if len(ends) == len(found) else f"{', '.join(ends)}: "
        lines.append(where + outage.words())
    return tuple(lines)


def failed_by_hour(hours: Iterable[tuple[datetime, str, str]]) -> dict[int, str]:
    """Reasons by the hour (epoch s) from (hour, feed, its last failure): 'lol: HTTP 403'."""
    found: dict[int, dict[str, None]] = {}
    for hour, feed, why in hours:
        if why:
            found.setdefault(int(hour.timestamp()), {})[f"{feed}: {why}"] = None
    return {hour_s: "; ".join(told) for hour_s, told in found.items()}
