"""Evidence for message tests: the airlift of December 2024, as the demo tells it."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from bot.model.air import End, How, Leg
from bot.model.alert import Alert, CoverageNote, Evidence, Finding, Kind, Series, State
from bot.model.watch import Watch
from tests.nouns import FIELDS, at, leg, watch

WATCH: Watch = watch(usual_text="1 per month", usual_per_day=1 / 30.4)
NAMES = {"OSLK": "Hmeimim", "HL59": "al-Khadim", "HLLB": "Benina", "GABS": "Bamako"}
SPOTS = {**FIELDS, "GABS": (12.5335, -7.9499)}
NOW = at("2024-12-26 21:40")
LABEL = "RECONSTRUCTION from published reports"

GROUND = End("OSLK", How.SURFACE, 0.999, lat_deg=35.401, lon_deg=35.948)
CLIMB = End("OSLK", How.LOW, 0.97, lat_deg=35.45, lon_deg=35.8, altitude_ft=3200)
LANDED = End("HL59", How.SURFACE, 0.99)
DESCENT = End("HL59", How.LOW, 0.93, lat_deg=32.05, lon_deg=21.9, altitude_ft=8000)
AHEAD = End("HL59", How.PROJECTED, 0.72, (), (("HL59", 0.72),), 33.1, 23.9, 24000)
STOP = End("HL59", How.STOP, 0.84, lat_deg=32.5, lon_deg=22.0, altitude_ft=11000)
EITHER = End(None, How.PROJECTED, 0.0, None, (("HL59", 0.55), ("HLLB", 0.33)), 32.6, 22.2, 14000)
LIBYA = End(None, How.UNKNOWN, area="Libya", lat_deg=33.4, lon_deg=26.0, altitude_ft=31000)


def flown(day: int, to: End, registration: str | None = "RA-76841", **more: Any) -> Leg:
    """A leg from Hmeimim at 18:05 on a day of December 2024."""
    landing = at(f"2024-12-{day} 20:00") if to.how in (How.LOW, How.SURFACE, How.STOP) else None
    fields = {"registration": registration, "type_code": "IL76", "landing": landing, **more}
    return leg(GROUND, to, f"2024-12-{day} 18:05", f"{0x152C29 + day:06x}", **fields)


LEGS = (
    flown(14, AHEAD, callsign="RFF7041"),
    flown(16, EITHER, "RA-76845", callsign=None),
    flown(19, DESCENT, "RA-78817"),
    flown(22, STOP, callsign="RFF7043"),
    flown(24, LANDED, "RA-78830", type_code=None),
    flown(25, AHEAD, None, military=True),
    leg(CLIMB, DESCENT, "2024-12-26 18:05", landing=at("2024-12-26 20:00")),
)
ONWARD = leg(STOP, End("GABS", How.SURFACE, 0.99), "2024-12-26 23:00", minutes=400)
POSSIBLE = (flown(23, LIBYA, "RA-78842"),)


def series(until: str = "2024-12-26", days: int = 90) -> Series:
    """Days with the legs above; the fourth was not looked at."""
    last = np.datetime64(until)
    axis = np.arange(last - days + 1, last + 1)
    counts, exposure = np.zeros(days), np.full(days, 0.97)
    for one in LEGS:
        counts[axis == np.datetime64(one.day)] += 1
    counts[3], exposure[3] = np.nan, 0.0
    return Series(WATCH.name, axis, counts, np.zeros(days), exposure, alarm=counts > 0)


SERIES = series()
COVERAGE = CoverageNote(
    0.97, 1412, 28, 830, ("adsb-lol", "roof"), ("no look from 03:10 to 05:40 UTC",)
)
SURGE = Finding(
    watch=WATCH.name, kind=Kind.SURGE, day=date(2024, 12, 26), complete=False, judged=True,
    raised=True, calm=False, observed=1, possible=1, expected=0.033, limit=2, exposure=0.97,
    window_days=14, observed_window=7, expected_window=0.46, return_period_years=412.0, score=2.6,
    state="raised", since=date(2024, 12, 13),
    notes=("no holiday that would explain it", "the way back is quiet: 1 leg, 0.5 expected"),
)  # fmt: skip
DAY = replace(
    SURGE,
    window_days=1,
    observed=3,
    observed_window=3,
    expected_window=0.033,
    possible=0,
    since=SURGE.day,
)
ALERT = Alert(
    "a", Kind.SURGE, WATCH.name, State.RESOLVED, at("2024-12-14 20:00"), NOW, SURGE.day,
    peak_return_years=412, told_return_years=40, calm_days=4, fired=at("2024-12-15 01:00"),
)  # fmt: skip


def evidence(finding: Finding = SURGE, **more: Any) -> Evidence:
    fields: dict[str, Any] = {
        "watch": WATCH, "finding": finding, "legs": LEGS, "possible": POSSIBLE, "series": SERIES,
        "coverage": COVERAGE, "names": NAMES, "spots": SPOTS, "label": LABEL,
    }  # fmt: skip
    return Evidence(**{**fields, **more})
