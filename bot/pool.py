"""What the older watches teach a new one: their common prior, from when on, and for whom.

A new watch is walked with the library's default until a fortnight of looking at it is settled. If
that fortnight is like the other watches' traffic, the prior of the week in which it was over takes
the default's place from that day on, for ever: a day's verdict never depends on what was pooled
later. The owner's own word goes before, and lulls are not judged by it: they would come two to five
times as often on busy newcomers (bench/detect/pool.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from bot.model.alert import Series
from bot.model.prior import Pooled
from bot.model.watch import Watch
from detectors import Prior, Walk, is_like, pool_prior
from detectors.prior import DEFAULT_PRIOR, POOL_DAYS

FORTNIGHT = 14.0  # days of looking at a new watch that say whether it is like the others
OPEN_DAYS = 3  # today, and the days that late legs may still change (36 h)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Start:
    """What a watch's expectation begins from; before entry `since` the default stands."""

    prior: Prior = DEFAULT_PRIOR
    since: int = 0
    taught_by: int = 0  # other watches; 0: the owner's word or nobody's


def start_of(watch: Watch, series: Series, pools: Mapping[date, Pooled]) -> Start:
    """The owner's word, else what the other watches teach, else the library's default."""
    if watch.usual_per_day is not None:
        return Start(Prior.from_rate(watch.usual_per_day))
    since = _ripe(series)
    pooled = pools.get(_monday(series, since)) if since is not None else None
    if since is None or pooled is None or not pooled.watches:
        return Start()
    prior = Prior(pooled.rate_per_day, pooled.weight_days, pooled.dispersion)
    seen = slice(0, since - OPEN_DAYS + 1)
    days = days_looked(series)[seen]
    legs = np.where(days > 0, series.counts[seen], 0.0)
    if not is_like(prior, float(legs.sum()), float(days.sum())):
        return Start()
    return Start(prior, since, pooled.watches)


def weeks(watch: Watch, series: Series) -> frozenset[date]:
    """The week (its Monday) whose prior the watch needs, if it needs one."""
    since = _ripe(series) if watch.usual_per_day is None else None
    return frozenset() if since is None else frozenset({_monday(series, since)})


def pooled(week: date, known: Iterable[Series]) -> Pooled:
    """The prior of a week, from the settled days before it."""
    until = np.datetime64(week) - OPEN_DAYS
    before = [_before(series, until) for series in known]
    seen = [days for _, days in before if days.sum() >= POOL_DAYS]
    counts = [legs for legs, days in before if days.sum() >= POOL_DAYS]
    prior = pool_prior(_stacked(counts, np.nan), _stacked(seen, 0.0)) if counts else DEFAULT_PRIOR
    if prior is DEFAULT_PRIOR:
        return Pooled(week, 0)
    return Pooled(week, len(counts), prior.rate_per_day, prior.weight_days, prior.dispersion)


def joined(head: Walk, walk: Walk) -> Walk:
    """The walk of one series, its first entries in place of its own."""
    size = len(head.score)
    return Walk(**{
        f.name: np.concatenate([getattr(head, f.name), getattr(walk, f.name)[size:]])
        for f in fields(Walk)
    })  # fmt: skip


def days_looked(series: Series) -> Floats:
    """Days of looking, (T,): how well it was is unknown of imported days, which count whole."""
    known = np.where(np.isnan(series.exposure), 1.0, series.exposure)
    return np.where(np.isfinite(series.counts), known, 0.0)


def _ripe(series: Series) -> int | None:
    """The first entry by which the fortnight was looked at and settled; None: not yet."""
    whole = np.cumsum(np.minimum(days_looked(series), 1.0))
    since = int(np.searchsorted(whole, FORTNIGHT)) + OPEN_DAYS
    return since if since < len(series.days) else None


def _monday(series: Series, i: int) -> date:
    day: date = series.days[i].item()
    return day - timedelta(days=day.weekday())


def _before(series: Series, until: np.datetime64) -> tuple[Floats, Floats]:
    size = int(np.searchsorted(series.days, until))
    return series.counts[:size], days_looked(series)[:size]


def _stacked(rows: list[Floats], filler: float) -> Floats:
    """Rows of unlike length as one array (N, T): pooling asks nothing of dates."""
    out = np.full((len(rows), max(map(len, rows))), filler)
    for row, values in zip(out, rows, strict=True):
        row[: len(values)] = values
    return out
