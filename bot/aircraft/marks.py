"""What an address or a registration says by itself: Russia's arithmetic, nationality marks.

Refuses to guess: where the arithmetic tells the number but not the mark, it says nothing.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache

from bot.aircraft.shipped import rows
from bot.model.air import Icao24

# RA-NNNNN is 0x140000 + NNNNN: checked on two public databases, 1,780 of 1,832 and 6,636 of
# 6,651 airframes. Of the 1,330 listed here with an address in that range all but five carry the
# number that the address says, but two in three of them as RF- (state aviation), not RA-.
RA_BASE, RA_COUNT = 0x140000, 100_000
# Blocks of numbers (their first two digits) that the lists show to be state aviation's: 267
# RF- against one RA-. There the address tells the number, not the mark.
RF_BLOCKS = frozenset({36, 66, 90, 91, 92, 93, 94, 95})
_RA = re.compile(r"RA-?(\d{5})", re.ASCII)


def ra_registration(icao24: str) -> str | None:
    """The Russian civil registration an address stands for, or None where it tells none.

    >>> ra_registration("154076"), ra_registration("4b1800")
    ('RA-82038', None)
    """
    number = int(icao24, 16) - RA_BASE
    if not 0 <= number < RA_COUNT or number // 1000 in RF_BLOCKS:
        return None
    return f"RA-{number:05d}"


def ra_address(registration: str) -> Icao24 | None:
    """The address behind a Russian civil registration; RF- follows no rule.

    >>> ra_address("RA-82038"), ra_address("RF-82038")
    ('154076', None)
    """
    found = _RA.fullmatch(registration.upper())
    return Icao24(f"{RA_BASE + int(found[1]):06x}") if found else None


def states_of_marks(patterns: Iterable[str]) -> frozenset[str]:
    """The only states whose aircraft can carry a registration of these patterns.

    Empty when it cannot be told: a pattern without a nationality mark ('08-*', 'N*').

    >>> sorted(states_of_marks(["RA-82*", "EW-*"])), states_of_marks(["RA-82*", "08-*"])
    (['BY', 'RU'], frozenset())
    """
    states: set[str] = set()
    for pattern in patterns:
        fixed = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
        mark, hyphen, _ = fixed.partition("-")
        found = _marks().get(mark + hyphen, ())
        if not found:
            return frozenset()
        states.update(found)
    return frozenset(states)


@cache
def _marks() -> Mapping[str, tuple[str, ...]]:
    return {mark: tuple(states.split()) for mark, states in rows("aircraft_marks.csv")}
