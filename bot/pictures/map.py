"""Where the legs went: great circle, observed paths, gaps, airfields, on a map of the region.

A path is drawn solid only where it was observed: a silence of more than five minutes is dashed,
and so is the rest of the way to an airfield that was inferred. Draws a map whatever is missing
(no track, an open end, no airfield), and asks no network.
"""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, IdentityTransform

from bot import geo
from bot.geo import Floats
from bot.model.alert import Evidence, Picture
from bot.pictures import backdrop, captions, lettering, scene
from bot.pictures.globe import View
from bot.pictures.labels import Board, Box, spaced
from bot.pictures.scene import Scene, Trail
from bot.pictures.theme import HEIGHT, MARGIN, SMALL, WIDTH, Mark, Palette, Sheet, palette

_FOOT = 78  # px under the map: the key and the attribution
_TOP_FT = 40_000  # one altitude scale for every map, so that two can be compared
_CIRCLE_DASH = (1.2, 2.6)
_GAP_DASH = (2.6, 1.6)
_ARROW = Path([(0, 1), (0.72, -0.9), (0, -0.55), (-0.72, -0.9), (0, 1)], closed=True)
_SCALES_KM = (50, 100, 200, 500, 1000)


def route_map(evidence: Evidence, *, dark: bool = True) -> Picture:
    """The map of a finding's route and legs, 1100 x 680 px."""
    sheet = draw_map(evidence, dark=dark)
    alt = f"Map: {evidence.watch.label()}. {captions.map_subtitle(evidence)}"
    return Picture("map.png", sheet.png(), f"{evidence.label}: {alt}" if evidence.label else alt)


def draw_map(evidence: Evidence, *, dark: bool = True) -> Sheet:
    """The map as a figure."""
    sheet = Sheet(palette(dark))
    top = sheet.header(evidence.watch.name, captions.map_subtitle(evidence), evidence.label)
    canvas = Canvas.on(sheet, scene.of(evidence), top)
    backdrop.draw(canvas.ax, canvas.view, sheet.colours)
    _areas(canvas)
    _circles(canvas)
    for trail in canvas.scene.trails:
        _trail(canvas, trail, newest=trail is canvas.scene.trails[-1])
    _dots(canvas)
    board = _board(canvas)
    _scale(canvas, board)
    lettering.write(canvas.sheet, canvas.scene, canvas.view, canvas.pixels, board)
    _key(canvas)
    sources = filter(None, ("Map: Natural Earth", captions.sources_text(evidence)))
    sheet.attribution(" · ".join(sources))
    return sheet


@dataclass(frozen=True, slots=True)
class Canvas:
    """The sheet's map area, what it shows, and how to get there."""

    sheet: Sheet
    ax: Axes
    view: View
    scene: Scene
    frame: Box  # pixels, y upwards

    @classmethod
    def on(cls, sheet: Sheet, what: Scene, top: float) -> "Canvas":
        """Full width, from `top` down to the foot."""
        bottom = HEIGHT - _FOOT
        points = what.points()
        view = View.of(points[:, 0], points[:, 1], WIDTH / (bottom - top))
        ax = sheet.axes(0, top, WIDTH, bottom)
        return cls(sheet, ax, view, what, Box(0, HEIGHT - bottom, WIDTH, HEIGHT - top))

    @property
    def colours(self) -> Palette:
        """The sheet's theme."""
        return self.sheet.colours

    def flat(self, points: Floats) -> Floats:
        """(lat, lon) rows to the plane."""
        return self.view.flat(points[:, 0], points[:, 1])

    def pixels(self, points: Floats) -> Floats:
        """(lat, lon) rows to pixels, y upwards."""
        left, right, bottom, top = self.view.limits
        low = np.array([self.frame.left, self.frame.bottom])
        size = np.array([self.frame.right, self.frame.top]) - low
        share = (self.flat(points) - (left, bottom)) / (right - left, top - bottom)
        return np.asarray(low + share * size)


def ramp(colours: Palette) -> Colormap:
    """Altitude's colours, ground to the top of the scale; unknown is grey."""
    cmap = LinearSegmentedColormap.from_list("altitude", colours.ramp)
    return cmap.with_extremes(bad=colours.unknown)


def _areas(canvas: Canvas) -> None:
    colour = canvas.colours.route
    for outline in canvas.scene.outlines:
        canvas.ax.add_patch(Polygon(canvas.flat(outline.points), facecolor=colour, alpha=0.09,
                                    linewidth=0, zorder=3, gid="area"))  # fmt: skip
        canvas.ax.add_patch(Polygon(canvas.flat(outline.points), fill=False, edgecolor=colour,
                                    alpha=0.55, linewidth=1.2, zorder=3))  # fmt: skip


def _circles(canvas: Canvas) -> None:
    lines = [canvas.flat(circle) for circle in canvas.scene.circles]
    drawn = LineCollection(
        lines, colors=canvas.colours.route, linewidths=2.6, linestyles=[(0, _CIRCLE_DASH)],
        capstyle="round", zorder=4, gid="circle")  # fmt: skip
    canvas.ax.add_collection(drawn, autolim=False)


def _trail(canvas: Canvas, trail: Trail, newest: bool) -> None:
    width = 5.0 if newest else 2.6
    flat = canvas.flat(trail.points)
    edges = np.stack([flat[:-1], flat[1:]], axis=1)[~trail.gap]
    altitude = (trail.altitude_ft[:-1] + trail.altitude_ft[1:]) / 2
    halo = LineCollection(list(edges), colors=canvas.colours.sea, linewidths=width + 2.5,
                          capstyle="round", zorder=5 + newest)  # fmt: skip
    seen = LineCollection(
        list(edges), array=np.ma.masked_invalid(altitude[~trail.gap]), cmap=ramp(canvas.colours),
        norm=Normalize(0, _TOP_FT), linewidths=width, capstyle="round", zorder=6 + newest,
        gid="seen")  # fmt: skip
    unseen = LineCollection(
        [canvas.flat(line) for line in (*_gaps(trail), *trail.inferred)],
        colors=canvas.colours.ink, linewidths=width * 0.55, linestyles=[(0, _GAP_DASH)],
        alpha=0.9 if newest else 0.6, zorder=5.5 + newest, gid="gap")  # fmt: skip
    for lines in (halo, seen, unseen):
        canvas.ax.add_collection(lines, autolim=False)
    if newest or not trail.arrived:
        _head(canvas, trail, newest)


def _gaps(trail: Trail) -> list[Floats]:
    """The unobserved stretches, each along its great circle; neighbours joined to one line."""
    lines: list[list[Floats]] = []
    for i in np.flatnonzero(trail.gap):
        (lat1, lon1), (lat2, lon2) = trail.points[i], trail.points[i + 1]
        line = geo.great_circle(lat1, lon1, lat2, lon2, n=24)
        if i and trail.gap[i - 1]:
            lines[-1].append(line)
        else:
            lines.append([line])
    return [np.concatenate(parts) for parts in lines]


def _head(canvas: Canvas, trail: Trail, newest: bool) -> None:
    """The last observed position: a triangle pointing where it was going."""
    last = trail.points[-1]
    moved = np.flatnonzero(np.abs(trail.points - last).max(axis=1) > 1e-4)
    here = canvas.flat(trail.points[-1:])[0]
    marker: Path | str = "o"
    if len(moved):
        dx, dy = here - canvas.flat(trail.points[moved[-1] :][:1])[0]
        marker = _ARROW.transformed(Affine2D().rotate(np.arctan2(dy, dx) - np.pi / 2))
    canvas.ax.add_line(
        Line2D([here[0]], [here[1]], marker=marker, markersize=24 if newest else 14, linestyle="",
               markerfacecolor=canvas.colours.alarm, markeredgecolor=canvas.colours.paper,
               markeredgewidth=1.6, zorder=9 + newest, gid="head"))  # fmt: skip


def _dots(canvas: Canvas) -> None:
    points = np.array([[d.lat_deg, d.lon_deg] for d in canvas.scene.dots]).reshape(-1, 2)
    flat = canvas.flat(points)
    canvas.ax.add_line(
        Line2D(flat[:, 0], flat[:, 1], marker="o", markersize=13, linestyle="", zorder=8,
               markerfacecolor=canvas.colours.field, markeredgecolor=canvas.colours.paper,
               markeredgewidth=2.2, gid="airfields"))  # fmt: skip


def _board(canvas: Canvas) -> Board:
    """The free space for words: lines should, dots and heads must stay visible."""
    what = canvas.scene
    lines = [np.empty((0, 2)), *what.circles, *(t.points for t in what.trails)]
    lines += [line for t in what.trails for line in t.inferred]
    frame = canvas.frame
    inner = Box(frame.left + 12, frame.bottom + 8, frame.right - 12, frame.top - 8)
    board = Board(inner, np.concatenate([spaced(canvas.pixels(line)) for line in lines]))
    dots = np.array([[d.lat_deg, d.lon_deg] for d in what.dots]).reshape(-1, 2)
    heads = [t.points[-1:] for t in what.trails]
    for x, y in canvas.pixels(np.concatenate([dots, *heads])):
        board.taken.append(Box(x - 8, y - 8, x + 8, y + 8))
    return board


def _scale(canvas: Canvas, board: Board) -> None:
    """A bar of so many kilometres, where the view is small enough for one scale to hold."""
    if canvas.view.half_width > 0.6:
        return
    px_per_km = WIDTH / (2 * canvas.view.half_width * geo.EARTH_KM)
    km = max((s for s in _SCALES_KM if s * px_per_km < 200), default=_SCALES_KM[0])
    x, y = MARGIN, canvas.frame.bottom + 20
    ends = [x, x, x + km * px_per_km, x + km * px_per_km]
    canvas.sheet.figure.add_artist(
        Line2D(ends, [y + 7, y, y, y + 7], color=canvas.colours.muted, linewidth=1.8,
               transform=IdentityTransform()))  # fmt: skip
    canvas.sheet.write(ends[2] + 10, HEIGHT - y + 1, f"{km:,} km", SMALL - 2, canvas.colours.muted,
                       gid="scale", halo=canvas.colours.sea)  # fmt: skip
    board.taken.append(Box(x, y - 6, ends[2] + 95, y + 20))


def _key(canvas: Canvas) -> None:
    colours, y, x = canvas.colours, HEIGHT - 52.0, float(MARGIN)
    if canvas.scene.trails:
        x = _altitude_key(canvas.sheet, x, y)
    marks = []
    if any(t.gap.any() or t.inferred for t in canvas.scene.trails):
        marks.append(Mark("not observed", "line", colours.ink, dash=_GAP_DASH))
    if canvas.scene.circles:
        marks.append(Mark("shortest way", "line", colours.route, dash=_CIRCLE_DASH))
    if canvas.scene.trails:
        marks.append(Mark("last seen", "head", colours.alarm))
    canvas.sheet.key(marks, y, x, WIDTH - MARGIN)


def _altitude_key(sheet: Sheet, x: float, y: float) -> float:
    """'observed, 0 [colours] 40,000 ft'; returns the x behind it."""
    colours = sheet.colours
    ax = sheet.axes(x, y - 6, x + 130, y + 6)
    ax.imshow(np.linspace(0, 1, 130)[None, :], aspect="auto", cmap=ramp(colours))
    ax.set_xticks([])
    ax.set_yticks([])
    text = f"observed, 0–{_TOP_FT:,} ft"
    sheet.write(x + 140, y + 1, text, SMALL, colours.muted, va="center_baseline", gid="key")
    return x + 140 + sheet.width(text, SMALL) + 26
