"""The facts behind a number: which legs, what story they tell, on what map.

Pure: the conductor fetches, this arranges.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from bot.matching import Fit, Match
from bot.model.air import Airfield, End, Leg, Track
from bot.model.alert import CoverageNote, Evidence, Finding, Series
from bot.model.watch import Watch

CHAIN_WITHIN = timedelta(hours=48)  # one airframe's legs so close in time tell one story
DAYS_DRAWN = 90


def window(finding: Finding) -> tuple[date, date]:
    """First and last UTC day of the finding's loudest window."""
    return finding.day - timedelta(days=max(1, finding.window_days) - 1), finding.day


def behind(finding: Finding, found: Iterable[Match]) -> tuple[tuple[Leg, ...], tuple[Leg, ...]]:
    """(counted, possible) legs of the finding's window, oldest first."""
    first, last = window(finding)
    legs = sorted((m for m in found if first <= m.leg.day <= last), key=lambda m: m.leg.first_seen)
    counted = tuple(m.leg for m in legs if m.fit is Fit.COUNTS)
    return counted, tuple(m.leg for m in legs if m.fit is Fit.POSSIBLE)


def chains(legs: Sequence[Leg], more: Iterable[Leg]) -> tuple[tuple[Leg, ...], ...]:
    """Stories: runs of one airframe's legs, each starting where the last one ended, that hold one
    of `legs`. `more`: all known legs of those airframes around that time. Longest first."""
    wanted = {leg.id for leg in legs}
    by_frame: dict[str, list[Leg]] = {}
    for leg in {x.id: x for x in (*more, *legs)}.values():
        by_frame.setdefault(leg.icao24, []).append(leg)
    found: list[tuple[Leg, ...]] = []
    for frame in by_frame.values():
        run: list[Leg] = []
        for leg in sorted(frame, key=lambda x: x.first_seen):
            if run and not _joins(run[-1], leg):
                found.append(tuple(run))
                run = []
            run.append(leg)
        found.append(tuple(run))
    told = [run for run in found if len(run) > 1 and wanted & {leg.id for leg in run}]
    return tuple(sorted(told, key=lambda run: (-len(run), run[0].first_seen)))


def _joins(before: Leg, after: Leg) -> bool:
    if after.first_seen - before.last_seen > CHAIN_WITHIN:
        return False
    return _same_place(before.destination, after.origin)


def _same_place(a: End, b: End) -> bool:
    """Whether two ends may be one stop; two unknowns are not proof of one."""
    if a.airfield and b.airfield:
        return a.airfield == b.airfield
    if a.area and b.area:
        return a.area == b.area
    shared = {ident for ident, _ in a.candidates} & {ident for ident, _ in b.candidates}
    return bool(shared)


def recent(series: Series, days: int = DAYS_DRAWN) -> Series:
    """The last `days` days of a series."""
    fields = ("days", "counts", "possible", "exposure", "expected", "limit", "alarm")
    cut: dict[str, Any] = {
        name: value[-days:] for name in fields if (value := getattr(series, name)) is not None
    }
    return replace(series, **cut)


def gather(
    watch: Watch,
    finding: Finding,
    found: Sequence[Match],
    series: Series,
    coverage: CoverageNote,
    *,
    tracks: Sequence[Track] = (),
    story: Sequence[Leg] = (),
    airfields: Mapping[str, Airfield],
    label: str = "",
) -> Evidence:
    """Everything that a message and its pictures need, for one finding."""
    counted, possible = behind(finding, found)
    told = chains(counted, story)
    return Evidence(
        watch=watch,
        finding=finding,
        legs=counted,
        possible=possible,
        series=recent(series),
        coverage=coverage,
        tracks=tuple(tracks),
        story=told,
        names={ident: field.name for ident, field in airfields.items()},
        spots={ident: (field.lat_deg, field.lon_deg) for ident, field in airfields.items()},
        label=label,
    )


def idents(legs: Iterable[Leg]) -> set[str]:
    """Every airfield that the legs name or consider."""
    ends = [end for leg in legs for end in (leg.origin, leg.destination)]
    named = {end.airfield for end in ends if end.airfield}
    return named | {ident for end in ends for ident, _ in end.candidates}
