"""What is remembered of who flies where: flights with sure ends, and which tell of what.

A week of the world's flights is half a million facts, and a hundred legs a minute ask for theirs:
looked through one by one, that would take longer than all else. Promises: whatever is asked of an
aircraft, a field or a callsign at a time, exactly the facts that count for it then, by the times of
the reports and not by when they were read.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bot.legs.pieces import take, where

FACT = np.dtype([("t", "f8"), ("first", "f8"), ("icao24", "u4"), ("origin", "i4"),
                 ("destination", "i4"), ("light", "?"), ("call", "S8")])  # fmt: skip
BACK_S, ON_S = 5 * 86400.0, 24 * 3600.0  # what was known so long before and after counts
SWEEP_S = 3600.0
NONE = -1  # an end that is not sure
TAIL = 8192  # so many newer facts are sorted by themselves: that takes less than a ms
Facts = npt.NDArray[np.void]
Rows = npt.NDArray[np.intp]


class _Sorted(NamedTuple):
    """Some of the facts by one column: its values in order, the rows they come from."""

    keys: npt.NDArray[np.generic]
    rows: npt.NDArray[np.signedinteger[Any]]  # in 32 bits
    end: int  # the first row that is not among them

    @classmethod
    def of(cls, facts: Facts, name: str, begin: int) -> "_Sorted":
        column = np.ascontiguousarray(facts[name][begin:])
        order = np.argsort(column, kind="stable").astype(np.int32)
        return cls(column[order], order + np.int32(begin), len(facts))

    def find(self, keys: npt.NDArray[np.generic]) -> tuple[Rows, Rows]:
        """Number of the key and row, of all that have one of the keys."""
        low = np.searchsorted(self.keys, keys)
        count = np.searchsorted(self.keys, keys, "right") - low
        which = np.repeat(np.arange(len(keys)), count)
        return which, self.rows[np.arange(len(which)) + (low - np.cumsum(count) + count)[which]]


class Recall:
    """The facts in the order in which they were told, sorted by what is asked for."""

    def __init__(self) -> None:
        self._store, self._n, self._swept_s = np.empty(64, FACT), 0, -math.inf
        self._by: dict[str, tuple[_Sorted, _Sorted]] = {}

    @property
    def facts(self) -> Facts:
        """All that is remembered."""
        return self._store[: self._n]

    def take(self, facts: Facts) -> None:
        """More of them."""
        n = self._n + len(facts)
        if n > len(self._store):
            more = np.empty(max(n, len(self._store) * 3 // 2) - len(self._store), FACT)
            self._store = np.concatenate([self._store, more])
        self._store[self._n : n], self._n = facts, n

    def forget(self, before_s: float) -> None:
        """What was known earlier than that counts no more; swept now and then."""
        if self._swept_s <= before_s < self._swept_s + SWEEP_S:
            return
        self._store = where(self.facts, self.facts["t"] >= before_s)
        self._n, self._swept_s, self._by = len(self._store), before_s, {}

    def about(self, name: str, keys: npt.ArrayLike, t: npt.ArrayLike) -> tuple[Rows, Facts]:
        """The facts with one of the keys in the column `name`, as they count at its time (both of
        shape (n,)): the number of the key, and the fact. NONE and no callsign find nothing."""
        keys, t = np.asarray(keys, FACT[name]), np.asarray(t)
        some = np.flatnonzero(keys != (b"" if name == "call" else NONE))
        found = [part.find(keys[some]) for part in self._sorted(name)]
        which, rows = (np.concatenate(part) for part in zip(*found, strict=True))
        which, facts = some[which], take(self.facts, rows)
        counts = (facts["t"] >= t[which] - BACK_S) & (facts["t"] <= t[which] + ON_S)
        return which[counts], where(facts, counts)

    def _sorted(self, name: str) -> tuple[_Sorted, _Sorted]:
        """By one column the older facts, and the newer."""
        facts = self.facts
        old, new = self._by.get(name) or (_Sorted.of(facts[:0], name, 0),) * 2
        if len(facts) > new.end:
            old = _Sorted.of(facts, name, 0) if len(facts) - old.end > TAIL else old
            new = _Sorted.of(facts, name, old.end)
            self._by[name] = old, new
        return old, new
