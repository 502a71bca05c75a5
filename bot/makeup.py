"""Unusual make-up: the usual number of legs, but other aircraft, operators or hours than usual.

The isolation forest's half of the verdict. It speaks besides the count and never vetoes it.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from bot.judge import common
from bot.model.air import Aircraft, Leg
from bot.model.alert import Finding, Kind, Series
from bot.model.watch import Watch
from detectors import Walk
from detectors.composition import MIN_FIT, MIN_RANKED, leg_features, walk_forward

SHARE = 0.2  # of the watch's false alarms, besides them (detection.md section 5)
REACH = timedelta(days=400)  # legs further back say little about the present
LEAST_DAYS = MIN_FIT + MIN_RANKED  # with legs, before a make-up can be called unusual
FEWEST = 3  # legs a day: one or two have no make-up, only particulars
HOURS = 4  # a bin of the day: six of them, as shifts go
JOINT = (("type", "hour of day"), ("operator", "hour of day"), ("aircraft", "hour of day"))


def worth_judging(watch: Watch, series: Series, today: date) -> bool:
    """Whether yesterday had a make-up, on a route with a past that has one."""
    if watch.alerts.surge_per_year is None or len(series.days) < LEAST_DAYS:
        return False
    counts = np.nan_to_num(series.counts)
    yesterday = series.days == np.datetime64(today - timedelta(days=1))
    return bool((counts[yesterday] >= FEWEST).any() and (counts > 0).sum() > LEAST_DAYS)


def finding(
    watch: Watch, series: Series, walk: Walk, flown: Sequence[tuple[Leg, Aircraft]], today: date
) -> Finding | None:
    """Yesterday's make-up against the days before. `flown`: the counted legs with their aircraft;
    `walk`: the watch's own, for what it expects."""
    yesterday = today - timedelta(days=1)
    first = max(series.days[0].item(), yesterday - REACH)
    size = (yesterday - first).days + 1
    kept = [(leg, craft) for leg, craft in flown if first <= leg.day <= yesterday]
    if not kept:
        return None  # days that were imported as counts: nobody knows whose legs they were
    columns: dict[str, list[object]] = {
        "type": [craft.type_code for _, craft in kept],
        "operator": [craft.operator for _, craft in kept],
        "hour of day": [(leg.takeoff or leg.first_seen).hour // HOURS for leg, _ in kept],
        "aircraft": [leg.icao24 for leg, _ in kept],
    }
    days = [(leg.day - first).days for leg, _ in kept]
    judged = walk_forward(
        *leg_features(days, columns, JOINT, size),
        budget=SHARE * (watch.alerts.surge_per_year or 1.0),
    )
    t = size - 1
    i = int(np.searchsorted(series.days, np.datetime64(yesterday)))
    odd = ", ".join(name.replace(" x ", " together with ") for name in judged.reasons(t))
    score = float(judged.score[t])
    return Finding(
        **common(watch, Kind.MAKEUP, series, walk, i, today),
        judged=bool(np.isfinite(score)),
        raised=bool(judged.alarm[t]),
        calm=False,
        window_days=int(judged.window_days[t]),
        observed_window=float(series.counts[i]),
        expected_window=float(walk.expected[i]),
        return_period_years=float(10.0 ** min(score, 300.0)) if np.isfinite(score) else np.nan,
        score=score,
        notes=(f"unusual in {odd}",) if odd else (),
    )
