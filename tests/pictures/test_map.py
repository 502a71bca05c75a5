"""The map: what is on it, and that any track can be drawn."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.air import Icao24, Track
from bot.model.watch import Area, Place, Spot, Watch
from bot.pictures.map import draw_map, route_map
from tests.nouns import FIELDS, leg, watch
from tests.pictures.facts import evidence, named, outside, overlaps, texts, track

LEGS = (leg("OSLK", "HL59", "2024-12-15 18:10"), leg("OSLK", "HL59", "2024-12-17 18:10"))
FULL = evidence(
    legs=LEGS, tracks=(track(LEGS[0]), track(LEGS[1], silent_min=(50, 70), until_min=95))
)


@pytest.mark.parametrize("dark", [True, False])
def test_the_picture_says_what_it_shows(dark: bool) -> None:
    """A PNG of the promised size, with the same story in its alternative text."""
    picture = route_map(FULL, dark=dark)
    assert picture.name == "map.png"
    assert picture.png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", picture.png[16:24]) == (1100, 680)
    assert picture.alt.startswith("RECONSTRUCTION")
    assert "2 legs, 15–17 Dec 2024" in picture.alt


def test_everything_named_is_on_the_map() -> None:
    """Airfields, the last aircraft, the area, the label and both sources are printed."""
    sheet = draw_map(FULL)
    assert set(texts(sheet, "airfield")) == {"OSLK Hmeimim", "HL59 al-Khadim", "HLLB Benina"}
    assert texts(sheet, "craft", "area name") == ["RA-82038 · A124", "eastern libya"]
    assert texts(sheet, "label") == ["RECONSTRUCTION from published reports – not recorded data"]
    assert texts(sheet, "attribution") == ["Map: Natural Earth · Data: adsb-lol, roof"]
    assert {"Libya", "Egypt"} <= set(texts(sheet, "country"))
    assert texts(sheet, "scale")


def test_seen_is_solid_and_unseen_is_dashed() -> None:
    """Observed steps are solid and coloured by altitude; gaps and the inferred rest are dashed."""
    sheet = draw_map(FULL)
    old, new = named(sheet, "seen")
    assert len(old.get_segments()) == 109
    assert len(new.get_segments()) == 73
    assert new.get_array().max() == 33_000
    assert all(dash is None for _, dash in new.get_linestyles())
    no_gap, gap = named(sheet, "gap")
    assert len(no_gap.get_segments()) == 0
    assert len(gap.get_segments()) == 2
    assert all(dash is not None for _, dash in gap.get_linestyles())
    assert {"not observed", "shortest way", "last seen"} <= set(texts(sheet, "key"))


def test_older_legs_are_thinner() -> None:
    """Of several legs the newest stands out."""
    old, new = named(draw_map(FULL), "seen")
    assert old.get_linewidth()[0] < new.get_linewidth()[0]


def test_the_last_position_points_where_it_was_going() -> None:
    """The newest leg's last fix is an arrow turned to the west-south-west, as it flew."""
    heads = named(draw_map(FULL), "head")
    (head,) = heads  # the older leg arrived: its airfield says so
    tip = head.get_marker().vertices[0]
    assert 180 < np.degrees(np.arctan2(tip[1], tip[0])) % 360 < 225


def test_unknown_altitude_is_grey_not_the_ground() -> None:
    """A step of unknown altitude is masked, so it takes no colour of the scale."""
    path = track(LEGS[0])
    blind = Track(path.icao24, path.time_s, path.lat_deg, path.lon_deg, path.altitude_ft * np.nan)
    (seen,) = named(draw_map(evidence(legs=LEGS[:1], tracks=(blind,))), "seen")
    assert np.ma.getmaskarray(seen.get_array()).all()


def route(*ends: tuple[str, float, float]) -> Watch:
    """A watch from one airfield to another."""
    origin, destination = (Place((Spot(name[:4].upper(), name, *where),)) for name, *where in ends)
    return Watch("A route", origin, destination)


ROUND = Place((), (Area("round", centre=(5, 179), radius_nm=300),))
CORNERED = Place((), (Area("cornered", polygon=((60, 170), (60, -170), (66, -170))),))
CROWD = Place(tuple(Spot(f"X{i:03}", f"A field with a long name {i}", 35 + i % 6 / 20, 35 + i / 99)
                    for i in range(36)))  # fmt: skip
SCENES = {
    "full": FULL,
    "no track": evidence(legs=LEGS),
    "no leg": evidence(),
    "anywhere": evidence(watch=Watch("All", None, None), spots={}),
    "open end": evidence(watch=watch(destination=None), legs=LEGS),
    "areas only": evidence(watch=Watch("Areas", ROUND, CORNERED)),
    "date line": evidence(watch=route(("Narita", 35.8, 140.4), ("Los Angeles", 33.9, -118.4))),
    "over the pole": evidence(watch=route(("Svalbard", 78.2, 15.5), ("Barrow", 71.3, -156.8))),
    "worlds apart": evidence(watch=route(("Madrid", 40.5, -3.6), ("Wellington", -41.3, 174.8))),
    "opposite": evidence(watch=route(("Null", 0, 0), ("Anti", 0, 180))),
    "poles": evidence(watch=route(("North", 90, 0), ("South", -90, 0))),
    "one place": evidence(watch=route(("Here", 50, 8), ("Here", 50, 8))),
    "crowd": evidence(watch=watch(origin=CROWD)),
}


@pytest.mark.parametrize("name", SCENES)
def test_there_is_always_a_map_without_collisions(name: str) -> None:
    """Whatever is missing or far apart, a map is drawn; no words collide or leave it."""
    sheet = draw_map(SCENES[name], dark=False)
    assert overlaps(sheet) == []
    assert outside(sheet) == []
    assert named(sheet, "land")


def test_a_name_the_font_lacks_leaves_the_code() -> None:
    """An airfield named in a script without letters here is labelled by its code alone."""
    names = {"OSLK": "حميميم", "HL59": "الخادم", "HLLB": "贝尼纳"}
    assert set(texts(draw_map(evidence(names=names)), "airfield")) == {"OSLK", "HL59", "HLLB"}


weird = st.floats(allow_nan=True, allow_infinity=True, width=32)
fixes = st.lists(
    st.tuples(st.floats(0, 4e9), st.one_of(st.floats(-90, 90), weird),
              st.one_of(st.floats(-180, 180), st.just(np.nan)), weird),
    min_size=1, max_size=40,
)  # fmt: skip


@settings(max_examples=8, deadline=None)
@given(st.lists(fixes, max_size=3))
def test_any_track_can_be_drawn(paths: list[list[tuple[float, ...]]]) -> None:
    """Whatever a track holds - jumps, one point, no altitude, NaN - the map is drawn."""
    tracks = [
        Track(Icao24("154076"), *(np.array(c) for c in zip(*path, strict=True))) for path in paths
    ]
    sheet = draw_map(evidence(tracks=tuple(tracks), legs=LEGS, spots=FIELDS))
    assert outside(sheet) == []
