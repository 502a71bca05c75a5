"""The console: a message as plain text, wrapped for a terminal, for journals and for by hand.

Promises: never fails on a character that the stream cannot write; styles and colours only where a
human looks on (a tty). Pictures are named with what they show.
"""

import os
import shutil
import sys
import textwrap
import threading
from collections.abc import Callable
from datetime import datetime
from typing import TextIO

from bot.channels import spell
from bot.errors import TryLater
from bot.model.alert import Line, Message, Receipt
from bot.model.watch import Address

MOST_WIDTH = 100  # longer lines tire the eye
BOLD, DIM, PLAIN = "\033[1m", "\033[2m", "\033[0m"


class ConsoleChannel:
    """Prints to `stream` (default: standard output). `clock`, when given, stamps each message;
    `width` in columns defaults to the terminal's."""

    name = "console"

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        width: int | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._stream, self._width, self._clock = stream, width, clock
        self._lock = threading.Lock()

    def send(
        self,
        message: Message,
        address: Address,  # noqa: ARG002 - there is one console
        *,
        reply_to: str | None = None,  # noqa: ARG002 - it has no threads
    ) -> Receipt:
        """See `base.Channel`; a stream that cannot be written is TryLater."""
        stream = self._stream or sys.stdout
        encoding = getattr(stream, "encoding", None) or "utf-8"
        try:
            text = self._spelt(message, stream)
            with self._lock:
                stream.write(text.encode(encoding, "replace").decode(encoding))
                stream.flush()
        except (OSError, ValueError) as error:  # a closed pipe, a full disk; a closed stream
            raise TryLater(f"console: {error}") from error
        return Receipt("console")

    def _spelt(self, message: Message, stream: TextIO) -> str:
        styled = stream.isatty() and "NO_COLOR" not in os.environ
        width = self._width or min(MOST_WIDTH, shutil.get_terminal_size().columns)
        at = f"{self._clock():%Y-%m-%d %H:%M %Z}  " if self._clock else ""
        rule = "─" * width
        blocks = [spell.head(message), *(spell.block(s) for s in message.sections)]
        body = "\n\n".join("\n".join(_wrapped(line, width) for line in b) for b in blocks if b)
        pictures = "".join(f"\n[{p.name}: {spell.clean(p.alt)}]" for p in message.pictures)
        if styled:
            rule = f"{DIM}{rule}{PLAIN}"
            body = body.replace(
                shown := _wrapped(spell.head(message)[-1], width), f"{BOLD}{shown}{PLAIN}", 1
            )
        return f"{rule}\n{at}{body}{pictures}\n\n"


def _wrapped(line: Line, width: int) -> str:
    """Continuation lines are indented; addresses are never broken."""
    rows = spell.line_plain(line).split("\n")
    return "\n".join(
        textwrap.fill(
            row, width, initial_indent="  " * (i > 0), subsequent_indent="    ",
            break_long_words=False, break_on_hyphens=False, drop_whitespace=True,
        )
        for i, row in enumerate(rows)
    )  # fmt: skip
