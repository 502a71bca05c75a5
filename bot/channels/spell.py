"""From a `Message` to pieces that fit a chat: what Telegram gets, and what the page shows of it.

Promises: every piece starts with the label; nothing is cut inside an element or a word; the least
important goes first; lengths are counted as Telegram counts them. Refuses: markup in values.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape

from bot.model.alert import Line, Message, Picture, Section, Span

# 4,096 and 1,024 UTF-16 units after entity parsing (Bot API); clients and server differ on long
# emoji-rich texts, hence a margin.
TEXT_UNITS = 4096 - 96
CAPTION_UNITS = 1024 - 24
LEAST_UNITS = 250  # a server that refuses even this much as too long means something else
TAGS = {"b": ("<b>", "</b>"), "i": ("<i>", "</i>"), "code": ("<code>", "</code>")}
UNFIT = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]"
)  # Unicode Cc but the newline, and Cs
WORD = re.compile(r"\s*\S+\s*$|\s*\S+")
ELLIPSIS = Span(" …")


def clean(text: str) -> str:
    """Text that any channel can carry: no lone surrogates (they cannot be UTF-8), no control
    characters (they drive terminals) but the newline, which is a line break.

    >>> clean("RA\\x1b[31m\\ud800\\r\\n82038").encode()
    b'RA\\xef\\xbf\\xbd[31m\\xef\\xbf\\xbd\\n82038'
    """
    text = text.replace("\r\n", "\n").replace("\t", " ")
    return UNFIT.sub("\ufffd", text)


def units(text: str) -> int:
    """UTF-16 code units, in which Telegram counts: most emoji are two.

    >>> units("a"), units("📈")
    (1, 2)
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def line_text(line: Line) -> str:
    """A line without styles and addresses: what counts against the limits."""
    return clean("".join(span.text for span in line))


def line_plain(line: Line) -> str:
    """A line for a reader without markup: a link's address follows its text."""
    return clean("".join(f"{s.text} {s.href}" if s.href else s.text for s in line))


def line_html(line: Line) -> str:
    """A line in the tags that Telegram allows."""
    return "".join(_span_html(span) for span in line)


def _span_html(span: Span) -> str:
    before, after = TAGS.get(span.style, ("", ""))
    html = f"{before}{escape(clean(span.text), quote=False)}{after}"
    return f'<a href="{escape(clean(span.href))}">{html}</a>' if span.href else html


def head(message: Message) -> tuple[Line, ...]:
    """The label, then the title."""
    title = (Span(message.title, "b"),)
    return (*_label(message), title) if message.title else _label(message)


def _label(message: Message) -> tuple[Line, ...]:
    return ((Span(message.label, "i"),),) if message.label else ()


def block(section: Section) -> tuple[Line, ...]:
    """A section's lines, its heading among them."""
    return ((Span(section.heading, "b"),), *section.lines) if section.heading else section.lines


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing to send: a text, or pictures with the text as their caption. It fits `room`."""

    head: tuple[Line, ...]
    sections: tuple[Section, ...] = ()
    pictures: tuple[Picture, ...] = ()
    room: int = TEXT_UNITS  # UTF-16 units

    def html(self) -> str:
        """For parse_mode HTML."""
        return _spelt(self.head, self.sections, line_html)

    def plain(self) -> str:
        """The same words without markup; addresses are written out where there is room."""
        text = _spelt(self.head, self.sections, line_plain)
        fits = units(text) <= self.room
        return text if fits else _spelt(self.head, self.sections, line_text)

    def shorter(self) -> "tuple[Piece, ...]":
        """What to send when the server holds this one too long; () when there is nothing left."""
        if self.pictures and self.sections:
            words = _piece(self.head[:-1], self.sections, TEXT_UNITS)
            return replace(self, sections=()), words
        room = min(self.room, units(_spelt(self.head, self.sections, line_text))) // 2
        if room < LEAST_UNITS:
            return ()
        return (replace(_piece(self.head, self.sections, room), pictures=self.pictures),)

    def bare(self) -> "Piece":
        """Without pictures."""
        return replace(self, pictures=(), room=TEXT_UNITS)


def pieces(message: Message) -> tuple[Piece, ...]:
    """What to send, in order; the second and later ones are replies to the first.

    Pictures carry as many leading sections as fit their caption whole; the rest follows as text.
    """
    title = head(message)
    if not message.pictures:
        return (_piece(title, message.sections, TEXT_UNITS),)
    title = _cut_head(title, CAPTION_UNITS)
    n = 0
    while n < len(message.sections) and _size(title, message.sections[: n + 1]) <= CAPTION_UNITS:
        n += 1
    photo = Piece(title, message.sections[:n], message.pictures, CAPTION_UNITS)
    rest = message.sections[n:]
    return (photo, _piece(_label(message), rest, TEXT_UNITS)) if rest else (photo,)


def _piece(title: tuple[Line, ...], sections: Sequence[Section], room: int) -> Piece:
    title = _cut_head(title, room)
    return Piece(title, _fit(title, sections, room), room=room)


def _spelt(
    title: tuple[Line, ...], sections: Sequence[Section], spell: Callable[[Line], str]
) -> str:
    blocks = [title, *map(block, sections)]
    return "\n\n".join("\n".join(map(spell, lines)) for lines in blocks if lines)


def _size(title: tuple[Line, ...], sections: Sequence[Section]) -> int:
    return units(_spelt(title, sections, line_text))


def _fit(title: tuple[Line, ...], sections: Sequence[Section], room: int) -> tuple[Section, ...]:
    """Shorten, then drop, from the least important end; essential sections last."""
    kept = dict(enumerate(sections))
    for i in sorted(kept, key=lambda i: (sections[i].essential, -i)):
        over = _size(title, list(kept.values())) - room
        if over <= 0:
            break
        cut = _cut(sections[i], _size((), [sections[i]]) - over)
        if cut is None:
            del kept[i]
        else:
            kept[i] = cut
    return tuple(kept.values())


def _cut(section: Section, room: int) -> Section | None:
    """As many whole lines as fit and a count of the rest; None when that says nothing."""
    more = _more(len(section.lines))
    left = room - units(section.heading) - 1 - units(line_text(more))
    kept: list[Line] = []
    for line in section.lines:
        left -= units(line_text(line)) + 1
        if left < 0:
            break
        kept.append(line)
    if kept:
        return replace(section, lines=(*kept, _more(len(section.lines) - len(kept))))
    if not (section.essential and section.lines):
        return None
    first = _cut_line(section.lines[0], room - units(section.heading) - 1)
    return replace(section, lines=(first,)) if first else None


def _more(n: int) -> Line:
    return (Span(f"… and {n:,} more lines" if n > 1 else "… and 1 more line", "i"),)


def _cut_head(title: tuple[Line, ...], room: int) -> tuple[Line, ...]:
    """Each line of the head gets an equal share at most."""
    share = room // max(1, len(title)) - 1
    cut = (_cut_line(line, share) if units(line_text(line)) > share else line for line in title)
    return tuple(line for line in cut if line)


def _cut_line(line: Line, room: int) -> Line:
    """Whole words, then an ellipsis; () when not even one word fits."""
    room -= units(ELLIPSIS.text)
    kept: list[Span] = []
    for span in line:
        text = clean(span.text)
        words = WORD.findall(text)
        fitting = 0
        while fitting < len(words) and units("".join(words[: fitting + 1])) <= room:
            fitting += 1
        if fitting:
            shown = "".join(words[:fitting])
            kept.append(replace(span, text=shown))
            room -= units(shown)
        if fitting < len(words):
            break
    return (*kept, ELLIPSIS) if kept else ()
