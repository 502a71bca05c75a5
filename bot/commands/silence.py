"""`airbridge silence WATCH --for 7d`: state changes go on, nobody is told."""

import argparse
import getpass
import os

from bot.commands import common
from bot.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("watch", nargs="?", help="a watch, a part of its name, or '*' for all")
    parser.add_argument("--for", dest="span", type=common.duration, metavar="7d",
                        help="how long: 12h, 7d, 2w")  # fmt: skip
    parser.add_argument("--why", default="", help="a word for those who ask later")
    parser.add_argument("--end", type=int, metavar="N", help="end silence N now")
    common.add_format(parser)


def run(args: argparse.Namespace) -> int:
    from bot.app import clock

    if bool(args.watch) != bool(args.span):
        raise InputError("a silence is for a watch and a time: airbridge silence WATCH --for 7d")
    now = clock()
    with common.opened(args) as (settings, store):
        with store.begin() as tx:
            if args.end is not None and not store.end_silence(tx, args.end, now):
                print(f"no silence {args.end} is in force")
                return 1
            if args.watch:
                names = [watch.name for watch in settings.watches]
                name = "*" if args.watch == "*" else common.pick(names, args.watch)
                store.add_silence(tx, name, now + args.span, _who(), args.why, now)
        found = store.silences(now)
    if args.format == "json":
        print(common.as_json(found))
    elif not found:
        print("no silence is in force")
    else:
        rows = [(s.id, s.watch, s.until, s.by, s.why) for s in found]
        print(common.table(("no", "watch", "until (UTC)", "by", "why"), rows))
    return 0


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as containers have
        return f"user {os.getuid()}"
