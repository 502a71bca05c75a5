"""Evidence made ready for the map."""

from dataclasses import replace

import numpy as np
import pytest

from bot import geo
from bot.model.air import Icao24
from bot.model.watch import Area, Place, Spot
from bot.pictures import scene
from tests.nouns import FIELDS, HL59, OSLK, end, leg, watch
from tests.pictures.facts import evidence, track

LEG = leg("OSLK", "HL59", "2024-12-17 18:10")


def test_silence_over_five_minutes_is_a_gap() -> None:
    """The step over an eight-minute silence is unobserved; minute steps are observed."""
    (trail,) = scene.of(evidence(legs=(LEG,), tracks=(track(LEG, silent_min=(60, 67)),))).trails
    assert trail.gap.sum() == 1
    assert trail.gap[59]
    (whole,) = scene.of(evidence(legs=(LEG,), tracks=(track(LEG, silent_min=(60, 64)),))).trails
    assert not whole.gap.any()


def test_an_unseen_arrival_is_inferred_not_observed() -> None:
    """From the last fix to the leg's airfield the way is inferred, unless seen."""
    (early,) = scene.of(evidence(legs=(LEG,), tracks=(track(LEG, until_min=90),))).trails
    assert len(early.inferred) == 1
    assert not early.arrived
    assert early.inferred[0][0].tolist() == pytest.approx(list(FIELDS["HL59"]))
    (full,) = scene.of(evidence(legs=(LEG,), tracks=(track(LEG),))).trails
    assert full.inferred == ()
    assert full.arrived


def test_a_track_belongs_to_the_leg_of_its_hours() -> None:
    """Of two legs by one airframe a track is matched by time; a stranger's track has no leg."""
    later = leg("HL59", "OSLK", "2024-12-18 04:00")
    stranger = replace(track(LEG), icao24=Icao24("abcdef"))
    seen = scene.of(evidence(legs=(later, LEG), tracks=(track(LEG), stranger))).trails
    assert {t.leg.id if t.leg else None for t in seen} == {LEG.id, None}


def test_positions_that_are_none_are_left_out() -> None:
    """Unknown and impossible positions are not drawn; a track of nothing else is no trail."""
    good = track(LEG)
    lat = good.lat_deg.copy()
    lat[:3] = (np.nan, np.inf, 99.0)
    (trail,) = scene.of(evidence(legs=(LEG,), tracks=(replace(good, lat_deg=lat),))).trails
    assert len(trail.points) == len(good.lat_deg) - 3
    blank = replace(good, lat_deg=np.full_like(lat, np.nan))
    assert scene.of(evidence(tracks=(blank,))).trails == ()


def test_great_circles_join_the_ends() -> None:
    """One circle per pair of named airfields; areas give theirs only if no airfield is named."""
    assert len(scene.of(evidence()).circles) == 2
    disc = Area("a", centre=(10, 10), radius_nm=50)
    square = Area("b", polygon=((0, 0), (0, 2), (2, 2), (2, 0)))
    areas = watch(origin=Place((), (disc,)), destination=Place((), (square,)))
    (circle,) = scene.of(evidence(watch=areas)).circles
    assert circle[0].tolist() == pytest.approx([10, 10])
    assert circle[-1].tolist() == pytest.approx([1, 1], abs=0.01)


def test_many_pairs_become_one_circle() -> None:
    """Twenty airfields to one are shown by one great circle between the middles."""
    spots = tuple(Spot(f"X{i:03}", "", 50.0 + i / 10, 10.0) for i in range(20))
    many = watch(origin=Place(spots), destination=Place((HL59,)))
    assert len(scene.of(evidence(watch=many)).circles) == 1


def test_of_many_pairs_those_flown_are_drawn() -> None:
    """With too many pairs to draw, the great circles are those of the legs' own airfields."""
    spots = (*(Spot(f"X{i:03}", "", 50.0 + i / 10, 10.0) for i in range(20)), OSLK)
    many = watch(origin=Place(spots), destination=Place((HL59,)))
    (circle,) = scene.of(evidence(watch=many, legs=(LEG,), tracks=(track(LEG),))).circles
    assert circle[0].tolist() == pytest.approx(list(FIELDS["OSLK"]))


def test_opposite_ends_have_no_great_circle() -> None:
    """Between opposite points no direction is the shortest, so none is claimed."""
    poles = watch(origin=Place((Spot("A", "", 20, 30),)),
                  destination=Place((Spot("B", "", -20, -150),)))  # fmt: skip
    assert scene.of(evidence(watch=poles)).circles == ()


def test_a_leg_without_a_track_gets_a_circle() -> None:
    """With an open end an untracked leg's airfields are joined; a tracked leg has its path."""
    anywhere = watch(destination=None)
    assert len(scene.of(evidence(watch=anywhere, legs=(LEG,))).circles) == 1
    assert scene.of(evidence(watch=anywhere, legs=(LEG,), tracks=(track(LEG),))).circles == ()


def test_airfields_of_the_watch_and_of_its_legs_are_marked() -> None:
    """Watched airfields first, then those the legs used, each once; unknown places not at all."""
    legs = (LEG, leg("OSLK", end("GABS"), "2024-12-17 21:00"), leg(None, "ZZZZ"))
    dots = scene.of(evidence(legs=legs, spots={**FIELDS, "GABS": (12.53, -7.95)})).dots
    assert [dot.ident for dot in dots] == ["OSLK", "HL59", "HLLB", "GABS"]


def test_a_circle_area_has_its_radius() -> None:
    """Every point of a round area's edge lies its radius from the centre, also at the date line."""
    area = Area("a", centre=(60.0, 179.9), radius_nm=200)
    (outline,) = scene.of(evidence(watch=watch(destination=Place((OSLK,), (area,))))).outlines
    away = [geo.distance_nm(60.0, 179.9, *point) for point in outline.points]
    assert away == pytest.approx([200] * len(away))


def test_an_area_may_cross_the_date_line() -> None:
    """A polygon over the date line is outlined on its short side."""
    area = Area("a", polygon=((60, 170), (60, -170), (65, -170), (65, 170)))
    (outline,) = scene.of(evidence(watch=watch(destination=Place((), (area,))))).outlines
    assert np.ptp(outline.points[:, 1]) == pytest.approx(20)
