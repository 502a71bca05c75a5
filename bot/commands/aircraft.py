"""`airbridge aircraft`: take a newer aircraft list, or tell what is known of an airframe."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.commands import common

if TYPE_CHECKING:
    from bot.aircraft import Listed, Reading, Registry
    from bot.model.air import Icao24

SHOWN = 10  # broken rows are named up to this many


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    update = actions.add_parser("update", help="take newer lists; the last one has the last word")
    update.add_argument(
        "files", type=Path, nargs="+", metavar="FILE",
        help="a CSV of plane-alert-db, tar1090-db or OpenSky's aircraft database, plain or gzip",
    )  # fmt: skip
    show = actions.add_parser("show", help="what is known of an airframe")
    show.add_argument("which", metavar="HEX|REG|CALLSIGN", help="154076, RA-82038, RFF8254")
    common.add_format(show)


def run(args: argparse.Namespace) -> int:
    return _update(args) if args.action == "update" else _show(args)


def _data_folder(path: Path) -> Path:
    """Where this bot keeps its data, without opening it."""
    from bot import airfields, config

    return config.load(path, airfields.load()).data


def _update(args: argparse.Namespace) -> int:
    """Read every file before anything is written; 1 when rows had to be left out."""
    from bot import aircraft

    folder = _data_folder(args.config)
    readings = [aircraft.read(path) for path in args.files]
    known: dict[str, Listed] = {}
    for path, reading in zip(args.files, readings, strict=True):
        for address, one in reading.known.items():
            known[address] = one.over(known.get(address))
        _say_mistakes(reading)
        print(f"{path}: {len(reading.known):,} aircraft ({reading.form})")
    target = folder / aircraft.LIST_FILE
    aircraft.write(known, target)
    print(f"{target}: {len(known):,} aircraft, used from the next start or reload (SIGHUP) on;")
    print("delete the file to go back to the shipped list. Each list keeps its own licence.")
    return 1 if any(reading.mistakes for reading in readings) else 0


def _say_mistakes(reading: "Reading") -> None:
    more = len(reading.mistakes) - SHOWN
    last = [f"... and {more} more rows left out"] if more > 0 else []
    for line in [*reading.mistakes[:SHOWN], *last]:
        print(line, file=sys.stderr)


def _show(args: argparse.Namespace) -> int:
    from bot import aircraft
    from bot.errors import InputError

    folder = _data_folder(args.config)
    registry = aircraft.Registry.load(folder)
    found = [_facts(registry, address) for address in registry.find(args.which)]
    operator = registry.airline(args.which.strip().upper())
    if not found and operator is None:
        raise InputError(f"“{args.which}” is no address, no listed registration, and no airline's "
                         "callsign")  # fmt: skip
    if args.format == "json":
        print(common.as_json({"aircraft": found, "callsign_of": operator}))
        return 0
    if found:
        print(common.table(("address", "registration", "type", "name", "operator", "state",
                            "military"), [tuple(row.values()) for row in found]))  # fmt: skip
    if operator is not None:
        print(f"callsigns like {args.which.strip().upper()} are those of {operator}")
    return 0


def _facts(registry: "Registry", address: "Icao24") -> dict[str, Any]:
    one = registry.resolve(address)
    military = {True: "yes", False: "no", None: None}[one.military]
    return {"icao24": one.icao24, "registration": one.registration, "type_code": one.type_code,
            "type_name": registry.type_name(one.type_code), "operator": one.operator,
            "country": one.country, "military": military}  # fmt: skip
