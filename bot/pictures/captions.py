"""The few words a picture carries: what happened, how unusual, when. Plain text, no markup."""

from datetime import date, datetime, timedelta

import numpy as np

from bot.model.air import Leg
from bot.model.alert import Evidence, Finding, Kind
from bot.model.rarity import rarity_of


def number(value: float) -> str:
    """A count or an expectation as a reader wants it.

    >>> [number(v) for v in (5.0, 0.13, 0.004, 2.34, 1250.2, float("nan"))]
    ['5', '0.1', 'under 0.1', '2.3', '1,250', 'unknown']
    """
    if not np.isfinite(value):
        return "unknown"
    if value == round(value):
        return f"{value:,.0f}"
    if value < 0.1:
        return "under 0.1"
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def day_text(day: date, year: bool = True) -> str:
    """'17 Dec 2024'."""
    return f"{day.day} {day:%b}" + (f" {day.year}" if year else "")


def span_text(first: date, last: date) -> str:
    """'14–17 Dec 2024', '28 Nov – 3 Dec 2024', or one day."""
    if first == last:
        return day_text(last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day_text(last)}"
    return f"{day_text(first, first.year != last.year)} – {day_text(last)}"


def legs_text(count: float) -> str:
    """'no legs', '1 leg', '5 legs'."""
    return f"{number(count) if count else 'no'} leg" + ("" if count == 1 else "s")


def rarity_text(finding: Finding) -> str:
    """How often chance alone would do this, as in the message; '' when it is not known."""
    said = rarity_of(finding) if finding.return_period_years > 0 else ""
    return said and f"by chance {said}"


def window_first(finding: Finding) -> date:
    """The first day of the window that the counts are of; of a first leg, its own day."""
    days = 1 if finding.kind is Kind.FIRST else max(finding.window_days, 1)
    return finding.day - timedelta(days=days - 1)


def window_text(finding: Finding) -> str:
    """'5 in 3 days, 0.1 expected' or 'first in 412 days', for the bracket over them."""
    if finding.kind is Kind.FIRST:
        return f"first in {_first_days(finding)}"
    days = (finding.day - window_first(finding)).days + 1
    when = "in a day" if days == 1 else f"in {days} days"
    return f"{number(finding.observed_window)} {when}, {number(finding.expected_window)} expected"


def chart_subtitle(finding: Finding) -> str:
    """The chart's second line: the judgement in words."""
    day = day_text(finding.day) + ("" if finding.complete else ", so far")
    if finding.kind is Kind.FIRST and finding.raised:
        watched = f"{finding.days_looked:,} of them watched"
        return f"First leg in {_first_days(finding)}, {watched} · {day}"
    if np.isnan(finding.observed):
        return f"Nobody looked on {day}: unknown is not zero"
    if not finding.judged:
        why = "still learning" if finding.state == "learning" else "not judged"
        return _opening(f"{legs_text(finding.observed)} on {day} · {why}")
    if finding.raised:
        what = {Kind.SURGE: "Surge", Kind.LULL: "Lull"}.get(finding.kind, "Unusual")
        return " · ".join(filter(None, (f"{what} up to {day}",
                                        rarity_text(finding))))  # fmt: skip
    expected = f"{number(finding.expected)} expected"
    return _opening(f"{legs_text(finding.observed)} on {day}, {expected} · usual")


def _opening(text: str) -> str:
    return text[0].upper() + text[1:]


def _first_days(finding: Finding) -> str:
    """Since the last leg; with none on record, as long as somebody looked."""
    if finding.last_before is None:
        return f"{finding.days_looked:,} days or more"
    return f"{(finding.day - finding.last_before).days:,} days"


def craft_text(leg: Leg) -> str:
    """'RA-82038 · A124', by whatever is known of the airframe."""
    return " · ".join(filter(None, (leg.registration or leg.callsign or leg.icao24.upper(),
                                    leg.type_code)))  # fmt: skip


def map_subtitle(evidence: Evidence) -> str:
    """The map's second line: which legs, when."""
    legs = evidence.legs or evidence.possible
    possible = "" if evidence.legs else " (possible, not counted)"
    if not legs:
        return "No leg of this watch in the days shown"
    if len(legs) == 1:
        return f"{craft_text(legs[0])} · {_hours(legs[0])}{possible}"
    days = [leg.day for leg in legs]
    last = f" · last {craft_text(legs[-1])}" if len(legs) > 1 else ""
    return f"{legs_text(len(legs))}, {span_text(min(days), max(days))}{possible}{last}"


def _hours(leg: Leg) -> str:
    begin, end = leg.takeoff or leg.first_seen, leg.landing or leg.last_seen
    return f"{day_text(begin.date())}, {_clock(begin)}–{_clock(end)} UTC"


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def sources_text(evidence: Evidence) -> str:
    """'Data: adsb-lol, roof', or '' when no feed is named."""
    feeds = evidence.coverage.feeds
    return f"Data: {', '.join(feeds)}" if feeds else ""
