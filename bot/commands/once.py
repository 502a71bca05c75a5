"""`airbridge once`: one round of every job, for cron and for trying a configuration."""

import argparse
import logging
import time

from bot.commands import common
from bot.commands.run import set_up_log


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
        for lane in wiring.lanes:
            lane.round(app.clock, _sleep, app.sink(wiring.sky, lane))
            wiring.sky.flush(app.clock())
            state = lane.state
            print(f"{state.feed}: {state.mood} {state.why}".rstrip())
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
    failed = any(lane.state.mood is not Mood.OK for lane in wiring.lanes)
    return 1 if failed or report.later or report.dead else 0


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False
