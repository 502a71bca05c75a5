"""The belief over candidates: two ways to compute it agree, and it knows its limits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.airfields import Airfields
from bot.legs import belief, habits
from bot.legs.belief import Question
from bot.legs.places import Places
from bot.legs.side import Side, craft_class, of_the_forces

NAN = math.nan
SIDE = st.builds(
    Side, t=st.just(0.0), lat=st.floats(28, 40), lon=st.floats(10, 40),
    alt=st.one_of(st.just(NAN), st.floats(-500, 41_000)),
    gs=st.one_of(st.just(NAN), st.floats(40, 520)),
    trk=st.one_of(st.just(NAN), st.floats(0, 360)),
    rate=st.one_of(st.just(NAN), st.floats(-4000, 4000)), top=st.just(35_000.0),
    cruise=st.one_of(st.just(NAN), st.floats(80, 500)),
)  # fmt: skip


@pytest.fixture(scope="module")
def places(table: Airfields) -> Places:
    """Candidates over the shipped airfields."""
    return Places(table)


@given(SIDE, SIDE, st.floats(300, 80_000), st.sampled_from("JMBTLRSU"))
def test_the_quick_score_is_the_full_one(places: Places, before: Side, after: Side, gap: float,
                                         craft: str) -> None:  # fmt: skip
    """The live score equals evidence times weights as the fit sees them; shares are sane."""
    later = Side(gap, *(getattr(after, n) for n in after.__slots__[1:]))
    q = Question(before, later, None, craft)
    w = belief.shipped()[q.table]
    c, x = belief.weigh(places, q)
    assert x.shape == (len(c.rows), len(belief.names(q.table)))
    assert np.isfinite(x).all()
    if len(c.rows):
        _, quick = belief._scores(places, [q], w)
        assert np.allclose(quick, x @ w.evidence, atol=1e-6)
    b = belief.odds(places, [q], belief.shipped())[0]
    assert list(b.share) == sorted(b.share, reverse=True)
    assert sum(b.share) <= 1.001


@pytest.mark.parametrize("context", ["both", "before", "after"])
@given(st.lists(st.floats(0.01, 0.9), min_size=2, max_size=6), st.floats(0, 1))
def test_being_seen_elsewhere_often_speaks_for_a_field(context: str, share: list[float],
                                                       mass: float) -> None:  # fmt: skip
    """The field of the next stop but one gains, the others do not; all stay probabilities."""
    odds = sorted((s / sum(share) * 0.95 for s in share), reverse=True)
    keys = list(range(len(odds)))
    w = belief.shipped()[context]
    visits = [habits.Visit(2, True, {1: mass})]
    unheard = (0.0, 0.0)
    alone = habits.settled(odds, habits.columns(keys, []), unheard, w, lambda _: 0)
    there = habits.settled(odds, habits.columns(keys, visits), unheard, w, lambda _: 0)
    assert sum(there) <= 1.001
    assert min(there) >= 0
    best = max(keys, key=lambda k: alone[k])
    if best == 1:
        assert there[1] >= alone[1] - 1e-9
    else:
        assert there[best] <= alone[best] + 1e-9 or there[1] > alone[1]


@pytest.mark.parametrize(
    ("alt", "rate", "may"),
    [(33_000, 0, False), (12_500, -800, True), (24_000, -800, True),
     (26_000, -800, False), (15_000, 0, False), (9000, -800, True), (9000, 800, False),
     (NAN, -800, False)],
)  # fmt: skip
def test_one_side_may_name_only_low_and_on_its_way_down(alt: float, rate: float,
                                                        may: bool) -> None:  # fmt: skip
    """From one side at cruise, in a climb, or at an unknown height no field is named."""
    side = Side(0, 32, 20, alt, 400, 90, rate, 35_000, 440)
    assert belief.may_name(Question(side, None)) is may


def test_level_at_3500_ft_is_cruise_for_a_light_aircraft() -> None:
    """From one side, level, a light aircraft 4,000 ft over the land may be going anywhere."""
    low, high = (Side(0, 32, 20, alt, 95, 90, 0, 4500, 100) for alt in (2500, 4500))
    assert belief.may_name(Question(low, None, None, "L"))
    assert not belief.may_name(Question(high, None, None, "L"))
    assert belief.may_name(Question(high, None, None, "L"), floor_ft=2000)


def test_melsbroek_is_brussels(places: Places) -> None:
    """A second name of a large field, without a runway of its own, is no candidate."""
    c = places.parked([50.913], [4.49], "J")
    idents = {places.airfields.idents[r] for r in c.rows}
    assert "EBBR" in idents
    assert "EBMB" not in idents


def test_helipads_are_for_helicopters(places: Places) -> None:
    """An airliner on the ground is never at a helipad."""
    pad = int(np.flatnonzero(places.airfields.heliport)[0])
    here = [places.airfields.lat_deg[pad]], [places.airfields.lon_deg[pad]]
    assert pad in places.parked(*here, "R").rows
    assert pad not in places.parked(*here, "J").rows


@pytest.mark.parametrize(
    ("type_code", "military", "fast", "high", "kind"),
    [("B738", False, 0, 0, "J"), ("B738", True, 0, 0, "M"), ("IL76", False, 0, 0, "M"),
     ("C172", False, 0, 0, "L"), ("EC35", True, 0, 0, "R"), ("", False, 450, 0, "J"),
     ("", False, 110, 3000, "S"), ("", False, 250, 18_000, "U"), ("GLEX", False, 0, 0, "B")],
)  # fmt: skip
def test_kinds_of_aircraft(type_code: str, military: bool, fast: float, high: float,
                           kind: str) -> None:  # fmt: skip
    """The type tells the kind; without one, how fast and high it was seen."""
    assert craft_class(type_code, military, fast, high) == kind


def test_addresses_of_forces() -> None:
    """A French tanker's address lies in a block of the forces, an airliner's does not."""
    assert of_the_forces(0x3B7777)
    assert not of_the_forces(0x39B415)
