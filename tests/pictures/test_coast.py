"""The map data in the package."""

import numpy as np
from matplotlib.path import Path

from bot.pictures.coast import Lines, world
from bot.pictures.globe import View


def owner(lat: float, lon: float) -> str | None:
    view = View.of([lat], [lon], 1.6)
    for name, lines in world().countries:
        flat = view.flatten(lines.points)
        for a, b in zip(lines.starts[:-1], lines.starts[1:], strict=True):
            near = lines.points[a:b] @ view.axes[2] > 0
            if near.any() and Path(flat[a:b]).contains_point((0.0, 0.0)):
                return name
    return None


def lengths(lines: Lines) -> np.ndarray:
    steps = np.linalg.norm(np.diff(lines.points, axis=0), axis=1)
    inner = np.ones(len(steps), bool)
    inner[lines.starts[1:-1] - 1] = False
    return steps[inner]


def test_countries_lie_where_they_should() -> None:
    """Known places lie in their countries; the sea lies in none."""
    assert owner(27.0, 17.0) == "Libya"
    assert owner(35.0, 38.5) == "Syria"
    assert owner(67.0, -178.0) == "Russia"  # beyond the date line
    assert owner(34.0, 25.5 - 5) is None


def test_no_edge_is_long() -> None:
    """Coasts and borders are divided finely enough to bend with the globe, date line included."""
    for lines in (world().coasts, world().borders, world().land):
        assert lengths(lines).max() < np.radians(1.5)


def test_outer_rings_run_clockwise() -> None:
    """Every outer ring turns right and every hole left, as the fill relies on."""
    land, outer = world().land, world().outer
    for i in range(len(outer)):
        ring = land.points[land.starts[i] : land.starts[i + 1]]
        middle = ring.mean(axis=0)
        turn = np.cross(ring[:-1], ring[1:]).sum(axis=0) @ middle
        if np.linalg.norm(middle) > 0.9:  # small enough for a plane to tell
            assert (turn < 0) == outer[i]


def test_coasts_and_borders_are_told_apart() -> None:
    """An edge between Egypt and Libya is a border and no coast."""
    view = View.of([26.0], [25.0], 1.6)
    near = [
        np.hypot(*view.flatten(lines.points).T).min() for lines in (world().borders, world().coasts)
    ]
    assert near[0] < 0.01 < 0.05 < near[1]
