"""How well a watch was looked at, hour by hour: what was not seen must look like nothing known.

One panel an end, or one for both where they do not differ. Hours that nobody looked at, that failed
or that showed nothing are drawn apart from one another; the longest outages are named in words.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from bot.model.alert import Picture
from bot.model.looking import DARK, FAILED, NO_LOOK, Change, Lookout, Outage
from bot.pictures.captions import day_text, span_text
from bot.pictures.theme import (
    HEIGHT,
    MARGIN,
    SMALL,
    TINY,
    WIDTH,
    Mark,
    Palette,
    Sheet,
    font,
    palette,
)

Floats = npt.NDArray[np.float64]
HOUR = timedelta(hours=1)
_LEFT, _RIGHT = 78, WIDTH - MARGIN
_STRIP, _GAP = 60, 40  # px: the days' exposure over the panels, and what stands between panels
_FOOT = 204  # px under the panels: dates, named outages, key, attribution
_NAMED = 3  # outages told in words
_DATE_PX = 92
_FULL = 1.5  # exposure drawn brightest
_UNKNOWN = "unknown"
_HATCHES = {NO_LOOK: "//", FAILED: "xx", _UNKNOWN: ".."}


def coverage_map(
    watch: str, lookouts: Sequence[Lookout], exposure: Floats, now: datetime, *,
    label: str = "", dark: bool = True,
) -> Picture:  # fmt: skip
    """The picture of one watch, 1100 x 680 px. `exposure` (3, D): the watch's, low, high."""
    sheet = draw_coverage(watch, lookouts, exposure, now, label=label, dark=dark)
    told = "; ".join(f"{where}{outage.words()}" for where, outage in _longest(lookouts))
    alt = f"Looking, hour by hour: {watch}, {_span(lookouts)}. " + (told or "No outage")
    return Picture("coverage.png", sheet.png(), f"{label}: {alt}" if label else alt)


def draw_coverage(
    watch: str, lookouts: Sequence[Lookout], exposure: Floats, now: datetime, *,
    label: str = "", dark: bool = True,
) -> Sheet:  # fmt: skip
    """The same as a figure."""
    sheet = Sheet(palette(dark))
    top = sheet.header(watch, f"How well it was looked at, by the hour · {_span(lookouts)}", label)
    _strip(sheet, exposure, top + 14)
    panels = lookouts[:1] if _alike(lookouts) else lookouts
    start, end = top + 14 + _STRIP, HEIGHT - _FOOT
    tall = (end - start) / max(len(panels), 1)
    for i, panel in enumerate(panels):
        name = panel.label if len(panels) > 1 else " and ".join(p.label for p in lookouts)
        edges = (start + i * tall, start + (i + 1) * tall)
        _panel(sheet, panel, name, edges, now, _longest(lookouts))
    if panels:
        _dates(sheet, [day.day for day in panels[0].days], end)
    _named(sheet, lookouts, end + 50)
    sheet.key(_marks(lookouts, sheet.colours, now), HEIGHT - 48, MARGIN, _RIGHT)
    feeds = sorted({day.feeds for p in lookouts for day in p.days if day.feeds})
    source = f"Data: {'; '.join(feeds)}" if feeds else ""
    sheet.attribution(" · ".join(filter(None, ("Hours and days in UTC", source))))
    return sheet


def _span(lookouts: Sequence[Lookout]) -> str:
    days = lookouts[0].days if lookouts else ()
    return span_text(days[0].day, days[-1].day) if days else "no days"


def _alike(lookouts: Sequence[Lookout]) -> bool:
    """Whether the ends differ too little to be told apart."""
    first = lookouts[0] if lookouts else None
    return all(
        first is not None
        and other.outages == first.outages
        and np.allclose(other.seen, first.seen, atol=0.1, equal_nan=True)
        for other in lookouts[1:]
    )


# ----------------------------------------------------------------------------------------- panels


def _strip(sheet: Sheet, exposure: Floats, top: float) -> None:
    """The days' exposure as bars, with the interval that is nine times in ten right."""
    colours = sheet.colours
    n = exposure.shape[1]
    sheet.write(_RIGHT, top - 2, "exposure of the day, with its 90 % interval", TINY,
                colours.muted, ha="right", gid="unit")  # fmt: skip
    ax = sheet.axes(_LEFT, top + 4, _RIGHT, top + _STRIP - 10)
    ax.set_xlim(-0.5, max(n, 1) - 0.5)
    ax.set_ylim(0, _FULL * 1.05)
    ax.axhline(1, color=colours.grid, linewidth=1.5)
    x, (middle, low, high) = np.arange(n), np.minimum(exposure, _FULL)
    known = np.isfinite(middle)
    ax.bar(x[known], middle[known], 0.8, color=colours.bar, linewidth=0, gid="day", zorder=3)
    ax.vlines(x[known], low[known], high[known], color=colours.ink, linewidth=2, zorder=4,
              gid="interval")  # fmt: skip
    for i in np.flatnonzero(~known):
        ax.add_patch(_block(int(i), 0, _FULL, _UNKNOWN, colours))
    ax.set_xticks([])
    ax.set_yticks([0, 1], ["0", "1"])
    _lettered(ax, colours)


def _panel(
    sheet: Sheet, panel: Lookout, name: str, edges: tuple[float, float], now: datetime,
    named: Sequence[tuple[str, Outage]],
) -> None:  # fmt: skip
    """Hours down, days across."""
    top, bottom = edges
    colours = sheet.colours
    text, size = sheet.fit(name, SMALL, _RIGHT - _LEFT, least=TINY, bold=True)
    sheet.write(_LEFT, top + 20, text, size, colours.ink, bold=True, gid="end")
    ax = sheet.axes(_LEFT, top + _GAP - 12, _RIGHT, bottom - 6)
    n = len(panel.days)
    ax.imshow(
        np.minimum(panel.seen, _FULL).T, aspect="auto", interpolation="nearest", zorder=2,
        cmap=_ramp(colours), vmin=0, vmax=_FULL, extent=(-0.5, n - 0.5, 24, 0),
    )  # fmt: skip
    ax.set_xlim(-0.5, n - 0.5)
    ax.set_ylim(24, 0)
    for day, hour, hours, why in _blocks(panel, now):
        ax.add_patch(_block(day, hour, hour + hours, why, colours))
    ax.set_xticks([])
    ax.set_yticks([0, 6, 12, 18, 24], ["0", "6", "12", "18", "24"])
    _lettered(ax, colours)
    _numbers(ax, panel, named, colours)
    for change in panel.changes:
        at = (change.day - panel.days[0].day).days - 0.5
        ax.axvline(at, color=colours.limit, linewidth=3, zorder=6, gid="change")


def _ramp(colours: Palette) -> LinearSegmentedColormap:
    """From hardly seen to normal, and on to better than normal."""
    stops = [(0.0, colours.grid), (1 / _FULL, colours.bar), (1.0, colours.expected)]
    return LinearSegmentedColormap.from_list("looking", stops)


def _blocks(panel: Lookout, now: datetime) -> list[tuple[int, int, int, str]]:
    """(day, first hour, hours, why) of all that was not seen."""
    first = panel.days[0].day
    found = []
    for outage in panel.outages:
        for at, hours in _by_day(outage):
            found.append(((at.date() - first).days, at.hour, hours, _kind(outage)))
    told = {(day, hour + h) for day, hour, hours, _ in found for h in range(hours)}
    for day, hour in np.argwhere(np.isnan(panel.seen)).tolist():
        when = datetime(first.year, first.month, first.day, tzinfo=UTC)
        if (day, hour) not in told and when + timedelta(days=day, hours=hour) + HOUR <= now:
            found.append((day, hour, 1, _UNKNOWN))
    return found


def _by_day(outage: Outage) -> list[tuple[datetime, int]]:
    """An outage cut at midnights: (start, hours)."""
    parts, at = [], outage.start
    while at < outage.end:
        midnight = at.replace(hour=0) + timedelta(days=1)
        end = min(midnight, outage.end)
        parts.append((at, int((end - at) / HOUR)))
        at = end
    return parts


def _kind(outage: Outage) -> str:
    """The reason without its feed."""
    return next(kind for kind in (NO_LOOK, FAILED, DARK) if outage.why.startswith(kind))


def _block(day: int, top: float, bottom: float, why: str, colours: Palette) -> Rectangle:
    box = ((day - 0.5, top), 1.0, bottom - top)
    if why == DARK:
        return Rectangle(*box, facecolor=colours.alarm, linewidth=0, zorder=3, gid="dark")
    colour = colours.limit if why == FAILED else colours.hatch
    return Rectangle(*box, facecolor=to_rgba(colour, 0.12), edgecolor=colour, linewidth=0,
                     hatch=_HATCHES[why], zorder=3, gid=why)  # fmt: skip


def _numbers(
    ax: Axes, panel: Lookout, named: Sequence[tuple[str, Outage]], colours: Palette
) -> None:
    """The numbers of the named outages, on the outages."""
    for number, (_, outage) in enumerate(named, 1):
        if outage not in panel.outages:
            continue
        at, hours = max(_by_day(outage), key=lambda part: part[1])
        ax.text(
            (at.date() - panel.days[0].day).days, at.hour + hours / 2, str(number), size=SMALL,
            ha="center", va="center", fontproperties=font(True), color=colours.ink, zorder=9,
            gid="number", path_effects=[withStroke(linewidth=4, foreground=colours.paper)],
        )  # fmt: skip


def _lettered(ax: Axes, colours: Palette) -> None:
    ax.tick_params(axis="both", length=0, pad=8)
    for text in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        text.set(fontproperties=font(False), size=TINY, color=colours.muted)


# ----------------------------------------------------------------------------------------- words


def _dates(sheet: Sheet, days: Sequence[date], y: float) -> None:
    wide = (_RIGHT - _LEFT) / len(days)
    step = next((s for s in (1, 2, 7, 14, 28, 91) if s * wide >= _DATE_PX), 182)
    for i in range((len(days) - 1) % step, len(days), step):
        x = _LEFT + (i + 0.5) * wide
        sheet.write(min(x, _RIGHT - 24), y + 18, day_text(days[i], year=False), SMALL,
                    sheet.colours.muted, ha="center", gid="date")  # fmt: skip


def _longest(lookouts: Sequence[Lookout]) -> list[tuple[str, Outage]]:
    """(whose end: 'Libya: ', or nothing when it is all's; outage) of those that are named, in
    time: the longest."""
    every = dict.fromkeys(outage for panel in lookouts for outage in panel.outages)
    longest = sorted(every, key=lambda o: (o.start - o.end, o.start))[:_NAMED]
    return [(_whose(lookouts, outage), outage) for outage in sorted(longest, key=lambda o: o.start)]


def _whose(lookouts: Sequence[Lookout], told: Outage | Change) -> str:
    ends = [p.label for p in lookouts if told in (*p.outages, *p.changes)]
    return "" if len(ends) == len(lookouts) else f"{', '.join(ends)}: "


def _named(sheet: Sheet, lookouts: Sequence[Lookout], y: float) -> None:
    """The numbered outages and the latest change of source, in words."""
    named = enumerate(_longest(lookouts), 1)
    lines = [f"{i}  {whose}{outage.words()}" for i, (whose, outage) in named]
    changes = dict.fromkeys(change for panel in lookouts for change in panel.changes)
    if changes:
        last = max(changes, key=lambda change: change.day)
        words = _whose(lookouts, last) + last.words()
        lines.append(words[:1].upper() + words[1:])
    for i, line in enumerate(lines or ["No outage"]):
        text, size = sheet.fit(line, SMALL, WIDTH - 2 * MARGIN, least=TINY)
        sheet.write(MARGIN, y + 25 * i, text, size, sheet.colours.ink, gid="outage")


def _marks(lookouts: Sequence[Lookout], colours: Palette, now: datetime) -> list[Mark]:
    """Only what is on the picture is explained."""
    kinds = {why for panel in lookouts for *_, why in _blocks(panel, now)}
    changed = any(panel.changes for panel in lookouts)
    better = any((np.nan_to_num(panel.seen) > 1.2).any() for panel in lookouts)
    entries = [
        (True, Mark("as usual", "box", colours.bar)),
        (True, Mark("hardly", "box", colours.grid)),
        (better, Mark("better", "box", colours.expected)),
        (DARK in kinds, Mark("dark", "box", colours.alarm)),
        (NO_LOOK in kinds, Mark("no look", "box", colours.hatch, filled=False, hatch="//")),
        (FAILED in kinds, Mark("failed", "box", colours.limit, filled=False, hatch="xx")),
        (_UNKNOWN in kinds, Mark("unknown", "box", colours.hatch, filled=False, hatch="..")),
        (changed, Mark("source changed", "line", colours.limit)),
    ]
    return [mark for shown, mark in entries if shown]
