"""How many legs, day by day, against what was expected, so that a surge can be seen at a glance.

A day nobody looked is hatched, never a zero; a poorly watched one is weaker; possible legs are
outlines on top of the counted ones; the loudest window wears a bracket that says its numbers.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from bot.geo import Floats
from bot.model.alert import Evidence, Finding, Kind, Picture
from bot.pictures import captions, days
from bot.pictures.axis import date_ticks
from bot.pictures.days import Bars
from bot.pictures.theme import (
    HEIGHT,
    LABEL,
    MARGIN,
    SMALL,
    WIDTH,
    Mark,
    Palette,
    Sheet,
    font,
    palette,
)

_LEFT, _RIGHT = 78, WIDTH - MARGIN
_HEAD = 36  # px over the axis: its unit
_FOOT = 132  # px under the axis: dates, key, attribution
_WEAK = 0.42  # opacity of a poorly watched day
_LIMIT_DASH = (3.0, 1.6)
_SMALL_LIMIT = 4.0  # legs; a chart that must reach it still shows a bar of one
_BRACKET_PX, _WORDS_PX = 33, 34  # room a bracket and its words take over the bars
_NUMBER_PX = 24  # least px a bar must have for its number to be written on it


def chart(evidence: Evidence, *, dark: bool = True) -> Picture:
    """The chart of a finding's series, 1100 x 680 px."""
    sheet = draw_chart(evidence, dark=dark)
    finding = evidence.finding
    alt = f"Chart: {evidence.watch.name}. {captions.chart_subtitle(finding)}"
    if _bracketed(finding):
        alt += f". {captions.window_text(finding)}"
    return Picture("chart.png", sheet.png(), f"{evidence.label}: {alt}" if evidence.label else alt)


def draw_chart(evidence: Evidence, *, dark: bool = True) -> Sheet:
    """The chart as a figure."""
    sheet = Sheet(palette(dark))
    finding = evidence.finding
    top = sheet.header(evidence.watch.name, captions.chart_subtitle(finding), evidence.label)
    plot = Plot(sheet, sheet.axes(_LEFT, top + _HEAD, _RIGHT, HEIGHT - _FOOT),
                days.of(evidence.series, finding), HEIGHT - _FOOT - top - _HEAD)  # fmt: skip
    _axes(plot, finding, top)
    if len(plot.bars):
        _unseen(plot)
        _usual(plot)
        _legs(plot)
        if _bracketed(finding):
            _bracket(plot, finding)
    _empty(plot)
    _key(plot)
    sheet.attribution(" · ".join(filter(None, ("Days in UTC", captions.sources_text(evidence)))))
    return sheet


@dataclass(slots=True)
class Plot:
    """The drawing area, its bars, and its scale."""

    sheet: Sheet
    ax: Axes
    bars: Bars
    height_px: float
    top: float = 1.0  # the count at the upper edge

    @property
    def colours(self) -> Palette:
        """The sheet's theme."""
        return self.sheet.colours

    @property
    def bar_px(self) -> float:
        """How wide one day or week is."""
        return (_RIGHT - _LEFT) / max(len(self.bars), 1)

    def tall(self, pixels: float) -> float:
        """So many pixels as a count."""
        return pixels / self.height_px * self.top


def _bracketed(finding: Finding) -> bool:
    """Whether there is a window to point at."""
    told = finding.kind is Kind.FIRST or math.isfinite(finding.observed_window)
    return finding.raised and told


# ----------------------------------------------------------------------------------------- axes


def _axes(plot: Plot, finding: Finding, top: float) -> None:
    ax, colours, bars = plot.ax, plot.colours, plot.bars
    highest = _highest(bars)
    plot.top = _scale(plot, finding, highest)
    ax.set_xlim(-0.5, max(len(bars), 1) - 0.5)
    ax.set_ylim(0, plot.top)
    ticks = [t for t in MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]).tick_values(0, highest)
             if 0 <= t <= max(highest, 1) and t == int(t)]  # fmt: skip
    ax.set_yticks(ticks, [f"{t:,.0f}" for t in ticks])
    ax.grid(axis="y", color=colours.grid, linewidth=1.2)
    ax.set_axisbelow(True)
    ax.axhline(0, color=colours.muted, linewidth=1.6, zorder=4)
    ax.tick_params(axis="y", length=0, pad=8)
    ax.tick_params(axis="x", length=0, pad=13)  # clear of the count axis's own zero
    where, texts = date_ticks(bars, plot.bar_px) if len(bars) else ([], [])
    ax.set_xticks(where, texts)
    for text in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        text.set(fontproperties=font(False), size=SMALL, color=colours.muted)
    unit = "legs in 7 days from the date" if bars.step_days == 7 else "legs a day"
    plot.sheet.write(MARGIN, top + 22, unit, SMALL, colours.muted, gid="unit")


def _highest(bars: Bars) -> float:
    """The largest count the axis must name. A limit far above every bar may leave the picture, but
    not a small one: a line that ends in mid-air is a riddle."""
    tallest = float(max(bars.tops.max(initial=0), np.nan_to_num(bars.expected).max(initial=0)))
    limit = float(np.nan_to_num(bars.limit).max(initial=0))
    return max(tallest, min(limit, max(2.5 * tallest, _SMALL_LIMIT)), 1.0)


def _scale(plot: Plot, finding: Finding, highest: float) -> float:
    """The count at the upper edge: room for the bars, and for the bracket over its window."""
    top = highest * 1.06
    if _bracketed(finding) and len(plot.bars):
        room = (_BRACKET_PX + _WORDS_PX + 8) / plot.height_px
        top = max(top, _under_words(plot, finding) / (1 - room))
    return top


# ----------------------------------------------------------------------------------------- bars


def _unseen(plot: Plot) -> None:
    """Whole columns, hatched: what happened there is not known; lightly shaded: hardly known."""
    for first, last in _runs(plot.bars.unseen):
        plot.ax.axvspan(first - 0.5, last + 0.5, facecolor=to_rgba(plot.colours.hatch, 0.12),
                        edgecolor=plot.colours.hatch, hatch="//", linewidth=0, zorder=1,
                        gid="unseen")  # fmt: skip
    for first, last in _runs(plot.bars.poor):
        plot.ax.axvspan(first - 0.5, last + 0.5, facecolor=plot.colours.hatch, alpha=0.2,
                        linewidth=0, zorder=1, gid="poor")  # fmt: skip


def _runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(int)))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _usual(plot: Plot) -> None:
    """The expected count as a line; up to the limit, the usual range."""
    ax, colours, bars = plot.ax, plot.colours, plot.bars
    x = np.arange(len(bars), dtype=float)
    if np.isfinite(bars.limit).any():
        x_step, limit = np.repeat(x, 2) + np.tile([-0.5, 0.5], len(x)), np.repeat(bars.limit, 2)
        ax.fill_between(x_step, 0, limit, color=colours.expected, alpha=0.055, linewidth=0,
                        zorder=2, gid="usual")  # fmt: skip
        _steps(plot, x, bars.limit)
    if np.isfinite(bars.expected).any():
        ax.plot(x, bars.expected, color=colours.expected, linewidth=2.6, zorder=7, gid="expected",
                marker="o" if len(bars) < 4 else "", markersize=7,
                path_effects=[_halo(colours, 4)])  # fmt: skip


def _steps(plot: Plot, x: Floats, limit: Floats) -> None:
    """The limit as treads without risers: where it changes with the weekday, a wall would shout."""
    jump = np.concatenate([np.diff(limit) != 0, [True]])
    treads = np.column_stack([limit, limit, np.where(jump, np.nan, limit)]).ravel()
    edges = np.column_stack([x - 0.5, x + 0.5, x + 0.5]).ravel()
    plot.ax.plot(edges, treads, color=plot.colours.limit, linewidth=2.2, zorder=4.5, gid="limit",
                 linestyle=(0, _LIMIT_DASH))  # fmt: skip


def _legs(plot: Plot) -> None:
    ax, colours, bars = plot.ax, plot.colours, plot.bars
    x, width = np.arange(len(bars)), 0.66 if len(bars) < 12 else 0.8
    counts = np.nan_to_num(bars.counts)
    weak = bars.poor | bars.unseen
    faces = [to_rgba(colours.alarm if a else colours.bar, _WEAK if w else 1.0)
             for a, w in zip(bars.alarm, weak, strict=True)]  # fmt: skip
    for i, rect in enumerate(ax.bar(x, counts, width, color=faces, zorder=5, linewidth=0)):
        rect.set_gid("part" if bars.part[i] else "day")
        if bars.part[i]:  # unfinished: an outline, half filled
            rect.set(
                facecolor=to_rgba(faces[i], faces[i][3] * 0.5), edgecolor=faces[i], linewidth=2
            )
    for i in map(int, np.flatnonzero(bars.possible > 0)):
        ax.bar(i, bars.possible[i], width, bottom=counts[i], facecolor="none", linewidth=2,
               edgecolor=faces[i], zorder=5)[0].set_gid("possible")  # fmt: skip
    if plot.bar_px >= _NUMBER_PX:
        for i in map(int, np.flatnonzero(bars.alarm & (counts > 0))):
            _say(plot, i, bars.tops[i] + plot.tall(5), f"{counts[i]:,.0f}", SMALL, "number")


def _halo(colours: Palette, width: float) -> withStroke:
    """An outline in the paper's colour: keeps a line or number legible over bars."""
    return withStroke(linewidth=width, foreground=colours.paper)


def _bracket(plot: Plot, finding: Finding) -> None:
    """A bracket over the loudest window, and its numbers in words, inside the plot."""
    ax, colours = plot.ax, plot.colours
    first, last = _window(plot.bars, finding)
    base = _under_words(plot, finding) + plot.tall(_BRACKET_PX)
    ends, tick = (first - 0.45, last + 0.45), plot.tall(8)
    ax.plot([ends[0], ends[0], ends[1], ends[1]], [base - tick, base, base, base - tick],
            color=colours.alarm, linewidth=2.4, zorder=9, gid="bracket",
            path_effects=[_halo(colours, 5)])  # fmt: skip
    left, right = _words_span(plot, finding)
    text = captions.window_text(finding)
    words = _say(plot, (left + right) / 2, base + plot.tall(9), text, LABEL, "window")
    words.set_bbox({"facecolor": colours.paper, "edgecolor": "none", "pad": 3})


def _say(plot: Plot, x: float, y: float, text: str, size: float, gid: str) -> Text:
    """Bold words standing on (x, y) of the plot."""
    return plot.ax.text(
        x, y, text, size=size, ha="center", va="bottom", fontproperties=font(True), zorder=9,
        color=plot.colours.alarm, gid=gid, path_effects=[_halo(plot.colours, 4)],
    )  # fmt: skip


def _window(bars: Bars, finding: Finding) -> tuple[int, int]:
    """First and last bar of the loudest window, kept on the picture."""
    ends = [bars.where(d) for d in (captions.window_first(finding), finding.day)]
    first, last = (int(np.clip(e, 0, len(bars) - 1)) for e in ends)
    return first, last


def _words_span(plot: Plot, finding: Finding) -> tuple[float, float]:
    """Where the bracket's words go along the axis: centred over it, moved to stay inside."""
    wide = (plot.sheet.width(captions.window_text(finding), LABEL, bold=True) + 8) / plot.bar_px
    first, last = _window(plot.bars, finding)
    left = (first + last) / 2 - wide / 2
    left = max(min(left, len(plot.bars) - 0.5 - wide), -0.5)
    return left, left + wide


def _under_words(plot: Plot, finding: Finding) -> float:
    """The tallest thing under the bracket or its words."""
    left, right = _words_span(plot, finding)
    first, last = _window(plot.bars, finding)
    low, high = min(first, math.floor(left + 0.5)), max(last, math.ceil(right - 0.5))
    return _over(plot.bars, max(low, 0), min(high, len(plot.bars) - 1))


def _over(bars: Bars, first: int, last: int) -> float:
    return float(bars.tops[first : last + 1].max(initial=0))


# ------------------------------------------------------------------------------------------ key


def _empty(plot: Plot) -> None:
    """Say in words what an empty picture means."""
    bars = plot.bars
    if len(bars) and (~bars.unseen).any():
        return
    text = "Nobody looked in these days" if len(bars) else "No days yet"
    words = _say(plot, len(bars) / 2 - 0.5, plot.top / 2, text, LABEL, "empty")
    words.set(color=plot.colours.ink)
    words.set_bbox({"facecolor": plot.colours.paper, "edgecolor": "none", "pad": 12})


def _key(plot: Plot) -> None:
    """Only what is on the picture is explained."""
    colours, bars = plot.colours, plot.bars
    limit_seen = bool((bars.limit < plot.top).any())
    entries = [
        (np.nan_to_num(bars.counts).any(), Mark("legs", "box", colours.bar)),
        (bars.alarm.any(), Mark("alarm", "box", colours.alarm)),
        (bars.possible.any(), Mark("possible", "box", colours.bar, filled=False)),
        (np.isfinite(bars.expected).any(), Mark("expected", "line", colours.expected)),
        (limit_seen, Mark("one-day limit", "line", colours.limit, dash=_LIMIT_DASH)),
        (bars.poor.any(), Mark("poorly watched", "box", colours.hatch, alpha=0.45)),
        (bars.unseen.any(), Mark("nobody looked", "box", colours.hatch, filled=False, hatch="//")),
    ]
    marks = [mark for shown, mark in entries if shown]
    plot.sheet.key(marks, HEIGHT - 48, MARGIN, _RIGHT)
