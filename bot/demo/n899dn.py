"""A real day: the airliner N899DN on 4 and 5 February 2025, its trace cut into polls.

Promises: every position is recorded, none is made up; a poll shows the last fix that is at most
a minute old, as a provider would. The file is part of the package `traffic` (see the folder's
README for its licence).
"""

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.demo.tables import FOLDER
from bot.demo.wire import envelope
from bot.model.air import Leg

LABEL = "RECORDED: one airliner's day, 4 and 5 February 2025"
LEG_WITHIN = timedelta(minutes=3)  # of the true take-off and landing
_FRESH_S = 60.0  # providers drop a position from the top level after a minute
_ALTITUDE_IS_GEOMETRIC, _RATE_IS_GEOMETRIC = 8, 4
# Row: offset s, lat, lon, altitude, ground speed, track, flags, rate, detail, source, ...
_LAT, _LON, _ALTITUDE, _SPEED, _TRACK, _FLAGS, _RATE, _DETAIL, _SOURCE = range(1, 10)


@dataclass(frozen=True, slots=True)
class TrueLeg:
    """One flight of the day as read from the ground flags. None: not in the recording.

    `inferred`: ends that nobody saw and that follow from both sides of the gap.
    """

    callsign: str
    origin: str | None
    destination: str | None
    takeoff: datetime | None
    landing: datetime | None
    inferred: tuple[str, ...] = ()


def _utc(day: int, hour: int, minute: int, second: int) -> datetime:
    return datetime(2025, 2, day, hour, minute, second, tzinfo=UTC)


TRUTH = (
    TrueLeg("DAL1812", None, "KMSP", None, _utc(5, 1, 12, 26)),
    TrueLeg("DAL2418", "KMSP", "KGEG", _utc(5, 3, 43, 54), None, ("KGEG",)),
    TrueLeg("DAL1615", "KGEG", "KMSP", None, _utc(5, 17, 0, 18), ("KGEG",)),
    TrueLeg("DAL2927", "KMSP", "KDEN", _utc(5, 18, 14, 36), _utc(5, 19, 54, 30)),
)


def as_in_truth(legs: Sequence[Leg]) -> bool:
    """Whether these are the four true legs: ends, and times where the truth has them."""
    return len(legs) == len(TRUTH) and all(
        leg.callsign == true.callsign
        and leg.origin.airfield == true.origin
        and leg.destination.airfield == true.destination
        and _near(leg.takeoff, true.takeoff)
        and _near(leg.landing, true.landing)
        for leg, true in zip(legs, TRUTH, strict=True)
    )


def _near(found: datetime | None, true: datetime | None) -> bool:
    return true is None or (found is not None and abs(found - true) <= LEG_WITHIN)


def polls(every_s: float = 60.0) -> Iterator[tuple[float, bytes]]:
    """(epoch s, v2 reply) every `every_s` from the first fix to a minute past the last."""
    trace = json.loads((FOLDER / "trace_full_ac671b.json").read_text("utf-8"))
    times_s = [trace["timestamp"] + row[0] for row in trace["trace"]]
    details = list(_details(trace["trace"]))
    now_s = -(-times_s[0] // every_s) * every_s
    while now_s <= times_s[-1] + _FRESH_S:
        i = bisect_right(times_s, now_s) - 1
        age_s = now_s - times_s[i]
        rows = []
        if i >= 0 and age_s <= _FRESH_S:
            rows = [json.dumps(_aircraft(trace, trace["trace"][i], details[i], age_s))]
        yield now_s, envelope(rows, now_s, "v2")
        now_s += every_s


def _details(rows: list[list[Any]]) -> Iterator[dict[str, Any]]:
    """What is known besides the position at each row: details come only when they change."""
    known: dict[str, Any] = {}
    for row in rows:
        detail = row[_DETAIL] or {}
        known = known | {k: detail[k] for k in ("flight", "squawk", "category") if k in detail}
        yield known


def _aircraft(
    trace: dict[str, Any], row: list[Any], detail: dict[str, Any], age_s: float
) -> dict[str, Any]:
    """The provider's aircraft object; a key is left out when unknown."""
    altitude = "alt_geom" if row[_FLAGS] & _ALTITUDE_IS_GEOMETRIC else "alt_baro"
    rate = "geom_rate" if row[_FLAGS] & _RATE_IS_GEOMETRIC else "baro_rate"
    found = {
        "hex": trace["icao"], "type": row[_SOURCE], **detail, "r": trace["r"], "t": trace["t"],
        altitude: row[_ALTITUDE], "gs": row[_SPEED], "track": row[_TRACK], rate: row[_RATE],
        "lat": row[_LAT], "lon": row[_LON], "seen_pos": round(age_s, 3), "seen": round(age_s, 1),
        "mlat": [], "tisb": [],
    }  # fmt: skip
    return {key: value for key, value in found.items() if value is not None}
