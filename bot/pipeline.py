"""The straight line, as three walks; the store is their only handover.

    feed -> positions -> legs -> store -> series -> detectors -> alerts -> outbox -> channels
          poll (minutes)       |        assess (minutes)              |   deliver (seconds)

Each walk can crash, restart or be replayed alone. What a walk changes, it commits in one
transaction; fallible work (judging, drawing) comes first.
"""

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from bot.aircraft import Registry
from bot.coverage import Hours, Tally, grounds_of
from bot.errors import StoreError
from bot.fusion import Fusion
from bot.geo import unit_vectors
from bot.legs.live import LiveLegs
from bot.matching import aircraft_fits
from bot.model.air import Callsign, Leg, Look, Outcome, Positions, Presence, Query, Snapshot, hex_of
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
        *,
        fused: bool = False,
    ) -> None:
        """`fused`: several feeds show one sky, and what they say twice or against each other is
        settled before legs are built."""
        self._store = store
        self._live = live
        self._registry = registry
        self._watches = tuple(watches)
        self._hours = hours
        self._tally = Tally(watches)
        self._fusion = Fusion() if fused else None
        self._kinds: dict[tuple[int, bytes, bytes], bool] = {}
        open_watches = (watch for watch in self._watches if not watch.aircraft)
        self._open_grounds = [g for watch in open_watches for g in grounds_of(watch)]
        self._looks: list[Look] = []
        self._legs: dict[str, Leg] = {}
        self._tracks: list[Positions] = []
        self._state_at_s = 0.0
        self._lock = threading.Lock()
        self._restore()

    def _restore(self) -> None:
        """Take up the open legs where they were left; what cannot be read costs those alone."""
        blob = self._store.state(LIVE_STATE)
        if not blob:
            return
        try:
            self._live.restore(blob)
        except StoreError as error:
            log.warning("open legs begin anew why=%s", error)

    def resume(self, rows: Iterable[Presence], looks: Iterable[tuple[Query, float]]) -> None:
        """Go on with the running hours and the last looks (epoch s) from before a restart."""
        self._tally.resume(rows)
        for query, at_s in looks:
            self._tally.recall(query, at_s)

    def take(self, look: Look, query: Query, snapshot: Snapshot | None) -> None:
        """One request's outcome: a snapshot, or the fact that nobody looked."""
        with self._lock:
            self._looks.append(_aged(look, snapshot))
            if look.outcome is not Outcome.OK or snapshot is None:
                self._tally.failed(query, look.at.timestamp())
                return
            positions = snapshot.positions
            rows = self._watched(positions)
            watched = frozenset(positions.icao24[rows].tolist())
            self._tally.looked(query, look.at.timestamp(), positions, watched, look.feed)
            rows |= self._on_open_ground(positions)
            if rows.any():
                self._tracks.append(positions.take(rows))
            self._keep(snapshot.legs, look.feed)
            if self._fusion is not None:
                positions, _ = self._fusion.admit(positions)
            self._keep(self._live.tick(positions, snapshot.time_s), look.feed)

    def rest(self, now: datetime) -> None:
        """Let time pass without a report: whoever has been silent long enough has landed."""
        with self._lock:
            self._keep(self._live.tick(Positions.empty(), now.timestamp()), "")

    def _keep(self, legs: Sequence[Leg], feed: str) -> None:
        """Legs to store with the next flush. A leg names the feed whose report finished it."""
        for leg in legs:
            self._legs[leg.id] = leg if leg.source else replace(leg, source=feed)

    def _watched(self, positions: Positions) -> npt.NDArray[np.bool_]:
        """The rows whose aircraft may be of some watch's kind."""
        keys = zip(
            positions.icao24.tolist(), positions.callsign.tolist(), positions.type_code.tolist(),
            strict=True,
        )  # fmt: skip
        rows = np.zeros(len(positions), bool)
        for i, key in enumerate(keys):
            if key not in self._kinds:
                self._remember(key, self._is_watched(positions, i))
            rows[i] = self._kinds[key]
        return rows

    def _remember(self, key: tuple[int, bytes, bytes], watched: bool) -> None:
        if len(self._kinds) >= KNOWN_FRAMES:
            self._kinds.clear()
        self._kinds[key] = watched

    def _is_watched(self, positions: Positions, i: int) -> bool:
        def text(column: npt.NDArray[np.bytes_]) -> str | None:
            return bytes(column[i]).decode("ascii", "replace").strip() or None

        callsign = text(positions.callsign)
        craft = self._registry.resolve(
            hex_of(int(positions.icao24[i])),
            Callsign(callsign) if callsign else None,
            text(positions.registration),
            text(positions.type_code),
            bool(positions.military[i]) or None,
        )
        return any(
            watch.aircraft and aircraft_fits(watch, craft) is not False for watch in self._watches
        )

    def _on_open_ground(self, positions: Positions) -> npt.NDArray[np.bool_]:
        """The rows on the ground of watches of all traffic: their paths are evidence too."""
        rows = np.zeros(len(positions), bool)
        if self._open_grounds:
            vectors = unit_vectors(positions.lat_deg, positions.lon_deg)
            for ground in self._open_grounds:
                rows |= ground.holds(vectors)
        return rows

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


def _aged(look: Look, snapshot: Snapshot | None) -> Look:
    """The look, with how old its middle position was when it was answered."""
    if snapshot is None or not len(snapshot.positions):
        return look
    age_s = snapshot.time_s - float(np.median(snapshot.positions.time_s))
    return replace(look, age_s=round(max(0.0, age_s), 1))
