"""What lies under a route: sea, land, coasts, borders, a faint grid of degrees.

Draws only what the view shows; whole-Earth views are as right as small ones.
"""

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.patches import Circle
from matplotlib.path import Path

from bot.geo import Floats
from bot.pictures.coast import Lines, world
from bot.pictures.globe import RIM, View
from bot.pictures.theme import Palette

_FAR = 1.9  # past this radius an edge may leap round the antipode (within 18 degrees of it)
_GRID_STEPS_DEG = (2, 5, 10, 15, 30)


def draw(ax: Axes, view: View, colours: Palette) -> None:
    """Everything under the route, on axes that span the view."""
    left, right, bottom, top = view.limits
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_facecolor(colours.paper if view.shows_rim else colours.sea)
    if view.shows_rim:
        ax.add_patch(Circle((0, 0), RIM, facecolor=colours.sea, edgecolor=colours.coast, zorder=0))
    _grid(ax, view, colours)
    _land(ax, view, colours)
    for lines, colour, width in ((world().borders, colours.border, 0.9),
                                 (world().coasts, colours.coast, 1.1)):  # fmt: skip
        ax.add_collection(LineCollection(_shown(lines, view), colors=colour, linewidths=width,
                                         zorder=2), autolim=False)  # fmt: skip


def _land(ax: Axes, view: View, colours: Palette) -> None:
    land, outer = world().land, world().outer
    flat = view.flatten(land.points)
    rings = []
    for ring in np.flatnonzero(_touching(flat, land.starts, view)):
        line = around_rim(flat[land.starts[ring] : land.starts[ring + 1]])
        if outer[ring] and _inside_out(line):
            # a clockwise ring that the projection turns inside out holds the antipode
            rings.append(_rim(np.linspace(2 * np.pi, 0, 181)))
        if len(line) > 2:
            rings.append(line)
    if rings:
        path = Path.make_compound_path(*(Path(r, closed=False) for r in rings))
        # a collection, because adding a lone patch measures its every curve first (a second)
        ax.add_collection(PathCollection([path], facecolors=colours.land, linewidths=0, zorder=1,
                                         gid="land"), autolim=False)  # fmt: skip


def around_rim(line: Floats) -> Floats:
    """The line led round the Earth's disc where it leaps from one side of it to the other.

    Two neighbours near the antipode may lie far apart on the plane; a straight edge between them
    would cross the whole picture.
    """
    far = np.hypot(line[:, 0], line[:, 1]) > _FAR
    leap = far[1:] & far[:-1] & (np.hypot(*np.diff(line, axis=0).T) > 0.3)
    if not leap.any():
        return line
    angle = np.arctan2(line[:, 1], line[:, 0])
    parts, begin = [], 0
    for i in map(int, np.flatnonzero(leap)):
        turn = (angle[i + 1] - angle[i] + np.pi) % (2 * np.pi) - np.pi
        parts += [line[begin : i + 1], _rim(angle[i] + turn * np.linspace(0, 1, 32))]
        begin = i + 1
    return np.concatenate([*parts, line[begin:]])


def _rim(angle: Floats) -> Floats:
    return RIM * np.column_stack([np.cos(angle), np.sin(angle)])


def _inside_out(line: Floats) -> bool:
    """Whether a clockwise ring runs the other way round on the plane, round all the other land.

    The projection keeps areas, and no land covers half the Earth: what is turned inside out has
    more than half of its 4 pi.
    """
    x, y = line[:, 0], line[:, 1]
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2 > 2 * np.pi


def _touching(flat: Floats, starts: npt.NDArray[np.intp], view: View) -> npt.NDArray[np.bool_]:
    """Per line, whether its box meets the view (a ring turned inside out always does)."""
    low = np.minimum.reduceat(flat, starts[:-1])
    high = np.maximum.reduceat(flat, starts[:-1])
    left, right, bottom, top = view.limits
    meets = (low[:, 0] < right) & (high[:, 0] > left) & (low[:, 1] < top) & (high[:, 1] > bottom)
    return np.asarray(meets | (np.hypot(high[:, 0], high[:, 1]) > _FAR))


def _shown(lines: Lines, view: View) -> list[Floats]:
    flat = view.flatten(lines.points)
    flat[np.hypot(flat[:, 0], flat[:, 1]) > _FAR] = np.nan
    whole = np.nan_to_num(flat, nan=RIM)
    return [flat[lines.starts[i] : lines.starts[i + 1]]
            for i in np.flatnonzero(_touching(whole, lines.starts, view))]  # fmt: skip


def _grid(ax: Axes, view: View, colours: Palette) -> None:
    wide_deg = np.degrees(2 * view.half_width)
    step = next((s for s in _GRID_STEPS_DEG if wide_deg / s <= 7), _GRID_STEPS_DEG[-1])
    lons, lats = np.arange(-180, 180, step), np.arange(-90 + step, 90, step)
    along, across = np.linspace(-90, 90, 121), np.linspace(-180, 180, 241)
    lines = [view.flat(along, np.full(121, lon)) for lon in lons]
    lines += [view.flat(np.full(241, lat), across) for lat in lats]
    for line in lines:
        line[np.hypot(line[:, 0], line[:, 1]) > _FAR] = np.nan
    ax.add_collection(LineCollection(lines, colors=colours.grid, linewidths=1, zorder=0.5),
                      autolim=False)  # fmt: skip
