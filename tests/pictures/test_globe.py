"""The window on the globe."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import geo
from bot.pictures.globe import RIM, View

lats, lons = st.floats(-90, 90), st.floats(-180, 180)
places = st.lists(st.tuples(lats, lons), min_size=1, max_size=12)


def inside(view: View, flat: np.ndarray) -> bool:
    left, right, bottom, top = view.limits
    x, y = flat.T
    return bool(((x >= left) & (x <= right) & (y >= bottom) & (y <= top)).all())


@given(places)
def test_all_that_must_be_seen_is_seen(points: list[tuple[float, float]]) -> None:
    """Any points on Earth lie inside their view, across the date line and over the poles too."""
    lat, lon = np.array(points).T
    view = View.of(lat, lon, 1.9)
    assert inside(view, view.flat(lat, lon))
    assert view.half_width / view.half_height == pytest.approx(1.9)


@given(lats, lons)
def test_shapes_are_true_in_the_middle(lat: float, lon: float) -> None:
    """Around the middle 100 km is 100 km in every direction, at every latitude."""
    view = View.of([lat], [lon], 1.6)
    angle = np.linspace(0, 2 * np.pi, 9)
    up = geo.unit_vectors(lat, lon)
    side = np.cross(up, [0.3, 0.5, 0.8])
    side /= np.linalg.norm(side)
    other = np.cross(up, side)
    d = 100 / geo.EARTH_KM
    ring = np.cos(d) * up + np.sin(d) * (
        np.outer(np.cos(angle), side) + np.outer(np.sin(angle), other)
    )
    spread = np.hypot(*(view.flatten(ring) - view.flatten(up[None])).T)
    assert spread == pytest.approx(d, rel=1e-3)


def test_the_date_line_is_an_ordinary_place() -> None:
    """Two points either side of it are as close on the map as on Earth."""
    view = View.of([0.0, 0.0], [179.5, -179.5], 1.6)
    a, b = view.flat([0.0, 0.0], [179.5, -179.5])
    assert np.hypot(*(a - b)) == pytest.approx(np.radians(1.0), rel=1e-3)
    assert not view.shows_rim


def test_north_is_up() -> None:
    """East is right and north is up at the middle."""
    view = View.of([35.0], [20.0], 1.6)
    (x0, y0), (x1, y1) = view.flat([35.0, 36.0], [20.0, 21.0])
    assert x1 > x0
    assert y1 > y0


def test_no_points_show_the_world() -> None:
    """With nothing to show the view is the whole Earth's middle, not an error."""
    view = View.of([], [], 1.9)
    assert view.half_width > 1.5


def test_the_antipode_is_on_the_rim() -> None:
    """The point opposite the middle is drawn at the edge of the disc, not at its middle."""
    view = View.of([0.0], [0.0], 1.9)
    assert np.hypot(*view.flat([0.0], [180.0])[0]) == pytest.approx(RIM)
