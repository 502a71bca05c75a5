"""A day on which everything moves is one story, in findings and in messages."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from bot import lull, network
from bot.judge import Judge, Judged
from bot.model.alert import EVERYWHERE, Kind
from bot.model.watch import AlertPolicy, Watch
from bot.series import build
from tests.nouns import HL59, OSLK, Area, Place, watch

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


CIRCLE = Area("circle", centre=(33.0, 35.0), radius_nm=100)
SQUARE = Area("square", polygon=((30, 30), (30, 40), (40, 40), (40, 30)))


@pytest.mark.parametrize(
    ("other", "meet"),
    [
        (Area("far", centre=(33.0, 39.0), radius_nm=100), False),  # 201 nm apart
        (Area("near", centre=(33.0, 38.9), radius_nm=100), True),  # 196 nm apart
        (Area("beside", polygon=((32, 36.9), (32, 39), (34, 39), (34, 36.9))), True),  # 96 nm
        (Area("beyond", polygon=((32, 37.1), (32, 39), (34, 39), (34, 37.1))), False),  # 106 nm
        (Area("within", polygon=((32.9, 34.9), (32.9, 35.1), (33.1, 35))), True),
        (SQUARE, True),
    ],
)
def test_a_circle_overlaps_what_it_reaches(other: Area, meet: bool) -> None:
    """By the distance to the other circle or to the nearest edge, whichever is asked."""
    assert CIRCLE.overlaps(other) is meet
    assert other.overlaps(CIRCLE) is meet


@pytest.mark.parametrize(
    ("other", "meet"),
    [
        (Area("bar", polygon=((34, 20), (34, 50), (35, 50), (35, 20))), True),  # no corner inside
        (Area("within", polygon=((34, 34), (34, 35), (35, 35))), True),
        (Area("apart", polygon=((41, 20), (41, 50), (45, 50), (45, 20))), False),
        (Area("antipode", polygon=((34, -160), (34, -130), (35, -130), (35, -160))), False),
    ],
)
def test_areas_overlap_where_their_edges_cross(other: Area, meet: bool) -> None:
    """Two areas may cross though neither holds a corner of the other."""
    assert SQUARE.overlaps(other) is meet
    assert other.overlaps(SQUARE) is meet


def test_areas_across_the_date_line_overlap() -> None:
    """However the longitudes of the two are written."""
    wide = Area("wide", polygon=((0, 170), (0, -170), (5, -170), (5, 170)))
    tall = Area("tall", polygon=((-5, -178), (-5, -176), (9, -176), (9, -178)))
    assert wide.overlaps(tall)
    assert tall.overlaps(wide)


def test_a_destination_is_a_place_and_no_name() -> None:
    """Two watches that call the same airfield or area differently fly to the same destination."""
    to = Place((HL59,), (CIRCLE,))
    renamed = Place((replace(HL59, name="Khadim"),), (replace(CIRCLE, name="gulf"),))
    mine = [
        watch("a", origin=Place((OSLK,)), destination=to),
        watch("b", origin=Place(areas=(SQUARE,)), destination=renamed),
        watch("c", origin=Place(areas=(SQUARE,)), destination=Place((HL59,))),
    ]
    named = {w.name: w for w in mine}
    assert network._destinations(named, dict.fromkeys(named, lived(1.0, watches=1)["route 0"])) == [
        ("a", "b")
    ]
    assert to.overlaps(Place((replace(HL59, name="Khadim"),)))
