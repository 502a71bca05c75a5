"""Land under any view."""

import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from bot.pictures import backdrop
from bot.pictures.backdrop import around_rim
from bot.pictures.globe import RIM, View
from bot.pictures.theme import LIGHT, Sheet

PLACES = {  # where, and whether it is land
    "Tibesti": (21.0, 17.5, True), "Ionian Sea": (37.0, 19.0, False),
    "Kansas": (38.5, -98.0, True), "Mid-Atlantic": (0.0, -30.0, False),
    "Chukotka": (67.0, -178.0, True), "Antarctica": (-85.0, 60.0, True),
    "Arctic Ocean": (89.0, 0.0, False), "South Pacific": (-40.0, -130.0, False),
    "Australia": (-25.0, 134.0, True), "Indian Ocean": (-30.0, 80.0, False),
}  # fmt: skip


CENTRES = [(0, 0), (40, -4), (-40, 175), (89.5, 0), (-89, 0), (20, -160), (8, 20), (-8, -160),
           (-35, -150), (65, 179)]  # fmt: skip


@pytest.mark.parametrize("centre", CENTRES)
def test_land_is_land_in_every_view(centre: tuple[float, float]) -> None:
    """Land and sea have their colours in whole-Earth views from anywhere, over any antipode."""
    lat, lon = centre
    view = View.of([lat] * 3, [lon - 80, lon, lon + 80], 1100 / 680)
    sheet = Sheet(LIGHT)
    backdrop.draw(sheet.axes(0, 0, 1100, 680), view, LIGHT)
    pixels = imread(io.BytesIO(sheet.png()))[::-1, :, :3]
    left, right, bottom, top = view.limits
    for name, (place_lat, place_lon, dry) in PLACES.items():
        x, y = view.flat([place_lat], [place_lon])[0]
        column, row = (x - left) / (right - left) * 1100, (y - bottom) / (top - bottom) * 680
        if 2 < column < 1098 and 2 < row < 678 and np.hypot(x, y) < 1.8:
            near = pixels[int(row) - 1 : int(row) + 2, int(column) - 1 : int(column) + 2]
            is_land = np.abs(near - to_rgb(LIGHT.land)).max(axis=-1) < 0.01
            assert is_land.any() == dry, name


def test_a_leap_round_the_antipode_follows_the_rim() -> None:
    """An edge between opposite sides of the disc is led along the rim."""
    line = np.array([[1.99, 0.1], [1.995, 0.0], [-1.995, 0.0], [-1.99, -0.1]])
    led = around_rim(line)
    assert np.hypot(*led.T).min() > 1.9
    assert np.hypot(*np.diff(led, axis=0).T).max() < 0.3
    calm = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    assert around_rim(calm) is calm
    assert RIM == 2
