"""The look both pictures share: colours, letters, and a sheet measured in pixels.

Promises: 1100 x 680 px, sizes chosen to be read in a phone's chat (there the picture is about
380 px wide, a third of its size), the same bytes for the same facts, and no box where a letter
should be. Refuses pyplot and rcParams: nothing here is global, so any thread may draw.
"""

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

WIDTH, HEIGHT = 1100, 680  # Telegram recompresses photos wider than 1280 px
MARGIN = 36
_DPI = 72  # at 72 dots an inch a point is a pixel, so every size below is in pixels

TITLE, SUBTITLE, LABEL, SMALL, TINY = 31.0, 21.0, 20.0, 18.0, 14.0


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme; each is named for what it stands for."""

    paper: str
    ink: str
    muted: str
    grid: str
    bar: str  # an ordinary day
    alarm: str  # a day that alarmed; the aircraft's last position
    expected: str
    limit: str
    hatch: str  # nobody looked
    note: str  # the label's letters
    note_paper: str
    sea: str
    land: str
    coast: str
    border: str
    country: str  # country names
    route: str  # the great circle, watched areas
    field: str  # airfields
    unknown: str  # a track of unknown altitude
    ramp: tuple[str, ...]  # altitude, ground to 40,000 ft


DARK = Palette(
    paper="#0e1726", ink="#f1f5f9", muted="#a9b8c9", grid="#22304a", bar="#57a5e5",
    alarm="#ff4d6d", expected="#f1f5f9", limit="#ffb703", hatch="#647a99", note="#ffc94d",
    note_paper="#3a2f14", sea="#0c1524", land="#223145", coast="#647d9c", border="#44566f",
    country="#8496ad", route="#5fe0c6", field="#8fd6ff", unknown="#c3ccd6",
    ramp=("#7b5cff", "#c04bdc", "#f2587f", "#ff8f4a", "#ffd84a"),
)  # fmt: skip
LIGHT = Palette(
    paper="#fcfbf8", ink="#14202e", muted="#56657a", grid="#e4e4df", bar="#3a86c8",
    alarm="#d6173f", expected="#14202e", limit="#c26a00", hatch="#9aa5b2", note="#7a4a00",
    note_paper="#ffedc7", sea="#d9e9f4", land="#f6f2e8", coast="#7c97b0", border="#bfb59f",
    country="#8a8270", route="#0b7a6b", field="#0b4f8a", unknown="#5b6673",
    ramp=("#2c1fa3", "#8211a8", "#c4256e", "#e2561d", "#d99a00"),
)  # fmt: skip


def palette(dark: bool) -> Palette:
    """The theme's colours."""
    return DARK if dark else LIGHT


# -------------------------------------------------------------------------------------- letters

_SCRIPTS = (
    "LATIN",
    "GREEK",
    "CYRILLIC",
)  # what the bundled font holds and no shaping is needed for


@cache
def font(bold: bool) -> FontProperties:
    """matplotlib's own DejaVu Sans by path: the same letters on every machine."""
    return FontProperties(fname=_file(bold))


def _file(bold: bool) -> str:
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return str(Path(matplotlib.get_data_path(), "fonts", "ttf", name))


@cache
def _glyphs() -> frozenset[int]:
    return frozenset.intersection(
        *(frozenset(get_font(_file(b)).get_charmap()) for b in (False, True))
    )


def plain(text: str) -> str:
    """The text as the font can show it: other scripts, emoji and controls are left out.

    Accents that the font lacks are taken off; empty brackets and doubled spaces left by what was
    dropped are closed. May return '' (the caller then shows a code instead).

    >>> plain("Łódź → 北京 (\\u2708\\ufe0f) Москва\\n2")
    'Łódź → Москва 2'
    """
    kept = "".join(_shown(c) for c in unicodedata.normalize("NFC", text))
    return " ".join(kept.replace("( )", "").replace("()", "").split())


def _shown(char: str) -> str:
    if char.isspace():
        return " "
    if _drawable(char):
        return char
    return "".join(c for c in unicodedata.normalize("NFKD", char) if _drawable(c))


def _drawable(char: str) -> bool:
    if ord(char) not in _glyphs() or unicodedata.category(char)[0] in "CM":
        return False
    if unicodedata.category(char)[0] == "L":
        return unicodedata.name(char, "").startswith(_SCRIPTS)
    return ord(char) < 0x2600  # past the arrows and mathematics lie pictographs


# ---------------------------------------------------------------------------------------- sheet


@dataclass(frozen=True, slots=True)
class Mark:
    """One entry of a picture's key. `shape` is 'box', 'line' or 'head'."""

    text: str
    shape: str
    colour: str
    filled: bool = True
    hatch: str = ""
    dash: tuple[float, float] | None = None
    alpha: float = 1.0


class Sheet:
    """A blank picture; every measure is in pixels from its top left corner."""

    def __init__(self, colours: Palette) -> None:
        self.colours = colours
        size = (WIDTH / _DPI, HEIGHT / _DPI)
        self.figure = Figure(figsize=size, dpi=_DPI, facecolor=colours.paper)
        self._canvas = FigureCanvasAgg(self.figure)

    def width(self, text: str, size: float, bold: bool = False) -> float:
        """How wide the text will be."""
        prop = font(bold).copy()
        prop.set_size(size)
        renderer = self._canvas.get_renderer()  # type: ignore[no-untyped-call]
        return float(renderer.get_text_width_height_descent(text, prop, ismath=False)[0])

    def write(self, x: float, y: float, text: str, size: float, colour: str, *,
              bold: bool = False, ha: str = "left", va: str = "baseline", gid: str = "",
              halo: str = "") -> Text:  # fmt: skip
        """Put text at (x, y); `halo` outlines it in that colour."""
        text_ = self.figure.text(
            x, HEIGHT - y, text, color=colour, ha=ha, va=va, gid=gid or None, parse_math=False,
            fontproperties=font(bold), size=size, transform=IdentityTransform(), zorder=20,
        )  # fmt: skip
        if halo:
            text_.set_path_effects([withStroke(linewidth=5, foreground=halo)])
        return text_

    def fit(self, text: str, size: float, width: float, *, least: float, bold: bool = False
            ) -> tuple[str, float]:  # fmt: skip
        """The text and a size no smaller than `least` at which it fits `width`; cut if it must."""
        text = plain(text)
        wide = self.width(text, size, bold)
        if wide <= width:
            return text, size
        size = max(least, 0.99 * size * width / wide)
        if self.width(text, size, bold) <= width:
            return text, size
        while text and self.width(text + "…", size, bold) > width:
            text = text[:-1]
        return text.rstrip(" ,·–") + "…", size

    def axes(self, left: float, top: float, right: float, bottom: float) -> Axes:
        """A bare drawing area with these edges."""
        box = (left / WIDTH, 1 - bottom / HEIGHT, (right - left) / WIDTH, (bottom - top) / HEIGHT)
        ax = self.figure.add_axes(box)
        ax.set_facecolor("none")
        for spine in ax.spines.values():
            spine.set_visible(False)
        return ax

    def box(self, left: float, top: float, right: float, bottom: float, colour: str,
            **style: object) -> Rectangle:  # fmt: skip
        """A filled rectangle behind everything else, unless `style` says otherwise."""
        patch = Rectangle((left, HEIGHT - bottom), right - left, bottom - top,
                          transform=IdentityTransform(),
                          **{"facecolor": colour, "linewidth": 0, **style})  # type: ignore[arg-type]  # fmt: skip
        self.figure.add_artist(patch)
        return patch

    def header(self, title: str, subtitle: str, label: str = "") -> float:
        """Label, title and subtitle; returns the y where the picture itself may start."""
        y, room = 0.0, WIDTH - 2 * MARGIN
        if plain(label):
            self.box(0, 0, WIDTH, 44, self.colours.note_paper)
            self.box(0, 0, 10, 44, self.colours.note)
            text, size = self.fit(label, LABEL, room, least=14, bold=True)
            self.write(MARGIN, 29, text, size, self.colours.note, bold=True, gid="label")
            y = 44
        text, size = self.fit(title, TITLE, room, least=22, bold=True)
        self.write(MARGIN, y + 48, text, size, self.colours.ink, bold=True, gid="title")
        text, size = self.fit(subtitle, SUBTITLE, room, least=17)
        self.write(MARGIN, y + 80, text, size, self.colours.muted, gid="subtitle")
        return y + 98

    def key(self, marks: Sequence[Mark], y: float, left: float, right: float) -> float:
        """The marks explained in a row (or two) centred on y; returns the x behind the last."""
        x = left
        for mark in marks:
            wide = 34 + self.width(mark.text, SMALL)
            if x > left and x + wide > right:
                x, y = left, y + 25
            self._swatch(mark, x, y)
            self.write(x + 34, y + 1, mark.text, SMALL, self.colours.muted, va="center_baseline",
                       gid="key")  # fmt: skip
            x += wide + 26
        return x

    def _swatch(self, mark: Mark, x: float, y: float) -> None:
        if mark.shape == "line":
            self.figure.add_artist(
                Line2D([x, x + 26], [HEIGHT - y] * 2, color=mark.colour, linewidth=3,
                       linestyle=(0, mark.dash) if mark.dash else "-",
                       alpha=mark.alpha, transform=IdentityTransform())
            )  # fmt: skip
            return
        if mark.shape == "head":
            self.figure.add_artist(
                Line2D([x + 14], [HEIGHT - y], marker="^", markersize=17, color=mark.colour,
                       linestyle="", transform=IdentityTransform())
            )  # fmt: skip
            return
        face = mark.colour if mark.filled else "none"
        self.box(x + 3, y - 8, x + 23, y + 8, face, edgecolor=mark.colour, hatch=mark.hatch * 2,
                 linewidth=0 if mark.filled else 2, alpha=mark.alpha)  # fmt: skip

    def attribution(self, text: str) -> None:
        """Who made the data, in the last line."""
        text, size = self.fit(text, TINY, WIDTH - 2 * MARGIN, least=11)
        self.write(WIDTH - MARGIN, HEIGHT - 12, text, size, self.colours.muted, ha="right",
                   gid="attribution")  # fmt: skip

    def png(self) -> bytes:
        """The finished picture."""
        out = io.BytesIO()
        self.figure.savefig(out, format="png", dpi=_DPI, facecolor=self.colours.paper,
                            metadata={"Software": None})  # fmt: skip
        return out.getvalue()
