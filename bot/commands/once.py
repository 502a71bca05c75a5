"""`airbridge once`: one round of every job, for cron and for trying a configuration."""

import argparse
import logging
import time
from typing import TYPE_CHECKING

from bot.commands import common
from bot.commands.run import set_up_log

if TYPE_CHECKING:
    from bot.app import Wiring


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--verbose", action="store_true", help="log every poll and message")


def run(args: argparse.Namespace) -> int:
    from bot import app, outbox
    from bot.channels.console import ConsoleChannel
    from bot.channels.telegram import connected
    from bot.channels.telegram_bot import API
    from bot.lane import Mood

    set_up_log(logging.DEBUG if args.verbose else logging.WARNING)
    settings, _ = app.load_config(args.config)
    with app.only_instance(settings), common.wired(args) as wiring:
        _look(wiring)
        wiring.assessor.assess(app.clock())
        channels = {"console": ConsoleChannel()}
        operators = settings.addresses(settings.operators)
        if settings.telegram is None:
            report = outbox.deliver_due(wiring.store, channels, app.clock, operators=operators)
        else:
            with connected(settings.telegram.token, settings.telegram.api or API) as telegram:
                report = outbox.deliver_due(
                    wiring.store, {**channels, "telegram": telegram}, app.clock,
                    operators=operators,
                )  # fmt: skip
    print(f"{report.sent} sent, {report.later} held for later, {report.dead} given up")
    moods = {lane.state.mood for lane in wiring.lanes}
    moods |= {night.state.mood for night in wiring.lookout.nights}
    failed = bool(moods - {Mood.OK, Mood.NEW})
    return 1 if failed or report.later or report.dead else 0


def _look(wiring: "Wiring") -> None:
    """One round of every lane, fallbacks where their primary failed, and the nightly passes."""
    from bot import app, lookout
    from bot.lane import Mood

    standby = wiring.lookout.standby
    answered: set[str] = set()
    for lane in sorted(wiring.lanes, key=lambda lane: len(standby.behind(lane.feed.name))):
        primary = next((name for name in standby.behind(lane.feed.name) if name in answered), "")
        if primary:
            print(f"{lane.feed.name}: rests, as {primary} answers")
            continue
        lane.round(app.clock, _sleep, lookout.sink(wiring.sky, lane))
        wiring.sky.flush(app.clock())
        print(f"{lane.feed.name}: {lane.state.mood} {lane.state.why}".rstrip())
        if lane.state.mood is Mood.OK:
            answered.add(lane.feed.name)
    for night in wiring.lookout.nights:
        asked = False
        while night.round(app.clock, _sleep):
            asked = True  # the flights, then the tracks of those that lack an end
        if asked:
            print(f"{night.state.feed}: {night.state.mood} {night.state.why}".rstrip())


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False
