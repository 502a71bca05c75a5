"""The lull: fewer legs than chance explains, on complete days on which somebody really looked."""

from datetime import date

import numpy as np

from bot.judge import calendar_for, common, explained_by, leaning
from bot.model.alert import Finding, Kind, Series
from bot.model.watch import Watch
from bot.pool import OPEN_DAYS, start_of
from bot.usual import covered, week
from detectors.lull import lull_forward

BACK_RATIO = 2 / 3  # of the expectation: a week above it is usual again


def findings(watch: Watch, series: Series, today: date) -> tuple[Finding, ...]:
    """The open days that are over, judged for a lull; none where lulls are off."""
    if watch.alerts.lull_per_year is None:
        return ()
    calendar, start = calendar_for(watch, series), start_of(watch, series, {})
    walk = lull_forward(
        series.counts, series.days, np.nan_to_num(series.exposure, nan=0.0),
        watch.alerts.lull_per_year,
        calendar=None if calendar is None else calendar.matrix(series.days),
        prior=start.prior,
    )  # fmt: skip
    found = []
    for i in range(max(0, len(series.days) - OPEN_DAYS), len(series.days)):
        facts = common(watch, Kind.LULL, series, walk, i, today)
        if not facts["complete"]:
            continue
        looked = bool(series.exposure[i] >= covered(series, i))  # darkness must not pass for a lull
        observed, expected = week(series, walk, i)
        window = max(1, int(walk.window_days[i]))
        found.append(
            Finding(
                **facts,
                **leaning(watch, series, i, start),
                judged=looked and bool(np.isfinite(walk.score[i])),
                raised=looked and bool(walk.alarm[i]),
                calm=bool(looked and not walk.alarm[i] and observed >= BACK_RATIO * expected),
                window_days=window,
                observed_window=float(walk.observed_window[i]),
                expected_window=float(walk.expected_window[i]),
                return_period_years=float(walk.return_period_years[i]),
                score=float(walk.score[i]),
                notes=explained_by(watch, series, i, window),
            )
        )
    return tuple(found)
