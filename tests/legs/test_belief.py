"""The belief over candidates: two ways to compute it agree, and it knows its limits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.airfields import Airfields
from bot.legs import belief
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


@given(SIDE, SIDE, st.floats(300, 80_000), st.sampled_from("JMBTLRU"), st.integers(0, 3))
def test_the_quick_score_is_the_full_one(places: Places, before: Side, after: Side, gap: float,
                                         craft: str, history: int) -> None:  # fmt: skip
    """The live score equals evidence times weights as the fit sees them; shares are sane."""
    later = Side(gap, *(getattr(after, n) for n in after.__slots__[1:]))
    row = places.airfields.row_of["HL59"]
    q = Question(before, later, (), craft, ({row: 0.8},) * history)
    w = belief.shipped()[q.context]
    c, x = belief.weigh(places, q)
    assert x.shape == (len(c.rows), len(belief.names(q.context)))
    assert np.isfinite(x).all()
    if len(c.rows):
        _, quick = belief._scores(places, q, w)
        assert np.allclose(quick, x @ w.evidence, atol=1e-6)
    b = belief.believe(places, q, belief.shipped())
    assert list(b.share) == sorted(b.share, reverse=True)
    assert sum(b.share) <= 1.001


@pytest.mark.parametrize(
    ("alt", "rate", "may"),
    [(33_000, 0, False), (12_500, -800, False), (9000, -800, True), (9000, 800, False),
     (NAN, -800, False)],
)  # fmt: skip
def test_one_side_may_name_only_low_and_on_its_way_down(alt: float, rate: float,
                                                        may: bool) -> None:  # fmt: skip
    """From one side at cruise, in a climb, or at an unknown height no field is named."""
    side = Side(0, 32, 20, alt, 400, 90, rate, 35_000, 440)
    assert belief.may_name(Question(side, None)) is may


def test_melsbroek_is_brussels(places: Places) -> None:
    """A second name of a large field, without a runway of its own, is no candidate."""
    c = places.parked(50.913, 4.49, "J")
    idents = {places.airfields.idents[r] for r in c.rows}
    assert "EBBR" in idents
    assert "EBMB" not in idents


def test_helipads_are_for_helicopters(places: Places) -> None:
    """An airliner on the ground is never at a helipad."""
    pad = int(np.flatnonzero(places.airfields.heliport)[0])
    here = float(places.airfields.lat_deg[pad]), float(places.airfields.lon_deg[pad])
    assert pad in places.parked(*here, "R").rows
    assert pad not in places.parked(*here, "J").rows


@pytest.mark.parametrize(
    ("type_code", "military", "fast", "high", "kind"),
    [("B738", False, 0, 0, "J"), ("B738", True, 0, 0, "M"), ("IL76", False, 0, 0, "M"),
     ("C172", False, 0, 0, "L"), ("EC35", True, 0, 0, "R"), ("", False, 450, 0, "J"),
     ("", False, 110, 3000, "L"), ("", False, 250, 18_000, "U"), ("GLEX", False, 0, 0, "B")],
)  # fmt: skip
def test_kinds_of_aircraft(type_code: str, military: bool, fast: float, high: float,
                           kind: str) -> None:  # fmt: skip
    """The type tells the kind; without one, how fast and high it was seen."""
    assert craft_class(type_code, military, fast, high) == kind


def test_addresses_of_forces() -> None:
    """A French tanker's address lies in a block of the forces, an airliner's does not."""
    assert of_the_forces(0x3B7777)
    assert not of_the_forces(0x39B415)
