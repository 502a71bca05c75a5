"""`airbridge run`: the service."""

import argparse
import logging
import os
import sys
import threading


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--verbose", action="store_true", help="log every poll and message")


def run(args: argparse.Namespace) -> int:
    from bot import app, service

    set_up_log(logging.DEBUG if args.verbose else logging.INFO)
    settings, fields = app.load_config(args.config)
    with app.only_instance(settings):
        store = app.open_data(settings, app.clock())
        code = service.Service(args.config, settings, fields, store).run()
        store.close()
    if threading.active_count() > 1:
        # A request that hangs must not hold up a stop; everything is stored by now.
        logging.shutdown()
        sys.stdout.flush()
        os._exit(code)
    return code


def set_up_log(level: int) -> None:
    """Facts on stderr, one a line; no library may write a token there."""
    from bot.channels.base import RedactTokens

    handler = logging.StreamHandler()
    handler.addFilter(RedactTokens())
    under_systemd = "JOURNAL_STREAM" in os.environ  # the journal knows the time
    stamp = "" if under_systemd else "%(asctime)s "
    handler.setFormatter(logging.Formatter(stamp + "%(levelname)-7s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for library in ("httpx", "httpcore", "urllib3", "matplotlib", "PIL", "telegram"):
        logging.getLogger(library).setLevel(logging.WARNING)
    # a lane's tick while its round goes on is no news
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
