"""Short ways to make evidence worth drawing."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from bot import geo
from bot.model.air import Leg, Track
from bot.model.alert import CoverageNote, Evidence, Finding, Kind, Series
from bot.pictures.theme import Sheet
from tests.nouns import FIELDS, HL59, HLLB, OSLK, watch

LAST = date(2024, 12, 17)
NAMES = {spot.ident: spot.name for spot in (OSLK, HL59, HLLB)}


def finding(**more: Any) -> Finding:
    """A surge of 5 legs in 3 days, raised on the running day."""
    fields: dict[str, Any] = {
        "watch": "Hmeimim to eastern Libya", "kind": Kind.SURGE, "day": LAST, "complete": False,
        "judged": True, "raised": True, "calm": False, "observed": 2.0, "possible": 1,
        "expected": 0.03, "limit": 2.0, "exposure": 0.9, "window_days": 3, "observed_window": 5.0,
        "expected_window": 0.13, "return_period_years": 412.0, "score": 2.6, "state": "raised",
        "since": LAST - timedelta(days=2),
    }  # fmt: skip
    return Finding(**{**fields, **more})


def series(counts: npt.ArrayLike, **more: Any) -> Series:
    """These counts, the last of them on the judged day, fully watched."""
    values = np.asarray(counts, float)
    n = len(values)
    fields: dict[str, Any] = {
        "days": np.datetime64(LAST) - n + 1 + np.arange(n), "possible": np.zeros(n),
        "exposure": np.ones(n), "expected": np.full(n, 0.05), "limit": np.full(n, 2.0),
        "alarm": np.zeros(n, bool),
    }  # fmt: skip
    return Series("Hmeimim to eastern Libya", counts=values, **{**fields, **more})


def track(leg: Leg, *, silent_min: tuple[int, int] = (0, 0), until_min: int = 110) -> Track:
    """The great circle from Hmeimim to al-Khadim, a point a minute, unseen while silent."""
    minutes = np.arange(until_min)
    minutes = minutes[(minutes < silent_min[0]) | (minutes >= silent_min[1])]
    path = geo.great_circle(*FIELDS["OSLK"], *FIELDS["HL59"], n=110)[minutes]
    height = np.clip(np.minimum(minutes, 110 - minutes) * 1500, 0, 33_000)
    time_s = leg.first_seen.timestamp() + minutes * 60.0
    return Track(leg.icao24, time_s, path[:, 0], path[:, 1], height.astype(np.float32))


def evidence(**more: Any) -> Evidence:
    """A quiet month with a surge at its end; no legs, no tracks unless given."""
    fields: dict[str, Any] = {
        "watch": watch(), "finding": finding(), "legs": (), "possible": (),
        "series": series([0] * 27 + [1, 2, 2]), "names": NAMES, "spots": FIELDS,
        "coverage": CoverageNote(0.9, 1400, 3, 55, ("adsb-lol", "roof")),
        "label": "RECONSTRUCTION from published reports – not recorded data",
    }  # fmt: skip
    return Evidence(**{**fields, **more})


def named(sheet: Sheet, gid: str) -> list[Any]:
    """The artists of one kind on a drawn sheet."""
    return sheet.figure.findobj(lambda artist: artist.get_gid() == gid)


def texts(sheet: Sheet, *gids: str) -> list[str]:
    """What the words of these kinds say."""
    return [text.get_text() for gid in gids for text in named(sheet, gid)]


def boxes(sheet: Sheet) -> dict[str, Bbox]:
    """Where every visible text lies, in pixels, by what it says and where."""
    sheet.png()
    found = sheet.figure.findobj(lambda artist: isinstance(artist, Text) and artist.get_text())
    return {f"{t.get_text()} @{i}": Text.get_window_extent(t) for i, t in enumerate(found)
            if t.get_visible()}  # fmt: skip


def overlaps(sheet: Sheet) -> list[tuple[str, str]]:
    """Pairs of texts that share more than a pixel's edge."""
    placed = sorted(boxes(sheet).items())
    return [(a, b) for i, (a, one) in enumerate(placed) for b, two in placed[i + 1 :]
            if min(one.x1, two.x1) - max(one.x0, two.x0) > 1
            and min(one.y1, two.y1) - max(one.y0, two.y0) > 1]  # fmt: skip


def outside(sheet: Sheet) -> list[str]:
    """Texts that leave the picture."""
    return [name for name, box in boxes(sheet).items()
            if box.x0 < 0 or box.y0 < 0 or box.x1 > 1100 or box.y1 > 680]  # fmt: skip
