"""Who an airframe is when the feed does not say: registration, type, operator, state.

Two of three feeds send an address and a callsign, no more. What lists and the arithmetic of
Russia's address block know is filled in; what they do not know stays None.
"""

from bot.aircraft.forms import Reading, read
from bot.aircraft.listing import LIST_FILE, Listed, Listing, write
from bot.aircraft.marks import (
    RA_BASE,
    RA_COUNT,
    RF_BLOCKS,
    ra_address,
    ra_registration,
    states_of_marks,
)
from bot.aircraft.registry import Registry, known_types

__all__ = [
    "LIST_FILE",
    "RA_BASE",
    "RA_COUNT",
    "RF_BLOCKS",
    "Listed",
    "Listing",
    "Reading",
    "Registry",
    "known_types",
    "ra_address",
    "ra_registration",
    "read",
    "states_of_marks",
    "write",
]
