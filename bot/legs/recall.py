"""Which remembered flights tell of an aircraft, some fields or a callsign.

A week of the world's flights is half a million facts, and a hundred legs a minute ask for theirs:
looked through one by one, that would take longer than all else. Promises: every fact that is asked
for, in the order of the facts, maybe with others among them.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from bot.legs.usage import Facts

Rows = npt.NDArray[np.intp]
TAIL = 8192  # newer facts than the last sorting are all handed on: that takes less than a ms
NAMES = ("icao24", "origin", "destination", "call")


class Recall:
    """An index of facts that are only ever added to."""

    def __init__(self) -> None:
        self._n = 0  # so many of the facts are sorted
        self._by: dict[str, tuple[npt.NDArray[np.generic], npt.NDArray[np.int32]]] = {}

    def about(self, facts: Facts, icao24: int, fields: Iterable[int], call: str) -> Rows:
        """Rows of the facts about any of these, ascending."""
        if len(facts) - self._n > TAIL:
            self._sort(facts)
        told = np.zeros(len(facts), bool)
        told[self._n :] = True
        told[self._of("icao24", icao24)] = True
        for row in fields:
            told[self._of("origin", row)] = told[self._of("destination", row)] = True
        if call:
            told[self._of("call", call.encode())] = True
        return np.flatnonzero(told)

    def _sort(self, facts: Facts) -> None:
        for name in NAMES:
            order = np.argsort(facts[name], kind="stable").astype(np.int32)
            self._by[name] = facts[name][order], order
        self._n = len(facts)

    def _of(self, name: str, value: int | bytes) -> npt.NDArray[np.int32]:
        if not self._n:
            return np.empty(0, np.int32)
        keys, order = self._by[name]
        one = np.array(value, keys.dtype)
        return order[np.searchsorted(keys, one) : np.searchsorted(keys, one, "right")]
