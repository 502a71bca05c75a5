"""The seam that every channel fills, and what none of them may leak.

A channel spells one message for one address and returns the proof that it was taken, or raises
what the outbox should do: TryLater, Undeliverable or Moved. It decides nothing else.
"""

import logging
import re
from typing import Protocol

from bot.model.alert import Message, Receipt
from bot.model.watch import Address

# A bot token is NUMBER:SECRET (35 characters today); in addresses it follows '/bot'. Shorter
# secrets are caught too: hiding a clock time in an error text is cheaper than showing a token.
TOKEN = re.compile(r"(?<=/bot)\d+:[^/\s\"']+|(?<!\d)\d{5,}:[A-Za-z0-9_-]{16,}")
HIDDEN = "<token>"


class Channel(Protocol):
    """Somewhere that messages go."""

    name: str

    def send(self, message: Message, address: Address, *, reply_to: str | None = None) -> Receipt:
        """Deliver now, or raise TryLater, Undeliverable or Moved.

        `reply_to`: the `message_id` of this alert's first receipt at this address. At least
        once: after an unknown outcome (a lost answer, a crash) a message may arrive twice.
        """
        ...


def redact(text: str) -> str:
    """The text without bot tokens.

    >>> redact("POST https://api.telegram.org/bot12345:AAE-x/sendMessage failed")
    'POST https://api.telegram.org/bot<token>/sendMessage failed'
    """
    return TOKEN.sub(HIDDEN, text)


class RedactTokens(logging.Filter):
    """For a log handler: no record leaves it with a bot token, in message or traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true: a record is cleaned, never dropped."""
        text = record.getMessage()
        if redact(text) != text:
            record.msg, record.args = redact(text), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True
