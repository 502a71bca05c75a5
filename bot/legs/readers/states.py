"""Tables of state vectors: OpenSky CSV and parquet, and JSON tables of the `traffic` library."""

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bot.errors import InputError
from bot.legs.readers import loose, raw, table
from bot.legs.readers.items import NoRecording
from bot.model.air import Positions

CHUNK = 500_000  # rows of a table in memory at once
# The same in bytes, for rows that are no rows of states: those have 150 bytes, spelt out in a
# parquet file's memory 300.
CHUNK_BYTES = 256 << 20
BLOCK = 1000  # rows taken from the reader at once

try:
    import pyarrow.parquet as parquet
except ImportError:  # the optional extra
    parquet = None


def read_csv(path: Path) -> Iterator[Positions]:
    """Positions of a CSV with a header, a bounded number of rows at a time."""
    lined = raw.Lined(path)
    text = raw.text(lined, "utf-8-sig")
    try:
        reader = csv.reader(text)
        names = [n.strip().lower() for n in next(reader, [])]
        rows: list[list[str]] = []
        begun = 0
        while some := list(islice(reader, min(BLOCK, CHUNK))):
            rows += [row for row in some if len(row) == len(names)]
            if len(rows) >= CHUNK or lined.passed - begun > CHUNK_BYTES:
                yield table.positions(_turn(names, rows), str(path))
                rows, begun = [], lined.passed
        yield table.positions(_turn(names, rows), str(path))
    except raw.DAMAGED as exc:
        raise InputError(f"{path}: damaged gzip: {exc}") from exc
    except csv.Error as exc:
        raise InputError(f"{path}: not a CSV table: {exc}") from exc
    finally:
        text.close()


def begins(head: bytes) -> float:
    """The time of the first row of a CSV, epoch s; 0 where it has none."""
    lines = list(csv.reader(head.decode("utf-8-sig", "replace").splitlines()[:2]))
    if len(lines) < 2:
        return 0.0
    told = dict(zip([n.strip().lower() for n in lines[0]], lines[1], strict=False))
    clock = next((t for t in table.TIMES if t in told), None)
    return float(np.nan_to_num(table.times([told[clock]])[0])) if clock else 0.0


def _turn(names: list[str], rows: list[list[str]]) -> dict[str, Any]:
    if not rows:
        return {n: [] for n in names}
    return dict(zip(names, zip(*rows, strict=True), strict=True))


def read_parquet(path: Path) -> Iterator[Positions]:
    """Positions of a parquet file, one row group at a time. Needs the extra `parquet`."""
    if parquet is None:
        raise InputError(f"{path}: reading parquet needs pyarrow: pip install 'airbridge[parquet]'")
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(CHUNK):
                if batch.nbytes > CHUNK_BYTES:
                    raise InputError(f"{path}: {batch.num_rows:,} rows have "
                                     f"{batch.nbytes >> 20:,} MB: no table of states")  # fmt: skip
                columns = {n.lower(): c.to_pylist() for n, c in
                           zip(batch.schema.names, batch.columns, strict=True)}  # fmt: skip
                yield table.positions(columns, str(path))
    except (OSError, ValueError) as exc:  # pyarrow's errors are both, but for want of memory
        raise InputError(f"{path}: not a parquet file: {exc}") from exc


# the columns of OpenSky's `/states/all`, in their order
STATES = ("icao24", "callsign", "origin_country", "time_position", "last_contact", "longitude",
          "latitude", "baro_altitude", "on_ground", "velocity", "true_track", "vertical_rate",
          "sensors", "geo_altitude", "squawk", "spi", "position_source")  # fmt: skip


def vectors(rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    """State vectors as OpenSky's API lists them, to columns; short rows are filled with None."""
    return {n: [row[i] if i < len(row) else None for row in rows] for i, n in enumerate(STATES)}


def parse_json(data: bytes, name: str) -> Positions:
    """A JSON table: a list of records or of OpenSky's rows, or an object of columns ({column: {row:
    value}})."""
    try:
        told = msgspec.json.decode(data)
    except loose.UNREADABLE as exc:
        raise InputError(f"{name}: not JSON: {exc}") from exc
    if isinstance(told, list) and told and all(isinstance(r, dict) for r in told):
        names = dict.fromkeys(k for r in told for k in r)
        return table.positions({n: [r.get(n) for r in told] for n in names}, name)
    if isinstance(told, list) and told and all(isinstance(r, list) for r in told):
        return table.positions(vectors(told), name)
    if isinstance(told, dict) and told and all(isinstance(c, dict | list) for c in told.values()):
        columns = {n: _listed(c, told) for n, c in told.items()}
        return table.positions(columns, name)
    raise NoRecording(f"{name}: neither records nor columns of positions")


def _listed(column: Any, told: dict[str, Any]) -> list[Any]:
    if isinstance(column, list):
        return column
    rows = next(c for c in told.values() if isinstance(c, dict))
    return [column.get(r) for r in rows]
