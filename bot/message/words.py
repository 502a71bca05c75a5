"""Numbers, days and places in words that claim no more than is known.

Pure helpers; text out, never markup. Months are spelt here because `strftime` follows the locale.
"""

import math
import unicodedata
from datetime import date, datetime, tzinfo

from bot.model.alert import Line, Span

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NBSP = "\u00a0"
# A stranger's text may hold characters that turn the rest of the line round: embeddings,
# overrides and isolates of the bidirectional algorithm (UAX #9). They carry no meaning here.
BIDI_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"


def line(*parts: str | Span) -> Line:
    """Spans from strings and spans; empty parts vanish."""
    spans = (Span(part) if isinstance(part, str) else part for part in parts)
    return tuple(span for span in spans if span.text)


def bold(text: str) -> Span:
    return Span(text, "b")


def italic(text: str) -> Span:
    return Span(text, "i")


def stranger(text: str) -> str:
    """Text from the air or from a list, on one line, unable to turn its neighbours round.

    >>> stranger(" RA-\\n82038 ")
    'RA- 82038'
    """
    text = " ".join(text.translate(BIDI_CONTROLS).split())
    if any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in text):
        return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"
    return text


def count(n: float, noun: str = "leg", nouns: str = "") -> str:
    """'1 leg', '3 legs', '2.5 legs'; NaN: 'an unknown number of legs'.

    >>> count(1), count(7.0), count(0), count(3, "watch", "watches")
    ('1 leg', '7 legs', '0 legs', '3 watches')
    """
    nouns = nouns or f"{noun}s"
    if not math.isfinite(n):
        return f"an unknown number of {nouns}"
    return f"{number(n)} {noun if n == 1 else nouns}"


def number(n: float) -> str:
    """A count or an expectation, to the precision that it deserves.

    >>> [number(n) for n in (0, 0.004, 0.066, 0.33, 4.25, 12.7, 1830)]
    ['0', 'under 0.01', '0.07', '0.3', '4.2', '13', '1,830']
    """
    if not math.isfinite(n):
        return "unknown"
    if n == int(n) or abs(n) >= 10:
        return f"{n:,.0f}"
    if abs(n) < 0.01:
        return "under 0.01"
    return f"{n:.2f}" if abs(n) < 0.095 else f"{n:.1f}"


def about(rarity: str) -> str:
    """An estimate as such; nothing of nothing. A bound is no estimate.

    >>> about("once in 40 years"), about("once in 10 years or rarer"), about("")
    ('about once in 40 years', 'once in 10 years or rarer', '')
    """
    return f"about {rarity}" if rarity and " or " not in rarity else rarity


def rate(per_day: float) -> str:
    """A pace in the unit in which a human would count it.

    >>> [rate(x) for x in (4.2, 0.3, 1 / 30.4, 0.004, 1e-5)]
    ['about 4.2 a day', 'about 2 a week', 'about 1 a month', 'about 1 a year', 'less than 1 a year']
    """
    if not math.isfinite(per_day):
        return "unknown"
    if per_day >= 0.9:
        return f"about {number(per_day)} a day"
    for days, unit in ((7.0, "week"), (30.4, "month"), (365.25, "year")):
        if per_day * days >= 0.9:
            return f"about {round(per_day * days)} a {unit}"
    return "less than 1 a year"


def percent(share: float) -> str:
    """A probability; never 0 % or 100 %, which nobody can know.

    >>> percent(0.724), percent(0.999), percent(0.001)
    ('72\\xa0%', 'over 99\\xa0%', 'under 1\\xa0%')
    """
    if not math.isfinite(share):
        return "unknown"
    if share > 0.99:
        return f"over 99{NBSP}%"
    if share < 0.01:
        return f"under 1{NBSP}%"
    return f"{share * 100:.0f}{NBSP}%"


def share(of_normal: float) -> str:
    """A part of the usual, which may be more than the whole.

    >>> share(1.2), share(float("nan"))
    ('120\\xa0%', 'an unknown part')
    """
    if not math.isfinite(of_normal):
        return "an unknown part"
    return f"{of_normal * 100:.0f}{NBSP}%"


def expected(n: float) -> str:
    """'0.5 expected', or that nobody can say.

    >>> expected(0.46), expected(float("nan"))
    ('0.5 expected', 'expectation unknown')
    """
    return f"{number(n)} expected" if math.isfinite(n) else "expectation unknown"


def feet(altitude_ft: float) -> str:
    """'8,000 ft', to the hundred."""
    return f"{round(altitude_ft / 100) * 100:,}{NBSP}ft"


def kilometres(km: float) -> str:
    """To the km when near, to ten when far."""
    return f"{round(km) if km < 100 else round(km / 10) * 10:,}{NBSP}km"


def day(d: date, now: datetime) -> str:
    """'26 Dec', with the year when it is not this one."""
    text = f"{d.day} {MONTHS[d.month - 1]}"
    return text if d.year == now.year else f"{text} {d.year}"


def days(first: date, last: date, now: datetime) -> str:
    """'24–26 Dec', '30 Nov – 2 Dec'."""
    if first == last:
        return day(last, now)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(last, now)}"
    return f"{day(first, now)} – {day(last, now)}"


def clock(at: datetime, tz: tzinfo) -> str:
    """'18:05' on the reader's clock."""
    return f"{at.astimezone(tz):%H:%M}"


def zone(at: datetime, tz: tzinfo) -> str:
    """'UTC', 'CET', '+03'."""
    return at.astimezone(tz).tzname() or "UTC"


def join(items: list[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
