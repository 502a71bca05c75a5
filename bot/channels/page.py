"""One self-contained HTML file that shows every message as its receiver sees it on a phone.

The bubbles hold exactly the pieces that Telegram would get (`spell.pieces`): same cuts, same
order, same words. Pictures are inside the file. Promises: no script, no address but the links in
the messages; every value is escaped. Refuses: to guess times, they are given or read off a clock.
"""

import base64
import os
import struct
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from html import escape
from pathlib import Path

from bot.channels import spell
from bot.channels.page_style import STYLE
from bot.model.alert import Message, Picture, Receipt
from bot.model.watch import Address

PNG_SIZE = struct.Struct(">II")  # width and height stand at byte 16 of every PNG (RFC 2083)
WIDE = 1.2  # Telegram puts two pictures wider than this one above the other
QUOTE_UNITS = 90  # of the message replied to: about one line
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class _Bubble:
    """One piece in the chat."""

    id: str
    at: datetime
    piece: spell.Piece
    quoted: str = ""  # the first line of what it replies to


@dataclass(slots=True)
class _Part:
    heading: str
    text: str
    bubbles: list[_Bubble] = field(default_factory=list)


class Page:
    """Collects messages and writes the page; also a channel, given a clock.

    `tz` is the receiver's; `sender` the name on the bubbles.
    """

    name = "page"

    def __init__(
        self,
        title: str,
        intro: str = "",
        *,
        sender: str = "Airbridge",
        tz: tzinfo = UTC,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._title, self._intro, self._sender = title, intro, sender
        self._tz, self._clock = tz, clock
        self._parts: list[_Part] = []
        self._first_lines: dict[str, str] = {}

    def part(self, heading: str, text: str = "") -> None:
        """What follows belongs under this heading; blank lines in `text` part paragraphs."""
        self._parts.append(_Part(heading, text))

    def add(self, message: Message, at: datetime, *, reply_to: str | None = None) -> str:
        """Show a message received at `at` (aware); returns its id on the page."""
        if not self._parts:
            self._parts.append(_Part("", ""))
        first = str(len(self._first_lines) + 1)
        for piece in spell.pieces(message):
            quoted = self._first_lines.get(reply_to or "", "")
            self._parts[-1].bubbles.append(_Bubble(first, at, piece, quoted))
            self._first_lines.setdefault(first, _quote(message))
            reply_to = first
        return first

    def send(
        self,
        message: Message,
        address: Address,  # noqa: ARG002 - there is one page
        *,
        reply_to: str | None = None,
    ) -> Receipt:
        """See `base.Channel`; never fails."""
        return Receipt(self.add(message, self._clock(), reply_to=reply_to))

    def html(self) -> str:
        """The whole page."""
        parts = "\n".join(self._part_html(part) for part in self._parts)
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f"<title>{_text(self._title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
            f"<header>\n<h1>{_text(self._title)}</h1>\n{_paragraphs(self._intro)}</header>\n"
            f"<main>\n{parts}\n</main>\n</body>\n</html>\n"
        )

    def write(self, path: Path) -> None:
        """Put the page there at once: a reader sees the old file or the new one, never half."""
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(self.html())
        Path(name).chmod(0o644)
        Path(name).replace(path)

    def _part_html(self, part: _Part) -> str:
        heading = f"<h2>{_text(part.heading)}</h2>\n" if part.heading else ""
        rows: list[str] = []
        day: date | None = None
        for bubble in part.bubbles:
            at = bubble.at.astimezone(self._tz)
            if at.date() != day:
                day = at.date()
                rows.append(f'<p class="day"><time datetime="{day}">{at:%-d %B %Y}</time></p>')
            rows.append(self._bubble_html(bubble, at))
        chat = '<div class="chat">\n' + "\n".join(rows) + "\n</div>\n" if rows else ""
        return f"<section>\n{heading}{_paragraphs(part.text)}{chat}</section>"

    def _bubble_html(self, bubble: _Bubble, at: datetime) -> str:
        sender = _text(self._sender)
        quote = ""
        if bubble.quoted:
            quote = f"<blockquote><b>{sender}</b><span>{_text(bubble.quoted)}</span></blockquote>"
        pictures = _album(bubble.piece.pictures)
        kind = "bubble photo" if pictures else "bubble"
        return (
            f'<article class="{kind}">\n<p class="sender">{sender}</p>{quote}{pictures}'
            f'<div class="text">{bubble.piece.html()}'
            f'<time datetime="{at.isoformat()}">{at:%H:%M}</time></div>\n</article>'
        )


def _text(text: str) -> str:
    return escape(spell.clean(text))


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_text(p.strip())}</p>\n" for p in text.split("\n\n") if p.strip())


def _quote(message: Message) -> str:
    title = spell.clean(message.title)
    return title if spell.units(title) <= QUOTE_UNITS else title[: QUOTE_UNITS - 1].rstrip() + "…"


def _album(pictures: Sequence[Picture]) -> str:
    """Edge to edge above the caption; two wide ones stacked, narrow ones side by side."""
    if not pictures:
        return ""
    sizes = [_size(picture) for picture in pictures]
    wide = all(width / height > WIDE for width, height in sizes)
    images = "".join(
        f'<img src="data:image/png;base64,{base64.b64encode(picture.png).decode()}" '
        f'alt="{_text(picture.alt)}" width="{width}" height="{height}">'
        for picture, (width, height) in zip(pictures, sizes, strict=True)
    )
    return f'<div class="album {"tall" if wide else "row"}">{images}</div>'


def _size(picture: Picture) -> tuple[int, int]:
    """Width and height in pixels; (1, 1) when these bytes are no PNG."""
    if len(picture.png) < 24 or picture.png[12:16] != b"IHDR":
        return 1, 1
    width, height = PNG_SIZE.unpack_from(picture.png, 16)
    return max(1, width), max(1, height)
