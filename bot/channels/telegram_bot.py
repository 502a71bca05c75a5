"""A python-telegram-bot `Bot` that is patient and discreet, and an event loop to run it on.

The library would tell its token, which is part of every address, to the log: hushed here, and
cleaned once more by `base.RedactTokens` on the program's log handlers.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from telegram import Bot
from telegram.request import HTTPXRequest

# Read whenever a RetryAfter is made: without it the library warns and hands out bare integers.
os.environ.setdefault("PTB_TIMEDELTA", "1")

API = "https://api.telegram.org"
CONNECT_S, READ_S, UPLOAD_S = 10.0, 30.0, 40.0  # the library's 5 s doubles alerts on a slow day
CLOSE_S = 5.0  # for open connections to say goodbye
HUSHED = {
    "httpx": logging.WARNING,  # these two log each address, token included, at INFO and DEBUG
    "httpcore": logging.WARNING,
    "telegram": logging.INFO,  # the bot's own address at DEBUG
    "telegram.request": logging.CRITICAL,  # quotes what a server answers; our errors do it better
}


def new_bot(token: str, api: str = "") -> Bot:
    """A bot with patient timeouts. `api`: another Bot API server's address ('' = Telegram's)."""
    for name, level in HUSHED.items():
        logging.getLogger(name).setLevel(level)
    request = HTTPXRequest(
        connection_pool_size=8, connect_timeout=CONNECT_S, read_timeout=READ_S,
        write_timeout=READ_S, pool_timeout=READ_S, media_write_timeout=UPLOAD_S,
    )  # fmt: skip
    base = f"{(api or API).rstrip('/')}/bot"
    return Bot(token, base, request=request, get_updates_request=request)


async def close_bot(bot: Bot) -> None:
    """Close its connections, on the loop that used them."""
    for request in {*bot._request}:  # `Bot.shutdown` does nothing before a getMe has succeeded
        await request.shutdown()


@contextmanager
def loop_thread() -> Iterator[asyncio.AbstractEventLoop]:
    """A running event loop in a thread of its own; its tasks are cancelled at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="telegram-loop", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(_cancel_tasks(), loop).result(CLOSE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(CLOSE_S)
        loop.close()


async def _cancel_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
