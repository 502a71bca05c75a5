"""`airbridge legs`: legs from recordings, or the stored ones."""

import argparse
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bot.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.legs import backfill
    from bot.model.air import Leg

NAMED = 5  # warnings told in full; a folder may hold thousands of files that are no recordings
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(9999, 1, 1, tzinfo=UTC)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Legs from recordings: readsb trace files, folders of them, tars of a day, SBS logs, "
        "OpenSky state vectors (CSV, parquet), folders of snapshots. Without PATH: the stored legs."
    )
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH")
    parser.add_argument("--airports", type=Path, metavar="FILE",
                        help="an airports.csv in the shape of OurAirports")  # fmt: skip
    parser.add_argument("--since", type=_time, default=EPOCH, help="legs that began then or later")
    parser.add_argument("--until", type=_time, default=END, help="legs that began before")
    parser.add_argument("--start", type=_time, help="time of the first line of a log without times")
    parser.add_argument("--jobs", type=_count, default=1, metavar="N", help="processes (default 1)")
    parser.add_argument("--min-confidence", type=_share, metavar="P",
                        help="name the likeliest airfield of an end from this confidence on; "
                        "without it, from where it is clearly likelier than all others "
                        "together")  # fmt: skip
    parser.add_argument("--format", choices=("csv", "jsonl", "parquet"),
                        help="default: by the ending of FILE, else csv")  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="instead of the terminal")


def run(args: argparse.Namespace) -> int:
    if args.since >= args.until:
        raise InputError("--since is not before --until: no leg could be between")
    if args.format is None:
        ending = args.output.suffix.removeprefix(".") if args.output else ""
        args.format = ending if ending in ("jsonl", "parquet") else "csv"
    return _recorded(args) if args.paths else _stored(args)


def _opened(args: argparse.Namespace) -> "IO[str] | nullcontext[IO[str]]":
    if args.output is None or args.format == "parquet":
        return nullcontext(sys.stdout)
    try:
        return args.output.open("w", encoding="utf-8", newline="")  # type: ignore[no-any-return]
    except OSError as exc:
        raise InputError(f"{args.output}: cannot be written: {exc.strerror or exc}") from exc


def _stored(args: argparse.Namespace) -> int:
    from bot.commands import common
    from bot.legs.rows import rows, writer

    # nothing is written, nor an older file cleared, before there is something to write
    with common.opened(args) as (_, store), _opened(args) as stream:
        out = writer(args.format, args.output, stream)
        out.write(rows(store.legs(args.since, args.until), args.min_confidence))
        out.close()
    return 0


def _recorded(args: argparse.Namespace) -> int:
    from itertools import chain, islice

    from bot.legs import backfill
    from bot.legs.readers import Recording

    task = backfill.Task(tuple(args.paths), args.airports, args.start, args.jobs)
    bar = _bar(Recording.open(task.paths, task.start).size)
    items = backfill.run(task)
    first = list(islice(items, 1))  # what is wrong is told before the output is touched
    try:
        with _opened(args) as stream:
            return _written(args, chain(first, items), bar, stream)
    except BrokenPipeError:
        raise
    except OSError as exc:
        where = args.output or "the output"
        raise InputError(f"{where}: cannot be written: {exc.strerror or exc}") from exc


def _written(args: argparse.Namespace, items: "Iterator[backfill.Item]",
             bar: "Callable[[int], None]", stream: "IO[str]") -> int:  # fmt: skip
    from bot.legs import backfill
    from bot.legs.readers import Noted, Skipped
    from bot.legs.rows import rows, writer

    out = writer(args.format, args.output, stream)
    read = skipped = warned = 0
    for item in items:
        if isinstance(item, Skipped):
            skipped += 1
            print(f"skipped {item.why}", file=sys.stderr)
        elif isinstance(item, Noted):
            warned += 1
            if warned <= NAMED:
                print(f"warning: {item.why}", file=sys.stderr)
        elif isinstance(item, backfill.Progress):
            read += item.size
            bar(read)
        else:
            out.write(rows(_within(item, args), args.min_confidence))
    out.close()
    if warned > NAMED:
        print(f"and {warned - NAMED} more warnings like these", file=sys.stderr)
    if skipped:
        print(f"{skipped} file{'s' * (skipped > 1)} could not be read", file=sys.stderr)
    elif not read:
        print("no recording of an aircraft was found", file=sys.stderr)
    return 1 if skipped or not read else 0


def _within(legs: "list[Leg]", args: argparse.Namespace) -> "list[Leg]":
    return [g for g in legs if args.since <= (g.takeoff or g.first_seen) < args.until]


def _bar(total: int) -> "Callable[[int], None]":
    """A progress bar on a terminal; silence elsewhere."""
    if not sys.stderr.isatty() or not total:
        return lambda _: None

    def show(read: int) -> None:
        share = min(read / total, 1)
        end = "\n" if share >= 1 else ""
        print(f"\r[{'#' * int(share * 40):40}] {share:4.0%}", end=end, file=sys.stderr, flush=True)

    return show


def _time(text: str) -> datetime:
    try:
        told = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"found “{text}”, expected a time such as 2024-12-26 or 2024-12-26T08:00Z"
        ) from None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found “{text}”, expected a number of processes")
    return int(text)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"found “{text}”, expected a number from 0 to 1")
    return value
