"""A map's words: airfields, the last aircraft, watched areas, and countries where there is room."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from matplotlib.path import Path

from bot.geo import Floats
from bot.pictures import captions
from bot.pictures.coast import Lines, world
from bot.pictures.globe import View
from bot.pictures.labels import Board, Box
from bot.pictures.scene import Dot, Scene
from bot.pictures.theme import HEIGHT, LABEL, SMALL, Sheet, plain

Pixels = Callable[[Floats], Floats]
_APART = 14  # px between two names, or they read as one
_MOST_COUNTRIES = 14
_COUNTRY_SIZE = 17.0
_CELL = 24  # px between the places tried for a country's name
_INSIDE = 0.95  # share of a country's name that must lie on its own land


def write(sheet: Sheet, scene: Scene, view: View, pixels: Pixels, board: Board) -> None:
    """Place every word that has room, the most telling first."""
    for dot in scene.dots:
        _airfield(sheet, dot, pixels, board)
    if scene.trails and scene.trails[-1].leg:
        text = plain(captions.craft_text(scene.trails[-1].leg))
        # far from its arrow it would name an airfield, and the head of the sheet says it anyway
        _beside(sheet, board, pixels(scene.trails[-1].points[-1:])[0], [text], SMALL, False,
                sheet.colours.ink, "craft", gap=12, strict=True)  # fmt: skip
    for outline in scene.outlines:
        _area(sheet, outline.name, pixels(outline.points), board)
    _countries(sheet, view, board)


def _airfield(sheet: Sheet, dot: Dot, pixels: Pixels, board: Board) -> None:
    name = plain(dot.name)
    texts = [f"{dot.ident} {name}" if name and name != dot.ident else dot.ident, dot.ident]
    texts = [t for t in texts if len(t) <= 30] or [dot.ident]
    anchor = pixels(np.array([[dot.lat_deg, dot.lon_deg]]))[0]
    _beside(sheet, board, anchor, texts, LABEL, True, sheet.colours.ink, "airfield", gap=10)


def _beside(sheet: Sheet, board: Board, anchor: Floats, texts: list[str], size: float, bold: bool,
            colour: str, gid: str, gap: float, strict: bool = False) -> None:  # fmt: skip
    """The first of the texts that finds a place by the anchor; the last may stand farther off,
    unless `strict`."""
    for text in filter(None, map(plain, texts)):
        wide = sheet.width(text, size, bold) + _APART
        box = board.beside(anchor, wide, size * 1.3, gap, strict=strict or text != texts[-1])
        if box is not None:
            _put(sheet, box, text, size, colour, bold, gid)
            return


def _put(sheet: Sheet, box: Box, text: str, size: float, colour: str, bold: bool, gid: str) -> None:
    sheet.write((box.left + box.right) / 2, HEIGHT - (box.bottom + box.top) / 2, text, size, colour,
                bold=bold, ha="center", va="center_baseline", gid=gid,
                halo=sheet.colours.sea if gid != "country" else "")  # fmt: skip


def _area(sheet: Sheet, name: str, edge: Floats, board: Board) -> None:
    """Under the area's lower edge, or above its upper one."""
    text, size = plain(name.replace("-", " ")), SMALL
    middle = float((edge[:, 0].min() + edge[:, 0].max()) / 2)
    for y in (edge[:, 1].min() - 16, edge[:, 1].max() + 16, edge[:, 1].min() + 18):
        box = text and board.at(middle, float(y), sheet.width(text, size) + 4, size * 1.3)
        if box:
            _put(sheet, box, text, size, sheet.colours.route, False, "area name")
            return


# ------------------------------------------------------------------------------------ countries


def _countries(sheet: Sheet, view: View, board: Board) -> None:
    """Names of the countries with most room, each where its own land is widest."""
    grid = _Grid(board.frame, view)
    owned = [(name, grid.mask(lines)) for name, lines in world().countries]
    owned.sort(key=lambda pair: (-pair[1].sum(), pair[0]))
    written = 0
    for name, mask in owned:
        if written == _MOST_COUNTRIES or mask.sum() < 4:
            break
        text = plain(name)
        width, height = sheet.width(text, _COUNTRY_SIZE), _COUNTRY_SIZE * 1.3
        places = grid.places(mask, width, height)
        box = next(filter(None, (board.at(x, y, width + 12, height + 6) for x, y in places)), None)
        if box:
            _put(sheet, box, text, _COUNTRY_SIZE, sheet.colours.country, False, "country")
            written += 1


class _Grid:
    """Places on the map a cell apart, in pixels and on the plane."""

    def __init__(self, frame: Box, view: View) -> None:
        self.x = np.arange(frame.left + _CELL / 2, frame.right, _CELL)
        self.y = np.arange(frame.bottom + _CELL / 2, frame.top, _CELL)
        left, right, bottom, top = view.limits
        self._view, self._low = view, np.array([left, bottom])
        # the frame is inset a little from the view; for names the difference does not matter
        plane_x = left + (self.x - frame.left) / (frame.right - frame.left) * (right - left)
        plane_y = bottom + (self.y - frame.bottom) / (frame.top - frame.bottom) * (top - bottom)
        self._points = np.stack(np.meshgrid(plane_x, plane_y), axis=-1).reshape(-1, 2)
        self._box = np.array([[left, bottom], [right, top]])
        self._cell_area = (right - left) * (top - bottom) / (len(self.x) * len(self.y))

    def mask(self, lines: Lines) -> npt.NDArray[np.bool_]:
        """Which places lie on this country, shape (rows, columns)."""
        inside = np.zeros(len(self._points), bool)
        flat = self._view.flatten(lines.points)
        for start, end in zip(lines.starts[:-1], lines.starts[1:], strict=True):
            ring = flat[start:end]
            low, high = ring.min(axis=0), ring.max(axis=0)
            seen = (low < self._box[1]).all() and (high > self._box[0]).all()
            if seen and np.prod(high - low) > self._cell_area:
                inside |= Path(ring).contains_points(self._points)
        return inside.reshape(len(self.y), len(self.x))

    def places(self, mask: npt.NDArray[np.bool_], width: float, height: float
               ) -> list[tuple[float, float]]:  # fmt: skip
        """Middles for a name of this size, nearest the middle of the land first."""
        cells_x, cells_y = round(width / 2 / _CELL), round(height / 2 / _CELL)
        share = _box_mean(mask.astype(float), cells_y, cells_x)
        rows, columns = np.nonzero(mask & (share >= _INSIDE))
        all_rows, all_columns = np.nonzero(mask)
        away = np.hypot(rows - all_rows.mean(), columns - all_columns.mean())
        return [(float(self.x[columns[i]]), float(self.y[rows[i]])) for i in np.argsort(away)]


def _box_mean(values: Floats, half_rows: int, half_columns: int) -> Floats:
    """The mean over a box around each cell; outside counts as nothing."""
    tall, wide = 2 * half_rows + 1, 2 * half_columns + 1
    padded = np.pad(values, ((half_rows + 1, half_rows), (half_columns + 1, half_columns)))
    total = padded.cumsum(axis=0).cumsum(axis=1)
    box = total[tall:, wide:] - total[:-tall, wide:] - total[tall:, :-wide] + total[:-tall, :-wide]
    return np.asarray(box / (tall * wide))
