"""Legs as rows: what `airbridge legs` writes, one row a leg; an empty cell is unknown.

`origin` and `destination` hold airfield idents only; what is known no closer goes to the area
columns. Times are ISO 8601, UTC.
"""

import csv
import importlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Protocol

from bot.errors import InputError
from bot.model.air import End, How, Leg

COLUMNS = ("icao24", "callsign", "registration", "type_code", "origin", "destination", "takeoff",
           "landing", "first_seen", "last_seen", "origin_how", "destination_how",
           "origin_confidence", "destination_confidence", "origin_area", "destination_area",
           "military", "id")  # fmt: skip
FORMATS = ("csv", "jsonl", "parquet")
Row = dict[str, Any]


def rows(legs: Iterable[Leg], min_confidence: float | None = None) -> Iterator[Row]:
    """One row a leg; with `min_confidence` every end names its likeliest field from there on, and
    none below. What may not be named at all (one side at cruise) stays unknown."""
    for leg in legs:
        row: Row = {
            "icao24": leg.icao24, "callsign": leg.callsign, "registration": leg.registration,
            "type_code": leg.type_code, "takeoff": leg.takeoff, "landing": leg.landing,
            "first_seen": leg.first_seen, "last_seen": leg.last_seen,
            "military": leg.military, "id": leg.id,
        }  # fmt: skip
        for name, end in (("origin", leg.origin), ("destination", leg.destination)):
            row |= _end(name, end, min_confidence)
        yield {column: row[column] for column in COLUMNS}


def _end(name: str, end: End, least: float | None) -> Row:
    field, sure = end.airfield, end.confidence
    if least is not None:
        if field is None and end.how is not How.UNKNOWN and end.candidates:
            field, sure = end.candidates[0]
        field = field if sure >= least else None
    if field is None:
        how = "unknown" if end.airfield is None else str(end.how)
        return {name: None, f"{name}_how": how, f"{name}_confidence": None,
                f"{name}_area": end.area}  # fmt: skip
    return {name: field, f"{name}_how": str(end.how), f"{name}_confidence": round(sure, 3),
            f"{name}_area": end.area if field == end.airfield else None}  # fmt: skip


class Writer(Protocol):
    """Takes rows; `close` finishes the file."""

    def write(self, rows: Iterable[Row]) -> int:
        """Append the rows; how many."""
        ...

    def close(self) -> None:
        """Nothing more will come."""
        ...


class _Text:
    def __init__(self, stream: IO[str], form: str) -> None:
        self._stream, self._form = stream, form
        if form == "csv":
            self._csv = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
            self._csv.writeheader()

    def write(self, rows: Iterable[Row]) -> int:
        n = 0
        for row in rows:
            plain = {k: _plain(v) for k, v in row.items()}
            if self._form == "csv":
                self._csv.writerow({k: "" if v is None else v for k, v in plain.items()})
            else:
                self._stream.write(json.dumps(plain, ensure_ascii=False) + "\n")
            n += 1
        return n

    def close(self) -> None:
        self._stream.flush()


class _Parquet:
    """Parquet by row groups; needs the optional extra."""

    def __init__(self, path: Path) -> None:
        try:
            self._arrow = importlib.import_module("pyarrow")
            parquet = importlib.import_module("pyarrow.parquet")
        except ImportError as exc:
            raise InputError("writing parquet needs pyarrow: pip install 'airbridge[parquet]'"
                             ) from exc  # fmt: skip
        a = self._arrow
        kinds = dict.fromkeys(COLUMNS, a.string())
        kinds |= dict.fromkeys(("takeoff", "landing", "first_seen", "last_seen"),
                               a.timestamp("ms", tz="UTC"))  # fmt: skip
        kinds |= dict.fromkeys(("origin_confidence", "destination_confidence"), a.float64())
        kinds["military"] = a.bool_()
        self._schema = a.schema(list(kinds.items()))
        try:
            self._file = parquet.ParquetWriter(path, self._schema, compression="zstd")
        except OSError as exc:
            raise InputError(f"{path}: cannot be written: {exc}") from exc

    def write(self, rows: Iterable[Row]) -> int:
        held = list(rows)
        if held:
            self._file.write_table(self._arrow.Table.from_pylist(held, schema=self._schema))
        return len(held)

    def close(self) -> None:
        self._file.close()


def writer(form: str, path: Path | None, stream: IO[str]) -> Writer:
    """A writer to `path`, or to `stream` when that is None. Raises InputError."""
    if form == "parquet":
        if path is None:
            raise InputError("parquet is not text: say where to with -o FILE")
        return _Parquet(path)
    return _Text(stream, form)


def write(legs: Sequence[Leg], form: str, stream: IO[str],
          min_confidence: float | None = None) -> int:  # fmt: skip
    """All legs at once as text (csv or jsonl); how many rows."""
    out = writer(form, None, stream)
    n = out.write(rows(legs, min_confidence))
    out.close()
    return n


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        utc = value.astimezone(UTC)
        digits = "milliseconds" if utc.microsecond else "seconds"
        return utc.isoformat(timespec=digits).replace("+00:00", "Z")
    return value
