"""Series -> detectors -> findings: the one bridge to the statistics.

The running day is tested for surges against the WHOLE day's expectation, so looking often cannot
add false alarms. Lulls and first-in-N are judged on complete days or at the leg. Nothing here is
remembered: the same series and the same pools give the same findings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.calendar import Calendar, calendar_of, remarks
from bot.model.alert import Finding, Kind, Series
from bot.model.prior import Pooled
from bot.model.watch import Peak, Watch
from bot.pool import OPEN_DAYS, Start, days_looked, joined, start_of
from bot.usual import CALM_DAYS, covered, is_calm, is_usual
from bot.walks import Walker
from detectors import Prior, Walk, walk_forward

# "First in N days" needs proof: of the N days, so large a share must have been looked at.
PROOF = 0.8
COMPARABLE_DAYS = 14  # of looking, before a change of coverage can be seen
COVERAGE_ROSE = 1.2
FEWEST = 2  # legs that make a surge
NAN = float("nan")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A watch judged up to today: its series with baseline, the findings of the open days, and
    the walk behind them."""

    series: Series
    findings: tuple[Finding, ...]
    walk: Walk


Asked = tuple[tuple[str, ...], tuple[Peak, ...]]
Key = tuple[float, np.datetime64, tuple[str, ...], tuple[Prior, ...], tuple[Asked, ...]]
"""Who walks together: budget, first day, watches, their priors, the calendars they ask for."""


class Judge:
    """Judges watches again and again, walking each settled day once. Not thread-safe."""

    def __init__(self) -> None:
        self._walkers: dict[Key, Walker] = {}
        self._heads: dict[tuple[object, ...], Walk] = {}

    def judge(
        self, watches: Sequence[Watch], series: Sequence[Series], today: date,
        pools: Mapping[date, Pooled] | None = None,
    ) -> tuple[Judged, ...]:  # fmt: skip
        """Judge the last days of each watch's series; answers in the order of `watches`.

        `today` is running, not complete. Series of the same days and the same budget are walked
        together: the cost of a walk is in its days. `pools`: by the Monday of its week, what all
        watches teach a new one.
        """
        batches: dict[tuple[float, bytes], list[int]] = {}
        for i, (watch, known) in enumerate(zip(watches, series, strict=True)):
            key = (watch.alerts.surge_per_year or 1.0, known.days.tobytes())
            batches.setdefault(key, []).append(i)
        judged: dict[int, Judged] = {}
        used: dict[Key, Walker] = {}
        heads: dict[tuple[object, ...], Walk] = {}
        for (budget, _), members in batches.items():
            mine = [watches[i] for i in members]
            starts = [start_of(watches[i], series[i], pools or {}) for i in members]
            exposure = _exposure([series[i] for i in members], today)
            walk = self._walk(mine, [series[i] for i in members], exposure, starts, budget, used)
            for row, (i, start) in enumerate(zip(members, starts, strict=True)):
                own = _row(walk, row)
                if start.since:
                    own = self._begun(watches[i], series[i], exposure[row], start, own, heads)
                judged[i] = _judged(watches[i], series[i], own, today, start)
        self._walkers, self._heads = used, heads  # what nobody walks any more is forgotten
        return tuple(judged[i] for i in range(len(watches)))

    def _walk(
        self, watches: Sequence[Watch], series: Sequence[Series], exposure: Floats,
        starts: Sequence[Start], budget: float, used: "dict[Key, Walker]",
    ) -> Walk:  # fmt: skip
        priors = tuple(start.prior for start in starts)
        company = tuple(watch.name for watch in watches)
        asked = tuple((watch.holidays, watch.peaks) for watch in watches)
        key = (budget, series[0].days[0], company, priors, asked)
        walker = used[key] = self._walkers.get(key) or Walker(budget, priors)
        calendars = [calendar_for(watch, series[0]) for watch in watches]
        return walker.walk(series, exposure, OPEN_DAYS, calendars)

    def _begun(
        self, watch: Watch, series: Series, exposure: Floats, start: Start, walk: Walk,
        heads: dict[tuple[object, ...], Walk],
    ) -> Walk:  # fmt: skip
        """The walk with the days before the other watches' prior spoke as they were judged then."""
        first = slice(0, start.since)
        counts, looked = series.counts[first], exposure[first]
        budget = watch.alerts.surge_per_year or 1.0
        calendar = calendar_for(watch, series)
        given = None if calendar is None else calendar.matrix(series.days[first])
        key = (watch.name, budget, counts.tobytes(), looked.tobytes(), series.days[0],
               watch.holidays, watch.peaks)  # fmt: skip
        known = self._heads.get(key)
        if known is None:
            known = walk_forward(counts, series.days[first], looked, budget, calendar=given)
        heads[key] = known
        return joined(known, walk)


def _exposure(series: Sequence[Series], today: date) -> Floats:
    """What to judge series of the same days by, (N, T)."""
    exposure = np.stack([known.exposure for known in series])
    # How well somebody looked is unknown (imported days; a place where nothing else is ever
    # heard), but what was counted is not. It proves no first leg and no lull.
    exposure = np.where(np.isnan(exposure), 1.0, exposure)
    if _day(series[0], -1) == today:  # the running day: the whole day's expectation
        exposure[:, -1] = np.where(exposure[:, -1] > 0, np.maximum(1.0, exposure[:, -1]), 0.0)
    return exposure


def calendar_for(watch: Watch, series: Series) -> Calendar | None:
    """The calendar of the series' days, if the watch asks for one."""
    return calendar_of(watch, _day(series, 0), _day(series, -1))


def explained_by(watch: Watch, series: Series, i: int, window_days: int,
                 allowed_for: bool = True) -> tuple[str, ...]:  # fmt: skip
    """What the calendar knows of the `window_days` up to day i, ready to print."""
    return remarks(calendar_for(watch, series), series, i, window_days, allowed_for)


def _row(walk: Walk, row: int) -> Walk:
    return Walk(**{field.name: getattr(walk, field.name)[row] for field in fields(walk)})


def _judged(watch: Watch, series: Series, walk: Walk, today: date, start: Start) -> Judged:
    drawn = replace(series, expected=walk.expected, limit=walk.limit, alarm=walk.alarm)
    found: list[Finding] = []
    for i in range(max(0, len(series.days) - OPEN_DAYS), len(series.days)):
        if watch.alerts.surge_per_year is not None:
            found.append(_surge(watch, series, walk, i, today, start))
        if watch.alerts.first_after_days is not None:
            found.append(_first(watch, series, walk, i, today))
    return Judged(drawn, tuple(found), walk)


def _surge(watch: Watch, series: Series, walk: Walk, i: int, today: date, start: Start) -> Finding:
    day = _day(series, i)
    window = max(1, min(int(walk.window_days[i]), i + 1))  # a new watch has no longer past
    judged = bool(np.isfinite(walk.score[i]))
    over = window > CALM_DAYS and is_usual(series, walk, i)
    looked = bool(series.exposure[i] >= covered(series, i))
    return Finding(
        **common(watch, Kind.SURGE, series, walk, i, today),
        **leaning(watch, series, i, start),
        judged=judged,
        # a long window stays over its limit for weeks after the last flight: what is over is over
        # (a window within the week is not: a doubled day hides in its week's sum)
        # and one leg alone is news of its own kind (FIRST), however rare: a surge is several
        raised=bool(walk.alarm[i] and not over and walk.observed_window[i] >= FEWEST),
        calm=looked and day < today and is_calm(series, walk, i),
        window_days=window,
        observed_window=float(walk.observed_window[i]),
        expected_window=float(walk.expected_window[i]),
        return_period_years=float(walk.return_period_years[i]),
        score=float(walk.score[i]),
        since=_since(series, walk, i) or day - timedelta(days=window - 1),
        notes=(*explained_by(watch, series, i, window), *_considered(series, i, today)),
    )


def _first(watch: Watch, series: Series, walk: Walk, i: int, today: date) -> Finding:
    """A leg today and none in the N days before it, with somebody looking."""
    days = watch.alerts.first_after_days or 1
    looked = _looked(series, i, days)
    flown = np.flatnonzero(np.nan_to_num(series.counts[:i], nan=0.0) > 0)
    last = _day(series, int(flown[-1])) if len(flown) else None
    gap = last is None or (_day(series, i) - last).days >= days
    proven = looked >= PROOF * days
    count = series.counts[i]
    # the headline may only name the whole gap if somebody looked all through it
    since = (_day(series, i) - last).days if last else 0
    seen = _looked(series, i, since or i)
    return Finding(
        **common(watch, Kind.FIRST, series, walk, i, today),
        judged=bool(proven and np.isfinite(count)),
        raised=bool(proven and gap and count > 0),
        calm=False,
        window_days=1,
        observed_window=float(count),
        expected_window=float(walk.expected[i]),
        return_period_years=NAN,
        score=NAN,
        last_before=last if since and seen >= PROOF * since else None,
        days_looked=round(seen),
        notes=explained_by(watch, series, i, 1, allowed_for=False),
    )


def _looked(series: Series, i: int, days: int) -> float:
    """Whole days of looking among the `days` before day i; unknown is none.

    Each against looking as it is now, where that is better than normal: what a better source
    shows for the first time may have flown unseen for years.
    """
    exposure = np.nan_to_num(series.exposure[max(0, i - days) : i], nan=0.0)
    now = float(np.nan_to_num(series.exposure[max(0, i - 1) : i + 1], nan=0.0).max())
    return float(np.clip(exposure / max(now, 1.0), 0, 1).sum())


def common(
    watch: Watch, kind: Kind, series: Series, walk: Walk, i: int, today: date
) -> dict[str, Any]:
    """What every finding of day i says."""
    return {
        "watch": watch.name,
        "kind": kind,
        "day": _day(series, i),
        "complete": _day(series, i) < today,
        "observed": float(series.counts[i]),
        "possible": int(series.possible[i]),
        "expected": float(walk.expected[i]),
        "limit": float(walk.limit[i]),
        "exposure": float(series.exposure[i]),
        "state": str(walk.state[i]),
    }


def leaning(watch: Watch, series: Series, i: int, start: Start) -> dict[str, Any]:
    """What the expectation of day i began from, as long as that outweighs the days looked at."""
    days = float(np.minimum(days_looked(series)[: i + 1], 1.0).sum())
    known = watch.usual_per_day is not None or 0 < start.since <= i
    if not known or days >= start.prior.weight_days:
        return {}
    return {"start_per_day": start.prior.rate_per_day, "taught_by": start.taught_by}


def _day(series: Series, i: int) -> date:
    day: date = series.days[i].item()
    return day


def _since(series: Series, walk: Walk, i: int) -> date | None:
    """First day of the unbroken run of raised days that ends at i, with its window."""
    if not walk.alarm[i]:
        return None
    start = i
    while start > 0 and walk.alarm[start - 1]:
        start -= 1
    reach = start - max(1, int(walk.window_days[start])) + 1
    return _day(series, max(0, reach))


def _considered(series: Series, i: int, today: date) -> Sequence[str]:
    """What else could explain the number, and what speaks against it."""
    notes: list[str] = []
    exposure = series.exposure[max(0, i - 6) : i + 1]
    if _day(series, i) == today:
        exposure = exposure[:-1]  # not over: nothing to compare yet
    before = series.exposure[: max(0, i - 6)]
    usual, week = before[before > 0], exposure[exposure > 0]
    if np.isnan(exposure).any():
        notes.append("coverage: unknown, no other traffic is heard there to compare with")
    elif len(usual) < COMPARABLE_DAYS or not len(week):
        notes.append("coverage: too few days looked at to say whether it changed")
    elif float(week.mean()) > COVERAGE_ROSE * float(np.median(usual)):
        notes.append("coverage rose within the week; the expectation is scaled with it")
    elif float(week.mean()) * COVERAGE_ROSE < float(np.median(usual)):
        notes.append("coverage fell within the week; the expectation is scaled with it")
    else:
        notes.append("coverage: steady, other traffic as usual")
    blind = int((exposure == 0).sum())
    if blind:
        notes.append(f"{blind} of the last {len(exposure)} days unobserved: counted as unknown")
    if series.possible[i] > 0:
        notes.append(f"{int(series.possible[i])} possible legs are not in the count")
    return notes
