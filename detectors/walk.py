"""Walk forward through daily (or weekly) counts and judge every entry by its past.

The one entry point of the count half. Entry t uses entries up to t of its own series
only; `detectors.online` gives the same numbers one entry at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.engine import Engine, Judged
from detectors.inputs import Panel, read
from detectors.prior import Prior, spread_priors

# Series worked on together: the arrays of a month then stay in a core's cache.
CHUNK = 128


@dataclass(frozen=True)
class Walk:
    """What was judged, every attribute in the shape of `counts`.

    score: -log10 of false alarms a year at this score; larger is rarer; NaN = not judged.
    alarm: the score reaches the budget on that entry (no hysteresis).
    expected: count expected of the entry (at normal exposure where nobody looked).
    limit: smallest whole count that would have alarmed, NaN where not judged.
    return_period_years: 10 ** score.
    window_days: length of the window that speaks loudest; `observed_window` is the sum in
    it and `expected_window` its expectation.
    state: learning, quiet, raised, new_level or unknown.
    """

    score: npt.NDArray[np.float64]
    alarm: npt.NDArray[np.bool_]
    expected: npt.NDArray[np.float64]
    limit: npt.NDArray[np.float64]
    return_period_years: npt.NDArray[np.float64]
    window_days: npt.NDArray[np.int64]
    observed_window: npt.NDArray[np.float64]
    expected_window: npt.NDArray[np.float64]
    state: npt.NDArray[np.str_]


def walk_forward(
    counts: npt.ArrayLike,
    dates: Any,
    exposure: npt.ArrayLike | None = None,
    budget: float = 1.0,
    *,
    calendar: npt.ArrayLike | None = None,
    prior: Prior | Sequence[Prior] | None = None,
) -> Walk:
    """Judge each entry of one series (T,) or a batch (N, T).

    counts: legs per entry, NaN = missing. dates (T,): rising, daily or weekly (the step
    is read off; gaps are missing entries). exposure, as counts or (T,): 1 = normal
    looking, 0 = not looked, NaN = unknown; None = always 1. budget: false alarms per
    series-year that the caller accepts. calendar: covariates of special days, (T,),
    (T, C) or (N, T, C), 0 = plain. prior: what is known beforehand, one for all or one
    a series; None = `prior.DEFAULT_PRIOR`.

    Raises `ValueError` on input whose meaning would have to be guessed.

    >>> walk = walk_forward([0] * 60 + [2, 3], np.arange(62) + np.datetime64("2024-01-01"))
    >>> walk.alarm.nonzero()[0].tolist(), str(walk.state[-1])
    ([61], 'raised')
    """
    return walk(counts, dates, exposure, budget, calendar=calendar, prior=prior, sign=1)


def walk(
    counts: npt.ArrayLike,
    dates: Any,
    exposure: npt.ArrayLike | None,
    budget: float,
    *,
    calendar: npt.ArrayLike | None,
    prior: Prior | Sequence[Prior] | None,
    sign: int,
) -> Walk:
    """`walk_forward` in either direction: sign 1 for surges, -1 for lulls."""
    if not (np.isfinite(budget) and budget > 0):
        raise ValueError(f"budget must be a positive number of false alarms a year: {budget!r}")
    panel = read(counts, dates, exposure, calendar)
    n, size = panel.counts.shape
    out = Judged.empty(n, size)
    priors = spread_priors(prior, n)
    for start in range(0, n, CHUNK):
        rows = slice(start, min(start + CHUNK, n))
        chunk = tuple(p[rows] for p in priors)
        engine = Engine.start(
            chunk, panel.step, _first_day(panel), panel.calendar.shape[2], sign=sign
        )
        calendar_rows = panel.calendar if len(panel.calendar) == 1 else panel.calendar[rows]
        engine.run(
            panel.counts[rows], panel.exposure[rows], calendar_rows, panel.told, budget,
            out.rows(rows),
        )  # fmt: skip
    return as_walk(out, panel)


def _first_day(panel: Panel) -> int:
    return int(panel.days[0]) if panel.days.size else 0


def as_walk(out: Judged, panel: Panel) -> Walk:
    """Results on the caller's dates, in the caller's shape."""
    parts = {}
    for f in fields(Judged):
        value = getattr(out, f.name)
        if len(panel.keep) != value.shape[1]:
            value = value[:, panel.keep]
        parts[f.name] = value[0] if panel.flat else value
    with np.errstate(over="ignore"):
        years = 10.0 ** np.minimum(parts["score"], 300.0)
    return Walk(return_period_years=years, **parts)
