"""`airbridge replay FOLDER`: recorded snapshots through the whole line, on their own clock.

The bot's own data folder is not touched: what the replay counts goes to a folder of its own.
"""

import argparse
import dataclasses
import logging
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bot.commands import common
from bot.commands.run import set_up_log


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="snapshots: aircraft.json or v2, plain or gzip")
    parser.add_argument("--data", type=Path, metavar="FOLDER",
                        help="keep the replay's database there (default: nowhere)")  # fmt: skip
    parser.add_argument("--silent", action="store_true", help="print legs and verdicts only")


def run(args: argparse.Namespace) -> int:
    from bot import app
    from bot.channels.console import ConsoleChannel
    from bot.errors import InputError, Unavailable
    from bot.feeds import Recorded
    from bot.model.feed import FeedSettings
    from bot.model.watch import Address
    from bot.rehearsal import Rehearsal

    set_up_log(logging.WARNING)
    settings, fields = app.load_config(args.config)
    try:
        feed = Recorded(FeedSettings("replay", "recorded", folder=args.folder))
    except Unavailable as error:
        raise InputError(str(error)) from error
    start = datetime.fromtimestamp(feed.next_at or 0.0, UTC)
    to = () if args.silent else (Address("console"),)
    with tempfile.TemporaryDirectory() as scratch:
        settings = dataclasses.replace(
            settings, data=args.data or Path(scratch),
            audiences=dict.fromkeys(settings.audiences, to),
        )  # fmt: skip
        store = app.open_data(settings, start)
        try:
            channel = ConsoleChannel(clock=lambda: flight.now)
            flight = Rehearsal(settings, fields, store, {"console": channel}, start)
            bad = flight.fly(feed, lambda _: None)
            legs = store.legs()
            alerts = store.alerts(1000)
        finally:
            store.close()
    header = ("callsign", "address", "from", "to", "first seen (UTC)", "last seen (UTC)")
    rows = [
        (leg.callsign, leg.icao24, leg.origin.airfield or leg.origin.area,
         leg.destination.airfield or leg.destination.area, leg.first_seen, leg.last_seen)
        for leg in legs
    ]  # fmt: skip
    print(common.table(header, rows) if rows else "no legs")
    print(f"{len(legs)} legs, {len(alerts)} alerts, {bad} snapshots could not be read")
    return 1 if bad else 0
