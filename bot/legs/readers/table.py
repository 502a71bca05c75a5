"""Position tables of any spelling (OpenSky's, the `traffic` library's) to columns.

Units follow the column's name: OpenSky's own names are metric, the others feet and knots. Times
may be epoch seconds, milliseconds, microseconds or ISO text. A column that is not there is
unknown.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.columns import possible
from bot.errors import InputError
from bot.legs.readers.clock import epoch_s
from bot.legs.readers.items import NoRecording
from bot.model.air import Positions

FT_PER_M, KT_PER_MPS, FPM_PER_MPS = 1 / 0.3048, 1 / 0.514444, 60 / 0.3048
Floats = npt.NDArray[np.float64]
# field -> (name in the table, factor) in order of preference
NAMES: dict[str, tuple[tuple[str, float], ...]] = {
    "lat_deg": (("lat", 1), ("latitude", 1)),
    "lon_deg": (("lon", 1), ("longitude", 1), ("lng", 1)),
    "altitude_ft": (("baroaltitude", FT_PER_M), ("baro_altitude", FT_PER_M), ("altitude", 1),
                    ("alt_baro", 1), ("geoaltitude", FT_PER_M), ("geo_altitude", FT_PER_M)),
    "ground_speed_kt": (("velocity", KT_PER_MPS), ("groundspeed", 1), ("gs", 1)),
    "track_deg": (("heading", 1), ("true_track", 1), ("track", 1)),
    "vertical_rate_fpm": (("vertrate", FPM_PER_MPS), ("vertical_rate", 1), ("baro_rate", 1)),
}  # fmt: skip
OPENSKY_API = {"velocity", "true_track", "baro_altitude"}  # here 'vertical_rate' is m/s, too
TIMES = ("time_position", "lastposupdate", "timestamp", "time")
STALE_S = 15.0  # OpenSky repeats the last position for minutes after it was heard


def positions(table: Mapping[str, Sequence[Any]], name: str) -> Positions:
    """Columns of a table by name. Raises InputError naming what is missing."""
    address = _pick(table, "icao24", "icao", "hex")
    clock = next((t for t in TIMES if t in table), None)
    if address is None or clock is None:
        wanted = "icao24" if address is None else "time or timestamp"
        raise NoRecording(f"{name}: no column {wanted}; found {_found(table)}")
    if len({len(column) for column in table.values()}) > 1:
        raise InputError(f"{name}: its columns are not of one length")
    icao = np.array([_address(a) for a in address], np.uint32)
    columns = {field: _column(table, field, name) for field in NAMES}
    lat, lon = columns.pop("lat_deg"), columns.pop("lon_deg")
    columns["track_deg"] %= 360
    time_s = times(table[clock])
    if len(time_s) and np.isnan(time_s).all():
        raise InputError(f"{name}: {clock}: no row has a time between 1970 and 2100")
    keep = (icao > 0) & ~np.isnan(lat) & ~np.isnan(lon) & ~np.isnan(time_s)
    if clock == "lastposupdate" and "time" in table:
        keep &= ~(times(table["time"]) - time_s > STALE_S)
    ground = _ground(table)
    alt = np.where(ground, np.nan, columns.pop("altitude_ft"))
    calls = _pick(table, "callsign", "flight")
    p = Positions.of(
        icao, time_s, lat, lon, altitude_ft=alt, on_ground=ground, **columns,
        **_texts("callsign", calls, 8), **_texts("registration", _pick(table, "registration"), 12),
        **_texts("type_code", _pick(table, "typecode", "type_code"), 4),
    )  # fmt: skip
    return p if keep.all() else p.take(keep)


def times(column: Sequence[Any]) -> Floats:
    """Epoch seconds of numbers in s, ms, us or ns, or of ISO text; NaN where there is none."""
    return epoch_s([time_of(v) for v in column])


def time_of(value: Any) -> float:
    """The number, or the epoch seconds of a date or of ISO text; NaN for anything else."""
    if isinstance(value, datetime):
        return _stamp(value)
    number = _number(value)
    if number == number or not value:
        return number
    try:
        return _stamp(datetime.fromisoformat(str(value).strip().replace("Z", "+00:00")))
    except ValueError:
        return math.nan


def _stamp(told: datetime) -> float:
    try:
        return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):  # beyond the years a date can have
        return math.nan


def _column(table: Mapping[str, Sequence[Any]], field: str, name: str) -> Floats:
    for column, factor in NAMES[field]:
        if column in table:
            if column == "vertical_rate" and OPENSKY_API & set(table):
                factor = FPM_PER_MPS
            return _numbers(table[column]) * factor
    if field in ("lat_deg", "lon_deg"):
        raise NoRecording(f"{name}: no column {NAMES[field][0][0]}; found {_found(table)}")
    return np.full(len(next(iter(table.values()))), np.nan)


def _found(table: Mapping[str, Sequence[Any]]) -> str:
    names = " ".join(", ".join(list(table)[:12]).split())
    return names if len(names) <= 120 else names[:117] + "..."


def _numbers(column: Sequence[Any]) -> Floats:
    try:
        told = np.array(column, np.float64)
    except (TypeError, ValueError, OverflowError):
        told = np.empty(0)
    if told.shape != (len(column),):
        told = np.array([_number(v) for v in column], np.float64)
    return possible(told)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _ground(table: Mapping[str, Sequence[Any]]) -> npt.NDArray[np.bool_]:
    told = _pick(table, "onground", "on_ground")
    if told is None:
        alt = _pick(table, "alt_baro")
        n = len(next(iter(table.values())))
        return np.zeros(n, bool) if alt is None else np.array([a == "ground" for a in alt])
    return np.array([str(v).strip().lower() in ("true", "1", "1.0", "t") for v in told])


def _address(value: Any) -> int:
    """The address; 0 (dropped later) for '~' addresses and for what is none."""
    text = str(value or "").strip().lower()
    try:
        number = int(text, 16)
    except ValueError:
        return 0
    return number if len(text) <= 6 and number > 0 else 0


def _texts(field: str, column: Sequence[Any] | None, width: int) -> dict[str, Any]:
    if column is None:
        return {}
    return {field: np.array([_text(v)[:width] for v in column], f"S{width}")}


def _text(value: Any) -> bytes:
    told = str(value).strip().upper() if isinstance(value, str) else ""
    return b"" if told in ("", "NAN", "NONE", "N/A", "NULL") else told.encode("ascii", "replace")


def _pick(table: Mapping[str, Sequence[Any]], *names: str) -> Sequence[Any] | None:
    return next((table[n] for n in names if n in table), None)
