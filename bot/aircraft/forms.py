"""Aircraft lists as others publish them, read for `airbridge aircraft update`.

Four forms, plain or gzip, told by their first line: this program's own, plane-alert-db (`$ICAO`
...), OpenSky's aircraft database (a header with `icao24` and `typecode`; its newer files quote
with '), tar1090-db (no header, semicolons).

Promises: every row that cannot be read is named by file, line and field, and left out; a
placeholder address (000000) is no aircraft. What a list does not flag as military is unknown
unless the list says that it is not. Refuses (InputError): any other form, and a file of which
more than `BAD_SHARE` cannot be read, because then it is not what it seems to be.
"""

import csv
import gzip
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.aircraft.listing import Listed
from bot.errors import InputError

BAD_SHARE = 0.01  # public tables hold a few broken rows in ten thousand
_ADDRESS = re.compile("[0-9a-f]{6}")
_TYPE = re.compile("[A-Z0-9]{2,4}")
_NOBODY = ("000000", "ffffff")
_MOST_TEXT = 80  # characters of a field; the longest operator published has some 60
_TAR1090 = re.compile(r"[0-9A-Fa-f]{6};")

Row = Mapping[str, str]


@dataclass(slots=True)
class Reading:
    """What a file gave."""

    form: str
    known: dict[str, Listed] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)  # FILE:LINE: field: found, expected
    rows: int = 0


class _Bad(Exception):
    """A field that cannot be read."""


def read(path: Path) -> Reading:
    """Read a list in any of the forms. Raises InputError."""
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as exc:
        why = exc.strerror if isinstance(exc, OSError) and exc.strerror else exc
        raise InputError(f"{path}: cannot be read: {why}") from exc
    except UnicodeDecodeError as exc:
        number = exc.object[: exc.start].count(b"\n") + 1
        raise InputError(f"{path}:{number}: not text in UTF-8") from exc
    lines = [line.rstrip("\r") for line in text.split("\n")]
    form, columns, delimiter, quote = _form(path, lines[0])
    reading = Reading(form)

    def split(line: str) -> list[str]:
        try:
            return next(csv.reader([line], delimiter=delimiter, quotechar=quote), [])
        except csv.Error as exc:
            raise _Bad(f"row: {exc}") from exc

    # a line at a time: a stray quote, of which public tables have some, must not swallow the rest
    names = columns or split(lines[0])
    for number, line in enumerate(lines if columns else lines[1:], 1 if columns else 2):
        if not line:
            continue
        reading.rows += 1
        try:
            _take(reading, names, split(line), _READERS[form])
        except _Bad as bad:
            reading.mistakes.append(f"{path}:{number}: {bad}")
    _refuse_if_bad(reading, path)
    return reading


def _form(path: Path, first: str) -> tuple[str, list[str] | None, str, str]:
    """Name, column names (None: the first line holds them), delimiter and quote of a file."""
    plain = first.replace("'", "").replace('"', "").strip()
    names = set(plain.split(","))
    if plain == "icao24,registration,operator,type_code,military":
        return "airbridge", None, ",", '"'
    if {"$ICAO", "$Registration", "$ICAO Type", "#CMPG"} <= names:
        return "plane-alert-db", None, ",", '"'
    if {"icao24", "registration", "typecode"} <= names:
        return "OpenSky", None, ",", "'" if first.startswith("'") else '"'
    if _TAR1090.match(first):
        return "tar1090-db", ["icao24", "registration", "type", "flags"], ";", '"'
    raise InputError(
        f"{path}:1: header: found “{first[:60]}”, expected that of plane-alert-db, OpenSky's "
        "aircraft database, tar1090-db's aircraft.csv, or this program's own list"
    )


def _take(reading: Reading, names: list[str], cells: list[str],
          listed: Callable[[Row], tuple[str, Listed]]) -> None:  # fmt: skip
    if len(cells) < len(names):
        raise _Bad(f"row: found {len(cells)} fields, expected {len(names)}")
    address, one = listed(dict(zip(names, cells, strict=False)))
    if address not in _NOBODY:
        reading.known[address] = one.over(reading.known.get(address))


def _refuse_if_bad(reading: Reading, path: Path) -> None:
    if not reading.known:
        raise InputError("\n".join([*reading.mistakes[:10], f"{path}: no aircraft in this file"]))
    bad = len(reading.mistakes)
    if bad > BAD_SHARE * reading.rows:
        told = [*reading.mistakes[:10], *([f"... and {bad - 10} more"] if bad > 10 else [])]
        last = f"{path}: {bad} of {reading.rows} rows cannot be read: nothing was changed"
        raise InputError("\n".join([*told, last]))


# ------------------------------------------------------------------------------- the four forms


def _own(row: Row) -> tuple[str, Listed]:
    flag = row["military"].strip()
    if flag not in ("", "0", "1"):
        raise _Bad(f"military: found “{flag[:20]}”, expected 1, 0 or nothing")
    one = Listed(_registration(row["registration"]), _words(row["operator"]),
                 _type(row["type_code"]), {"1": True, "0": False}.get(flag))  # fmt: skip
    return _address(row["icao24"], "icao24"), one


def _plane_alert(row: Row) -> tuple[str, Listed]:
    one = Listed(_registration(row["$Registration"]), _words(row.get("$Operator", "")),
                 _type(row["$ICAO Type"]), row.get("#CMPG") == "Mil")  # fmt: skip
    return _address(row["$ICAO"], "$ICAO"), one


def _opensky(row: Row) -> tuple[str, Listed]:
    operator = _words(row.get("operator", "")) or _words(row.get("owner", ""))
    one = Listed(_registration(row.get("registration", "")), operator,
                 _type(row.get("typecode", "")))  # fmt: skip
    return _address(row["icao24"], "icao24"), one


def _tar1090(row: Row) -> tuple[str, Listed]:
    flags = row["flags"].strip()
    if not re.fullmatch("[01]*", flags):
        raise _Bad(f"flags (4th field): found “{flags[:20]}”, expected digits 0 and 1")
    one = Listed(_registration(row["registration"]), None, _type(row["type"]),
                 True if flags.startswith("1") else None)  # fmt: skip
    return _address(row["icao24"], "address (1st field)"), one


_READERS: dict[str, Callable[[Row], tuple[str, Listed]]] = {
    "airbridge": _own, "plane-alert-db": _plane_alert, "OpenSky": _opensky, "tar1090-db": _tar1090,
}  # fmt: skip


def _address(text: str, name: str) -> str:
    address = text.strip().lower()
    if not _ADDRESS.fullmatch(address):
        raise _Bad(f"{name}: found “{text[:20]}”, expected six hex digits")
    return address


def _words(text: str) -> str | None:
    return " ".join(text.split())[:_MOST_TEXT] or None


def _registration(text: str) -> str | None:
    return _words(text.upper())


def _type(text: str) -> str | None:
    """A designator, or unknown: volunteers write names and question marks there, too."""
    code = text.strip().upper()
    return code if _TYPE.fullmatch(code) else None
