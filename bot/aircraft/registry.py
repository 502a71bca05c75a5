"""Everything known of an airframe: the feed's word, then lists, then arithmetic and its block.

The feed's own word always wins, then the list that `airbridge aircraft update` took, then the
shipped one. A missing military flag is never read as 'civil': the lists hold half of the fleets
that matter. Promises: nothing is read before it is asked for; a damaged list on disk costs that
list alone, and is logged.

Sources: plane-alert-db (ODbL 1.0), vradarserver/standing-data (CC0), nationality marks of ICAO
Annex 7; see bot/data/README.md. The lists' joke tags are not shipped.
"""

import logging
import re
from bisect import bisect_right
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path

from bot.aircraft.listing import LIST_FILE, Listed, Listing
from bot.aircraft.marks import ra_address, ra_registration
from bot.aircraft.shipped import rows
from bot.errors import InputError
from bot.model.air import Aircraft, Callsign, Icao24

_AIRLINE = re.compile(r"([A-Z]{3})\d[0-9A-Z]{0,3}", re.ASCII)

log = logging.getLogger(__name__)


class Registry:
    """The lists; each is read when it is first asked for. Safe from any thread."""

    def __init__(self, newer: Listing | None = None) -> None:
        """`newer` is laid over the shipped list."""
        self._newer = newer

    @classmethod
    def load(cls, folder: Path | None = None) -> "Registry":
        """The lists that come with the program, under the newer one in the data folder, if any."""
        if folder is None:
            return cls()
        path = folder / LIST_FILE
        try:
            return cls(Listing.of_file(path))
        except FileNotFoundError:
            return cls()
        except (OSError, InputError) as exc:
            log.warning("the newer aircraft list is not used why=%s path=%s", exc, path)
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
        listed = self.listed(icao24) or Listed()
        country, block_is_military = self._block(icao24)
        flagged = bool(military) or block_is_military
        return Aircraft(
            icao24,
            callsign,
            registration or listed.registration or ra_registration(icao24),
            type_code or listed.type_code,
            True if flagged else listed.military,
            listed.operator or self.airline(callsign),
            country,
        )

    def listed(self, icao24: Icao24) -> Listed | None:
        """What the lists say of an address, the newer one first."""
        older = self._shipped.get(icao24)
        newer = self._newer.get(icao24) if self._newer is not None else None
        return newer.over(older) if newer is not None else older

    def find(self, text: str) -> list[Icao24]:
        """The addresses meant by an address, a registration, or a callsign that is one
        (RA82013); none when it is nothing known."""
        plain = text.strip()
        if re.fullmatch("[0-9a-fA-F]{6}", plain):
            return [Icao24(plain.lower())]
        wanted = plain.upper()
        lists = (self._newer, self._shipped) if self._newer is not None else (self._shipped,)
        found = dict.fromkeys(a for one in lists for a in one.addresses(wanted))
        # a list may have given the address to another registration since
        held = [a for a in found if (self.listed(a) or Listed()).registration == wanted]
        if not held and (address := ra_address(plain)):
            return [address]
        return held

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
    def _shipped(self) -> Listing:
        return Listing.shipped()

    @cached_property
    def _blocks(self) -> tuple[list[int], list[tuple[str | None, bool]]]:
        found = [(int(start, 16), (country or None, military == "1"))
                 for start, country, military in rows("aircraft_blocks.csv")]  # fmt: skip
        return [start for start, _ in found], [facts for _, facts in found]

    @cached_property
    def _airlines(self) -> Mapping[str, str]:
        return {row[0]: row[1] for row in rows("aircraft_operators.csv.gz")}


def known_types() -> frozenset[str]:
    """Every ICAO type designator."""
    return frozenset(_types())


@cache
def _types() -> Mapping[str, str]:
    return {row[0]: row[1] for row in rows("types.csv.gz")}
