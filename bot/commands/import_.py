"""`airbridge import FILE`: history from a CSV, so that a new watch need not wait a year."""

import argparse
from pathlib import Path

from bot.commands import common


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="legs, or date,watch,count[,exposure]")
    parser.add_argument("--overwrite", action="store_true",
                        help="replace days that the bot itself observed")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    from bot import imports
    from bot.app import clock

    with common.wired(args, thorough=True) as wiring:
        history = imports.read(args.file, frozenset(wiring.desk.watches))
        done = wiring.desk.book.take_in(history, clock(), overwrite=args.overwrite)
    for name, (days, refused) in done.items():
        kept = f"; {refused} observed days kept (--overwrite replaces them)" if refused else ""
        print(f"{name}: {days} days of history{kept}")
    if history.legs:
        print(f"{len(history.legs)} legs stored")
    return 0
