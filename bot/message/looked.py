"""How well the sky was watched, in words."""

import math

from bot.message import words
from bot.message.legs import Gazetteer
from bot.model.alert import CoverageNote, Line, Section


def coverage(note: CoverageNote, book: Gazetteer) -> Section:
    """Looks, other traffic, the running day, and when nobody looked."""
    lines = [_looks(note)]
    if note.looks_ok:
        lines.append(words.line(f"Other traffic seen {words.count(note.others_seen, 'time')}"))
    lines += [line for line in (_looking_today(note),) if line]
    lines += [words.line(told[:1].upper() + told[1:]) for told in (*note.dark, *note.changed)]
    if book.now.astimezone(book.tz).utcoffset():
        zone = words.zone(book.now, book.tz)
        lines.append(words.line(f"Times are {zone}; days are counted in UTC"))
    return Section(tuple(lines), "Coverage, last 24 h")


def _looking_today(note: CoverageNote) -> Line:
    """The part of the usual looking; more than usual is no news, and the least it may have been
    says how far to trust a quiet day."""
    if not math.isfinite(note.exposure_today):
        return ()  # whether that matters is said with the count
    if note.exposure_today == 0:
        return words.line("Nobody looked today")
    share, low = min(1.0, note.exposure_today), min(1.0, note.low)
    part = "" if words.share(share) == words.share(1.0) else f"{words.share(share)} "
    said = f"Watched today {part}as well as usual"
    if note.high > note.low and low < share:  # not when looks alone count
        said += f" (at least {words.share(low)})"
    return words.line(said)


def _looks(note: CoverageNote) -> Line:
    asked = note.looks_ok + note.looks_failed
    via = f" ({', '.join(words.stranger(feed) for feed in note.feeds)})" if note.feeds else ""
    if not asked:
        return words.line("Nobody looked")
    if not note.looks_ok:
        return words.line(f"None of {words.count(asked, 'look')} was answered{via}: nobody looked")
    if not note.looks_failed:
        return words.line(f"All {words.count(asked, 'look')} answered{via}")
    return words.line(f"{note.looks_ok:,} of {words.count(asked, 'look')} answered{via}")
