"""What several verbs share: opening the data folder, tables, JSON, durations."""

import argparse
import dataclasses
import json
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.errors import InputError

if TYPE_CHECKING:
    from bot.app import Wiring
    from bot.config import Config
    from bot.store import Store

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
LONGEST = timedelta(days=3650)  # whoever means for ever takes the watch out
YEARS = range(1970, 2200)


@contextmanager
def opened(args: argparse.Namespace) -> Iterator[tuple["Config", "Store"]]:
    """The configuration and its store, closed afterwards."""
    from bot import app

    settings, _ = app.load_config(args.config)
    store = app.open_data(settings, app.clock(), thorough=False)
    try:
        yield settings, store
    finally:
        store.close()


@contextmanager
def wired(args: argparse.Namespace, *, thorough: bool = False) -> Iterator["Wiring"]:
    """The whole bot for one command, without a schedule. `thorough`: the database is read through
    for damage first, as when the service starts."""
    from bot import app

    settings, fields = app.load_config(args.config)
    store = app.open_data(settings, app.clock(), thorough=thorough)
    try:
        yield app.wire(settings, fields, store, app.clock())
    finally:
        store.close()


def add_format(parser: argparse.ArgumentParser) -> None:
    """`--format table|json`."""
    parser.add_argument("--format", choices=("table", "json"), default="table")


def as_json(value: Any) -> str:
    """Nouns as JSON: times ISO 8601, unknown null."""
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=2, allow_nan=False)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: known(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def known(value: Any) -> Any:
    """NaN and infinity are null: JSON has no word for unknown but null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Enum) else value


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Columns aligned by width, numbers to the right; '-' for unknown."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    right = [bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(len(header))]

    def line(texts: Sequence[str]) -> str:
        parts = (
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(texts, widths, right, strict=True)
        )
        return "  ".join(parts).rstrip()

    return "\n".join([line(header), line(["-" * width for width in widths]), *map(line, cells)])


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return str(value)


def duration(text: str) -> timedelta:
    """'7d', '90m', '2 weeks' -> timedelta.

    >>> duration("7d").days
    7
    """
    found = re.fullmatch(r"\s*(\d{1,7}(?:\.\d+)?)\s*([mhdw])[a-z]*\s*", text)
    span = timedelta(**{UNITS[found[2]]: float(found[1])}) if found else timedelta(0)
    if not timedelta(0) < span <= LONGEST:
        raise argparse.ArgumentTypeError(
            f"found “{text}”, expected a duration such as 7d or 12h, at most {LONGEST.days}d"
        )
    return span


def a_day(text: str) -> date:
    """'2024-12-26' -> date, for argparse."""
    with suppress(ValueError):
        day = date.fromisoformat(text)
        if day.year in YEARS:
            return day
    raise argparse.ArgumentTypeError(f"found “{text}”, expected a day YYYY-MM-DD")


def a_count(text: str) -> int:
    """'20' -> 20, for argparse: one or more."""
    if text.isdecimal() and 0 < int(text) < 1_000_000:
        return int(text)
    raise argparse.ArgumentTypeError(f"found “{text}”, expected a number of 1 or more")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What goes wrong with files inside is an InputError that names `path`, or the one meant."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as exc:
        raise InputError(
            f"{exc.filename or path}: cannot be written: {exc.strerror or exc}"
        ) from exc


def pick(names: Sequence[str], given: str) -> str:
    """The one watch meant by `given`: its name, or an unambiguous part of it.

    >>> pick(["Hmeimim to eastern Libya", "Russia to Hmeimim"], "libya")
    'Hmeimim to eastern Libya'
    """
    if given in names:
        return given
    near = [name for name in names if given.casefold() in name.casefold()]
    if len(near) == 1:
        return near[0]
    found = "several watches match" if near else "no watch matches"
    raise InputError(f"{found} “{given}”; there are: {'; '.join(near or names)}")
