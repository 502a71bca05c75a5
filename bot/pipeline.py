"""The straight line, as three walks; the store is their only handover.

    feed -> positions -> legs -> store -> series -> detectors -> alerts -> outbox -> channels
          poll (minutes)       |        assess (minutes)              |   deliver (seconds)

Each walk can crash, restart or be replayed alone. What a walk changes, it commits in one
transaction; fallible work (judging, drawing) comes first.
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from bot.aircraft import Registry
from bot.coverage import Hours, Tally
from bot.legs.live import LiveLegs
from bot.matching import aircraft_fits
from bot.model.air import Callsign, Leg, Look, Outcome, Positions, Query, Snapshot, hex_of
from bot.model.watch import Watch
from bot.store import Store

log = logging.getLogger(__name__)

LIVE_STATE = "live_legs"
STATE_EVERY_S = 60.0  # a crash repeats at most this much of leg building; legs keep their ids
KNOWN_FRAMES = 200_000  # addresses remembered as watched or not, before the memory is emptied


class Sky:
    """poll: what feeds saw becomes looks, tracks and legs in the store. Lanes call it in turn."""

    def __init__(
        self,
        store: Store,
        live: LiveLegs,
        registry: Registry,
        watches: Sequence[Watch],
        hours: Hours,
    ) -> None:
        self._store = store
        self._live = live
        self._registry = registry
        self._watches = tuple(watches)
        self._hours = hours
        self._tally = Tally(watches)
        self._watched_by: dict[tuple[int, bytes, bytes], frozenset[str]] = {}
        self._looks: list[Look] = []
        self._legs: dict[str, Leg] = {}
        self._tracks: list[Positions] = []
        self._state_at_s = 0.0
        self._lock = threading.Lock()
        blob = store.state(LIVE_STATE)
        if blob:
            live.restore(blob)

    def take(self, look: Look, query: Query, snapshot: Snapshot | None) -> None:
        """One request's outcome: a snapshot, or the fact that nobody looked."""
        with self._lock:
            self._looks.append(look)
            if look.outcome is not Outcome.OK or snapshot is None:
                self._tally.failed(query, look.at.timestamp())
                return
            positions = snapshot.positions
            watched, rows = self._watched(positions)
            self._tally.looked(query, snapshot.time_s, positions, watched)
            if rows.any():
                self._tracks.append(positions.take(rows))
            self._keep(snapshot.legs)
            self._keep(self._live.tick(positions, snapshot.time_s))

    def rest(self, now: datetime) -> None:
        """Let time pass without a report: whoever has been silent long enough has landed."""
        with self._lock:
            self._keep(self._live.tick(Positions.empty(), now.timestamp()))

    def _keep(self, legs: Sequence[Leg]) -> None:
        self._legs.update((leg.id, leg) for leg in legs)

    def _watched(
        self, positions: Positions
    ) -> tuple[Mapping[str, frozenset[int]], npt.NDArray[np.bool_]]:
        """Per watch the addresses it watches, and the rows that any watch does."""
        keys = list(
            zip(
                positions.icao24.tolist(), positions.callsign.tolist(),
                positions.type_code.tolist(), strict=True,
            )
        )  # fmt: skip
        by_watch: dict[str, set[int]] = {}
        rows = np.zeros(len(keys), bool)
        for i, key in enumerate(keys):
            names = self._watched_by.get(key)
            if names is None:
                names = self._who_watches(positions, i)
                self._remember(key, names)
            if names:
                rows[i] = True
                for name in names:
                    by_watch.setdefault(name, set()).add(key[0])
        return {name: frozenset(found) for name, found in by_watch.items()}, rows

    def _remember(self, key: tuple[int, bytes, bytes], names: frozenset[str]) -> None:
        if len(self._watched_by) >= KNOWN_FRAMES:
            self._watched_by.clear()
        self._watched_by[key] = names

    def _who_watches(self, positions: Positions, i: int) -> frozenset[str]:
        def text(column: npt.NDArray[np.bytes_]) -> str | None:
            return bytes(column[i]).decode("ascii", "replace").strip() or None

        callsign = text(positions.callsign)
        craft = self._registry.resolve(
            hex_of(int(positions.icao24[i])), Callsign(callsign) if callsign else None,
            text(positions.registration), text(positions.type_code),
            bool(positions.military[i]) or None,
        )  # fmt: skip
        # a watch of all traffic has no 'others' of its own; its looks alone earn its exposure
        return frozenset(
            watch.name
            for watch in self._watches
            if watch.aircraft and aircraft_fits(watch, craft) is not False
        )

    def flush(self, now: datetime) -> None:
        """Commit everything taken since the last flush; after a failure it is kept for the next."""
        with self._lock:
            rows = self._tally.changed()
            save_state = bool(self._legs) or now.timestamp() - self._state_at_s >= STATE_EVERY_S
            with self._store.begin() as tx:
                self._store.add_looks(tx, self._looks)
                self._store.put_presence(tx, rows)
                for positions in self._tracks:
                    self._store.add_positions(tx, positions)
                self._store.put_legs(tx, list(self._legs.values()))
                if save_state:
                    self._store.put_state(tx, LIVE_STATE, self._live.dump())
            self._hours.add(rows)
            self._tally.settle(now.timestamp())
            self._state_at_s = now.timestamp() if save_state else self._state_at_s
            self._looks, self._legs, self._tracks = [], {}, []
