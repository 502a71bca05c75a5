"""What python-telegram-bot's errors mean for the outbox; every class it exports has its line.

Texts are redacted and cut; the cause is kept unless its traceback would tell the token.
"""

import traceback
from collections.abc import Callable
from typing import Any

from telegram import error as tg

from bot.channels.base import redact
from bot.channels.refusals import Refusal, read
from bot.errors import ChannelError, Moved, Stopped, TryLater, Undeliverable

STOPPED_RETRY_S = 600.0  # asking a stopped channel costs nothing; a restart clears it
QUOTED = 300  # characters of a foreign error text


def refused(error: tg.TelegramError) -> Refusal | None:
    """What the server objected to; None when it was not the content or the address.

    413 is no BadRequest for the library, but means that the picture is too big.
    """
    if isinstance(error, tg.BadRequest):
        return read(str(error))
    big = isinstance(error, tg.NetworkError) and "request entity too large" in str(error).lower()
    return Refusal.PICTURE if big else None


def _bad_request(error: Any, text: str) -> ChannelError:
    refusal = read(str(error))
    if refusal is Refusal.GARBLED:
        return TryLater(text)
    return Undeliverable(text, chat_dead=refusal is Refusal.DEAD)


def _stopped(_: Any, text: str) -> ChannelError:
    advice = "put the token that BotFather shows into its place and restart"
    return Stopped(f"{text}: the bot's token is not accepted; {advice}", STOPPED_RETRY_S)


MEANS: dict[type[tg.TelegramError], Callable[[Any, str], ChannelError]] = {
    # not a NetworkError; one second more, for two clocks are never the same
    tg.RetryAfter: lambda e, text: TryLater(text, e.retry_after.total_seconds() + 1),
    tg.ChatMigrated: lambda e, text: Moved(text, str(e.new_chat_id)),
    tg.InvalidToken: _stopped,
    tg.EndPointNotFound: _stopped,  # 404: a malformed token, or a server that is not Telegram's
    tg.Forbidden: lambda _, text: Undeliverable(text, chat_dead=True),
    tg.BadRequest: _bad_request,  # a NetworkError for the library, and not to be retried
    tg.TimedOut: lambda _, text: TryLater(f"{text}, outcome unknown"),
    tg.NetworkError: lambda _, text: TryLater(text),
    tg.Conflict: lambda _, text: TryLater(text),  # of getUpdates only
    tg.PassportDecryptionError: lambda _, text: Undeliverable(text),  # never asked for
    tg.TelegramError: lambda _, text: TryLater(text),  # unknown outcome
}


def translate(error: tg.TelegramError) -> ChannelError:
    """What the outbox should do about it; the text is fit for a human and holds no token."""
    means = next(MEANS[kind] for kind in type(error).__mro__ if kind in MEANS)
    return means(error, f"Telegram: {redact(str(error))[:QUOTED]}")


NONSENSE = (KeyError, TypeError, ValueError, AttributeError)
"""What the library raises on a 200 whose body is not what the API promises."""


def senseless(error: Exception) -> TryLater:
    """One of NONSENSE as the outbox needs it: the outcome is unknown."""
    return TryLater(f"Telegram: an answer that makes no sense ({type(error).__name__})")


def discreet(error: Exception) -> Exception | None:
    """The error as a cause, unless its traceback would tell the token."""
    told = "".join(traceback.format_exception(error))
    return error if redact(told) == told else None
