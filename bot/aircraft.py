"""Who an airframe is when the feed does not say: registration, type, operator, state.

Two of three feeds send an address and a callsign, no more. What the shipped lists and the
arithmetic of Russia's address block know is filled in; what they do not know stays None. The
feed's own word always wins. A missing military flag is never read as 'civil': the lists hold
half of the fleets that matter.

Sources: plane-alert-db (ODbL 1.0), vradarserver/standing-data (CC0), nationality marks of ICAO
Annex 7; see bot/data/README.md. The lists' joke tags are not shipped.
"""

import csv
import gzip
import io
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

from bot.model.air import Aircraft, Callsign, Icao24

# RA-NNNNN is 0x140000 + NNNNN: checked on two public databases, 1,780 of 1,832 and 6,636 of
# 6,651 airframes. Of the 1,330 listed here with an address in that range all but five carry the
# number that the address says, but two in three of them as RF- (state aviation), not RA-.
RA_BASE, RA_COUNT = 0x140000, 100_000
# Blocks of numbers (their first two digits) that the lists show to be state aviation's: 267
# RF- against one RA-. There the address tells the number, not the mark.
RF_BLOCKS = frozenset({36, 66, 90, 91, 92, 93, 94, 95})
_RA = re.compile(r"RA-?(\d{5})", re.ASCII)
_AIRLINE = re.compile(r"([A-Z]{3})\d[0-9A-Z]{0,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of the shipped list."""

    registration: str | None
    operator: str | None
    type_code: str | None
    military: bool


class Registry:
    """The shipped lists; each is read when it is first asked for."""

    @classmethod
    def load(cls) -> "Registry":
        """The lists that come with the program."""
        return cls()

    def resolve(
        self,
        icao24: Icao24,
        callsign: Callsign | None = None,
        registration: str | None = None,
        type_code: str | None = None,
        military: bool | None = None,
    ) -> Aircraft:
        """All that is known of an airframe; what the feed said (arguments) is kept.

        `military` False means 'not flagged by the feed' and counts as unknown.
        """
        listed = self._listed.get(icao24)
        country, block_is_military = self._block(icao24)
        flagged = bool(military) or block_is_military
        return Aircraft(
            icao24,
            callsign,
            registration or (listed.registration if listed else ra_registration(icao24)),
            type_code or (listed.type_code if listed else None),
            True if flagged else (listed.military if listed else None),
            (listed.operator if listed else None) or self.airline(callsign),
            country,
        )

    def country(self, icao24: Icao24) -> str | None:
        """The state (ISO 3166-1 alpha-2) whose block the address lies in."""
        return self._block(icao24)[0]

    def airline(self, callsign: str | None) -> str | None:
        """Who flies under a callsign such as RFF8254, by its ICAO code."""
        found = _AIRLINE.fullmatch(callsign or "")
        return self._airlines.get(found[1]) if found else None

    def type_name(self, type_code: str | None) -> str | None:
        """'A124' -> 'Antonov An-124 Ruslan'."""
        return _types().get(type_code or "")

    def _block(self, icao24: Icao24) -> tuple[str | None, bool]:
        starts, facts = self._blocks
        i = bisect_right(starts, int(icao24, 16)) - 1
        return facts[i] if i >= 0 else (None, False)

    @cached_property
    def _listed(self) -> Mapping[str, Listed]:
        return {
            address: Listed(registration or None, operator or None, kind or None, military == "1")
            for address, registration, operator, kind, military in _rows("aircraft.csv.gz")
        }

    @cached_property
    def _blocks(self) -> tuple[list[int], list[tuple[str | None, bool]]]:
        found = [(int(start, 16), (country or None, military == "1"))
                 for start, country, military in _rows("aircraft_blocks.csv")]  # fmt: skip
        return [start for start, _ in found], [facts for _, facts in found]

    @cached_property
    def _airlines(self) -> Mapping[str, str]:
        return {row[0]: row[1] for row in _rows("aircraft_operators.csv.gz")}


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


def known_types() -> frozenset[str]:
    """Every ICAO type designator."""
    return frozenset(_types())


@cache
def _types() -> Mapping[str, str]:
    return {row[0]: row[1] for row in _rows("types.csv.gz")}


@cache
def _marks() -> Mapping[str, tuple[str, ...]]:
    return {mark: tuple(states.split()) for mark, states in _rows("aircraft_marks.csv")}


def _rows(name: str) -> Iterator[list[str]]:
    """A shipped list without its header."""
    raw = resources.files("bot").joinpath("data", name).read_bytes()
    text = gzip.decompress(raw) if name.endswith(".gz") else raw
    reader = csv.reader(io.StringIO(text.decode("utf-8")))
    next(reader)
    return reader
