"""Telegram by python-telegram-bot: one message to one chat, and what its refusals mean.

`send` is called from a courier thread; the coroutine runs on the event loop that owns the bot.
Delivery is at least once. A message of several parts that fails midway goes on, in this process,
with the part that failed; after a crash it starts again from the first. After a lost answer
(timeout, reset) nobody can know whether that part arrived: it is sent again.
The token appears in no log, error text, traceback or repr.
"""

import asyncio
import logging
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from telegram import Bot, InputMediaPhoto, LinkPreviewOptions, ReplyParameters
from telegram import error as tg
from telegram.constants import ParseMode

from bot.channels import spell
from bot.channels.base import redact
from bot.channels.refusals import Refusal
from bot.channels.telegram_bot import CLOSE_S, close_bot, loop_thread, new_bot
from bot.channels.telegram_errors import (
    NONSENSE,
    QUOTED,
    STOPPED_RETRY_S,
    discreet,
    refused,
    senseless,
    translate,
)
from bot.errors import ChannelError, Stopped, TryLater, Undeliverable
from bot.model.alert import Message, Receipt
from bot.model.watch import Address

log = logging.getLogger(__name__)
T = TypeVar("T")

WAIT_S = 90.0  # for one part: longer than the bot's own connect, upload and read times together
UNFINISHED_KEPT = 50  # half-sent messages remembered, pictures included


class TelegramChannel:
    """A bot's way to its chats. `bot` must be used on `loop` only, which runs elsewhere."""

    name = "telegram"

    def __init__(
        self, bot: Bot, loop: asyncio.AbstractEventLoop, *, wait_s: float = WAIT_S
    ) -> None:
        self._bot, self._loop, self._wait_s = bot, loop, wait_s
        self._stopped = ""
        self._closed = False
        self._unfinished: dict[tuple[str, int], _Job] = {}
        self._waiting: set[Future[Any]] = set()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"TelegramChannel({'stopped' if self._stopped else 'running'})"

    def send(self, message: Message, address: Address, *, reply_to: str | None = None) -> Receipt:
        """See `base.Channel`. After a 401 every call raises Stopped without asking the server."""
        if self._stopped:
            raise Stopped(self._stopped, STOPPED_RETRY_S)
        key = (address.key(), hash(replace(message, silent=False)))
        with self._lock:
            job = self._unfinished.pop(key, None) or _start(message, address, reply_to)
        job.silent = message.silent
        try:
            while job.todo:
                self._deliver(job)
        except TryLater:
            self._remember(key, job)
            raise
        return Receipt(job.first_id, "; ".join(job.notes))

    def close(self) -> None:
        """Interrupt whoever waits for an answer (they get TryLater), and take nothing more."""
        self._closed = True
        with self._lock:
            waiting = list(self._waiting)
        for future in waiting:
            future.cancel()

    def _remember(self, key: tuple[str, int], job: "_Job") -> None:
        with self._lock:
            self._unfinished[key] = job
            while len(self._unfinished) > UNFINISHED_KEPT:
                del self._unfinished[next(iter(self._unfinished))]

    def _deliver(self, job: "_Job") -> None:
        """Send the first part that is left, or mend it for the next turn."""
        try:
            sent = self._call(_send(self._bot, job.todo[0], job))
        except tg.TelegramError as error:
            refusal = refused(error)
            if refusal is not Refusal.SAME:
                if refusal and _mend(job, refusal, str(error)):
                    return
                raise self._translated(error) from discreet(error)
            sent = str(job.reply_to or "")
        job.todo.pop(0)
        job.first_id = job.first_id or sent
        job.reply_to = int(job.first_id) if job.first_id else None

    def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run on the bot's loop and wait. TryLater when it does not answer, or not sensibly."""
        if self._closed or self._loop.is_closed():
            coroutine.close()
            raise TryLater("Telegram: the channel is closing")
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        with self._lock:
            self._waiting.add(future)
        try:
            return future.result(self._wait_s)
        except FutureTimeout as error:
            future.cancel()
            text = f"Telegram: no answer in {self._wait_s:.0f} s, outcome unknown"
            raise TryLater(text) from error
        except CancelledError as error:
            raise TryLater("Telegram: interrupted, outcome unknown") from error
        except NONSENSE as error:
            raise senseless(error) from discreet(error)
        finally:
            with self._lock:
                self._waiting.discard(future)

    def _translated(self, error: tg.TelegramError) -> ChannelError:
        told = translate(error)
        if isinstance(told, Stopped):
            self._stopped = str(told)
        return told


@contextmanager
def connected(token: str, api: str = "") -> Iterator[TelegramChannel]:
    """A channel with its own loop and bot, closed at the end."""
    with loop_thread() as loop:
        bot = new_bot(token, api)
        channel = TelegramChannel(bot, loop)
        try:
            yield channel
        finally:
            channel.close()
            with suppress(FutureTimeout):
                asyncio.run_coroutine_threadsafe(close_bot(bot), loop).result(CLOSE_S)


# ------------------------------------------------------------------------------ one message


@dataclass(slots=True)
class _Job:
    """One message on its way: the parts to go, and what had to be given up."""

    todo: list[spell.Piece]
    chat: int | str
    topic: int | None
    reply_to: int | None
    silent: bool = False
    first_id: str = ""
    plain: bool = False
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def _start(message: Message, address: Address, reply_to: str | None) -> _Job:
    chat, _, topic = address.to.partition("/")
    try:
        return _Job(
            list(spell.pieces(message)),
            chat if chat.startswith("@") else int(chat),
            int(topic) if topic else None,
            int(reply_to) if reply_to else None,
        )
    except ValueError as error:
        text = f"Telegram: {address.to!r} is no chat: a number or @name, and /TOPIC if any"
        raise Undeliverable(text, chat_dead=True) from error


async def _send(bot: Bot, piece: spell.Piece, job: _Job) -> str:
    """One request; the id of the (first) message that it made."""
    mode = None if job.plain else ParseMode.HTML
    text = piece.plain() if job.plain else piece.html()
    common: dict[str, Any] = {
        "chat_id": job.chat,
        "message_thread_id": job.topic,
        # the second part of one message must not ring again
        "disable_notification": job.silent or bool(job.first_id),
        "reply_parameters": job.reply_to
        and ReplyParameters(job.reply_to, allow_sending_without_reply=True),
    }
    if not piece.pictures:
        quiet = LinkPreviewOptions(is_disabled=True)
        sent = await bot.send_message(
            text=text, parse_mode=mode, link_preview_options=quiet, **common
        )
        return str(sent.message_id)
    first, *more = piece.pictures
    if not more:
        sent = await bot.send_photo(
            photo=first.png, filename=first.name, caption=text, parse_mode=mode, **common
        )
        return str(sent.message_id)
    album = [InputMediaPhoto(first.png, caption=text, parse_mode=mode, filename=first.name)]
    album += [InputMediaPhoto(picture.png, filename=picture.name) for picture in more]
    return str((await bot.send_media_group(media=album, **common))[0].message_id)


def _mend(job: _Job, refusal: Refusal, text: str) -> bool:
    """Give up what was refused, so that the words arrive. False: nothing is left to give up.
    Each mending removes something for good, so this ends."""
    piece = job.todo[0]
    match refusal:
        case Refusal.THREAD if job.topic is not None:
            job.topic = None
            job.note("topic gone: sent to the main thread")
        case Refusal.REPLY if job.reply_to is not None:
            job.reply_to = None
            job.note("first message gone: not sent as a reply")
        case Refusal.LONG if shorter := piece.shorter():
            job.todo[:1] = shorter
            job.note("shortened: the server held it too long")
        case Refusal.PICTURE | Refusal.OTHER if piece.pictures:
            job.todo[0] = piece.bare()
            job.note(f"sent without pictures: {redact(text)[:QUOTED]}")
        case Refusal.MARKUP | Refusal.OTHER if not job.plain:
            log.warning("markup refused error=%r markup=%r", redact(text), piece.html())
            job.plain = True
            job.note("sent as plain text")
        case _:
            return False
    return True
