"""The end of an alert: what it was, how long it lasted, its peak, and what is usual now."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from bot.message import words
from bot.message.legs import Gazetteer
from bot.model.alert import Alert, Evidence, Finding, Kind, Line, Section, Series
from bot.model.rarity import in_words, reach_years

NOUNS = {Kind.SURGE: "surge", Kind.LULL: "lull", Kind.FIRST: "first leg",
         Kind.MAKEUP: "make-up"}  # fmt: skip
NEW_SIGNS = {Kind.SURGE: "↗️", Kind.LULL: "↘️"}


@dataclass(frozen=True, slots=True)
class Past:
    """The raised days in figures."""

    first: date
    last: date
    legs: float
    peak: float
    peak_day: date | None
    unseen: int  # days on which nobody looked


def resolved(
    evidence: Evidence, where: Line, book: Gazetteer, alert: Alert | None
) -> tuple[str, list[Section | None]]:
    """Title and sections of an all-clear; `where` is the line that says what is watched."""
    finding, watch = evidence.finding, evidence.watch
    past = _past(evidence, alert)
    length = words.count((past.last - past.first).days + 1, "day")
    if alert is not None and alert.usual_after is not None:
        usual = words.rate(alert.usual_after)
        title = (
            f"{NEW_SIGNS.get(finding.kind, '')} {usual.capitalize()} is the new usual: {watch.name}"
        )
        ended = words.line(
            _before(alert), words.bold(usual), " is expected from here on, and is no alarm"
        )
    else:
        title = f"✅ Back to usual after {length}: {watch.name}"
        ended = words.line(_calm(alert), words.bold(words.rate(finding.expected)), " expected")
    what = NOUNS.get(finding.kind, str(finding.kind))
    facts: list[Line] = [
        where,
        words.line(f"The {what} lasted {length}: {words.days(past.first, past.last, book.now)}"),
        _numbers(past, book),
        _rarest(alert),
        ended,
    ]
    return title, [Section(tuple(fact for fact in facts if fact), essential=True)]


def _before(alert: Alert) -> str:
    if alert.usual_before is None:
        return "The level has lasted: "
    return f"Before it, {words.rate(alert.usual_before)} was usual. The level has lasted: "


def _calm(alert: Alert | None) -> str:
    days = alert.calm_days if alert else 0
    return f"Usual again for {words.count(days, 'day')}: " if days > 1 else "Usual again: "


def _numbers(past: Past, book: Gazetteer) -> Line:
    if past.peak_day is None:
        return ()
    unseen = ""
    if past.unseen:
        unseen = f"; nobody looked on {words.count(past.unseen, 'day')} of them"
    when = words.day(past.peak_day, book.now)
    return words.line(
        words.bold(words.count(past.legs)),
        f" in all, peak {words.number(past.peak)} on {when}{unseen}",
    )


def _rarest(alert: Alert | None) -> Line:
    if alert is None or alert.peak_return_years <= 0:
        return ()
    reach = reach_years(alert.kind, alert.usual_before)
    chance = words.about(in_words(alert.peak_return_years, reach))
    return words.line(f"At its rarest: by chance {chance}")


def _past(evidence: Evidence, alert: Alert | None) -> Past:
    """From the alert's opening to its last raised day, as far as the series reaches."""
    series, finding = evidence.series, evidence.finding
    days = series.days.astype("datetime64[D]")
    first, last = _span(days, series, finding, alert)
    within = (days >= np.datetime64(first)) & (days <= np.datetime64(last))
    counts = series.counts[within]
    if not np.isfinite(counts).any():
        return Past(first, last, np.nan, np.nan, None, int(within.sum()))
    top = int(np.nanargmax(counts))
    return Past(
        first, last, float(np.nansum(counts)), float(counts[top]),
        days[within][top].astype(date), int(np.isnan(counts).sum()),
    )  # fmt: skip


def _span(
    days: npt.NDArray[np.datetime64], series: Series, finding: Finding, alert: Alert | None
) -> tuple[date, date]:
    first = finding.since or finding.day
    last = finding.day - timedelta(days=alert.calm_days if alert else 0)
    rose = series.alarm is not None and finding.kind is not Kind.LULL  # alarms are of surges
    raised = days[series.alarm] if rose else days[:0]
    if alert is not None:
        first = min(alert.opened, alert.fired or alert.opened).date()
        if finding.kind is Kind.LULL:
            first -= timedelta(days=1)  # noticed when its day was over
        raised = raised[(raised >= np.datetime64(first)) & (raised <= np.datetime64(finding.day))]
    elif len(raised):
        first = raised[0].astype(date)
    if len(raised):
        last = raised[-1].astype(date)
    return min(first, last), last  # what was noticed later began before its alert
