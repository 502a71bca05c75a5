"""`aircraft:` to AircraftClass: the union of its keys, `only:` narrows, `except:` removes."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from bot.aircraft import known_types, states_of_marks
from bot.config.mistakes import Wrong, near, shown
from bot.config.scalars import Reader, glob, hex_address, switch, word
from bot.config.table import Spot, Table
from bot.model.air import Icao24
from bot.model.watch import AircraftClass

T = TypeVar("T")
UNION = ("types", "hex", "registrations", "callsigns", "military", "file")
KEYS = (*UNION, "only", "except")
FILE_BYTES_MAX = 20_000_000  # every military aircraft of the world is 1.4 MB
FILE_MISTAKES_MAX = 10  # of one list; the rest is counted
_HEX_COLUMNS = {"$icao", "icao", "icao24", "hex"}


def read_classes(value: Spot, folder: Path) -> dict[str, AircraftClass]:
    """Every class by name. One that is wrong is still there (empty), so that a watch naming it
    is not blamed for it."""
    found: dict[str, AircraftClass] = {}
    for name, spot in value.named():
        try:
            word(name)
        except Wrong as exc:
            spot.wrong(str(exc))
        found[name] = _class(name, spot, folder) or AircraftClass(name)
    return found


def _class(name: str, spot: Spot, folder: Path) -> AircraftClass | None:
    table = spot.table(KEYS)
    if table is None:
        return None
    if not any(table.has(key) for key in UNION) and not table.misspelt(*UNION):
        spot.wrong(f"found no aircraft, expected at least one of: {', '.join(UNION)}")
    only, removed = table.spot("only"), table.spot("except")
    registrations = _list(table, "registrations", glob)
    return AircraftClass(
        name=name,
        types=frozenset(_list(table, "types", _designator(table))),
        hexes=frozenset(Icao24(h) for h in (*_list(table, "hex", hex_address),
                                            *_listed(table, folder))),
        registrations=registrations,
        registration_states=states_of_marks(registrations),
        callsigns=_list(table, "callsigns", glob),
        military=table.get("military", switch, False),
        only=_class(f"{name} only", only, folder) if only else None,
        excluded=_class(f"{name} except", removed, folder) if removed else None,
    )  # fmt: skip


def _list(table: Table, key: str, reader: Reader[T]) -> tuple[T, ...]:
    spot = table.spot(key)
    return spot.values(reader) if spot else ()


def _designator(table: Table) -> Reader[str]:
    """A type designator; one that no list knows is only warned about: new ones appear."""

    def read(text: str) -> str:
        code = text.upper()
        guess = near(re.sub("[^A-Z0-9]", "", code)[:4], known_types())
        if not re.fullmatch(r"[A-Z0-9]{2,4}", code, re.ASCII):
            raise Wrong(
                f"found {shown(text)}, expected an ICAO type designator such as IL76{guess}"
            )
        if code not in known_types():
            table.mistakes.warn(f"{table.field}.types: no list knows the type {code}{guess}")
        return code

    return read


def _listed(table: Table, folder: Path) -> tuple[str, ...]:
    """The addresses of `file:`, a CSV with a column $ICAO (or hex, icao24) or one hex a line."""
    spot = table.spot("file")
    name = spot.text() if spot else None
    if spot is None or not name:
        return ()
    path = folder / name
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise Wrong(f"{shown(name)} holds more than {FILE_BYTES_MAX:,} bytes, expected a list")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        spot.wrong(f"{shown(name)} is not UTF-8 text, expected a CSV or one address a line")
        return ()
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or str(exc)
        spot.wrong(
            str(exc) if isinstance(exc, Wrong) else f"{shown(name)} cannot be read: {reason}"
        )
        return ()
    return _addresses(text, path, spot)


def _addresses(text: str, path: Path, spot: Spot) -> tuple[str, ...]:
    found: list[str] = []
    wrong: list[tuple[int, str]] = []
    try:
        for line, cell in _cells(text):
            try:
                found.append(hex_address(cell))
            except Wrong as exc:
                wrong.append((line, str(exc)))
    except csv.Error as exc:
        wrong.append((1, f"not a CSV: {exc}"))
    for line, reason in wrong[:FILE_MISTAKES_MAX]:
        spot.mistakes.add_elsewhere(spot.node.line, path, line, reason)
    if len(wrong) > FILE_MISTAKES_MAX:
        spot.wrong(f"{len(wrong) - FILE_MISTAKES_MAX} more lines of {path.name} are wrong")
    if not found and not wrong:
        spot.wrong(f"{path.name} holds no address, expected one a line or a column $ICAO")
    return tuple(found)


def _cells(text: str) -> Iterator[tuple[int, str]]:
    """(line, address as typed) of every row that is no comment, heading or blank."""
    reader = csv.reader(io.StringIO(text), skipinitialspace=True)
    column = 0
    for row in reader:
        cells = [cell.strip() for cell in row]
        names = [cell.lower() for cell in cells]
        heading = _HEX_COLUMNS.intersection(names)
        if heading:
            column = names.index(heading.pop())
        elif any(cells) and not cells[0].startswith("#"):
            cell = cells[column] if column < len(cells) else ""
            yield reader.line_num, cell.split("#", 1)[0].strip()
