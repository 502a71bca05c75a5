"""A day on which everything moves is one story, in findings and in messages."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from bot import lull, network
from bot.judge import Judge, Judged
from bot.model.alert import EVERYWHERE, Kind
from bot.model.watch import AlertPolicy, Watch
from bot.series import build
from tests.nouns import watch

TODAY = date(2024, 6, 1)
STORM = TODAY - timedelta(days=1)
DAYS = [TODAY - timedelta(days=k) for k in range(120, -1, -1)]


def lived(storm: float, *, watches: int = 6) -> dict[str, Judged]:
    """Watches of twelve legs a day; on the storm's day a share of them flew."""
    rng = np.random.default_rng(3)
    names = [f"route {k}" for k in range(watches)]
    mine: list[Watch] = [
        replace(watch(), name=name, alerts=AlertPolicy(lull_per_year=1.0)) for name in names
    ]
    series = []
    for name in names:
        rows = {day: (float(rng.poisson(12)), 0.0, 1.0) for day in DAYS}
        rows[STORM] = (float(round(12 * storm)), 0.0, 1.0)
        built = build(name, rows, TODAY, running=True)
        assert built is not None
        series.append(built)
    judged = Judge().judge(mine, series, TODAY)
    return {
        w.name: replace(j, findings=(*j.findings, *lull.findings(w, j.series, TODAY)))
        for w, j in zip(mine, judged, strict=True)
    }


def test_a_storm_is_named_and_explains_the_lulls() -> None:
    """Six routes without a leg on the same day: the day is common, and every lull says so."""
    judged = lived(0.0)
    days = network.common_days(judged)
    assert days[STORM] == -1
    for one in judged.values():
        lulls = [
            f for f in network.explained(one, network.Stories(days)).findings if f.kind is Kind.LULL
        ]
        raised = [f for f in lulls if f.raised and f.day == STORM]
        assert raised
        assert all(f.notes[-1].endswith(EVERYWHERE) for f in raised)
        assert all(network.story(f, days) == {"lull everywhere"} for f in raised)


def test_a_usual_day_has_nothing_in_common() -> None:
    """Without a storm no day is named and no finding changes."""
    judged = lived(1.0)
    assert network.common_days(judged) == {}
    one = judged["route 0"]
    assert network.explained(one, network.Stories({})).findings == one.findings


def test_three_watches_are_not_everything() -> None:
    """Too few watches have nothing to say about a network."""
    assert network.common_days(lived(0.0, watches=3)) == {}
