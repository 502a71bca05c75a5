"""The straight line, as three walks; the store is their only handover.

    feed -> positions -> legs -> store -> series -> detectors -> alerts -> outbox -> channels
          poll (minutes)       |        assess (minutes)              |   deliver (seconds)

Each walk can crash, restart or be replayed alone. What a walk changes, it commits in one
transaction; fallible work (judging, drawing) comes first.
"""

import logging
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from bot.aircraft import Registry
from bot.coverage import Hours, Tally, grounds_of
from bot.errors import StoreError
from bot.fusion import Facts, Fusion
from bot.geo import unit_vectors
from bot.legs.live import LiveLegs
from bot.matching import aircraft_fits
from bot.model.air import Callsign, Icao24, Leg, Positions, hex_of
from bot.model.query import Flights, Flown, Look, Outcome, Presence, Query, Snapshot
from bot.model.watch import Watch
from bot.reconcile import Handed, reconcile
from bot.store import Store, pack_legs, unpack_legs

log = logging.getLogger(__name__)

LIVE_STATE = "live_legs"
STATE_EVERY_S = 60.0  # a crash repeats at most this much of leg building; legs keep their ids
HANDED = "handed_legs"
REVISED_FOR = timedelta(hours=36)  # our legs are final after as long
ALOFT_S = 900.0  # a position older than this says nothing about where an aircraft is going
NOT, MAYBE, SURELY = 0, 1, 2
Bools = npt.NDArray[np.bool_]
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
        self._facts = Facts(registry.resolve)
        self._fusion = Fusion() if fused else None
        self._kinds: dict[tuple[int, bytes, bytes], int] = {}
        open_watches = (watch for watch in self._watches if not watch.aircraft)
        self._open_grounds = [g for watch in open_watches for g in grounds_of(watch)]
        self._looks: list[Look] = []
        self._legs: dict[str, Leg] = {}
        self._tracks: list[Positions] = []
        self._aloft: deque[tuple[Positions, Bools]] = deque()  # the last `ALOFT_S` of reports
        self._handed = Handed(unpack_legs(store.state(HANDED) or b"[]"))
        self._handed_changed = False
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
            if isinstance(query, Flights | Flown):
                self._take_handed(snapshot.legs)
                return
            positions = self._facts.complete(snapshot.positions)
            kinds = self._kinds_of(positions)
            rows = kinds > NOT
            self._note_aloft(positions.take(rows), kinds[rows] == SURELY, snapshot.time_s)
            watched = frozenset(positions.icao24[rows].tolist())
            self._tally.looked(query, look.at.timestamp(), positions, watched, look.feed)
            rows |= self._on_open_ground(positions)
            if rows.any():
                self._tracks.append(positions.take(rows))
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
        self._settle(legs)

    # ----------------------------------------------------------------------- what feeds hand out

    def handed(self) -> tuple[Leg, ...]:
        """The legs that feeds handed out lately."""
        with self._lock:
            return self._handed.all()

    def _take_handed(self, legs: Sequence[Leg]) -> None:
        self._handed.add(legs)
        self._handed_changed = self._handed_changed or bool(legs)
        self._settle(legs)

    def _settle(self, legs: Sequence[Leg]) -> None:
        """Join what was handed out of these airframes with our own: at every revision of ours,
        which knows nothing of it."""
        frames = {leg.icao24 for leg in legs if self._handed.of(leg.icao24)}
        if not frames:
            return
        fresh: dict[Icao24, list[Leg]] = {icao24: [] for icao24 in sorted(frames)}
        for leg in self._legs.values():
            if leg.icao24 in frames:
                fresh[leg.icao24].append(leg)
        for icao24, own in fresh.items():
            self._join(icao24, own)

    def _join(self, icao24: Icao24, fresh: Sequence[Leg]) -> None:
        theirs = self._handed.of(icao24)
        since = min(leg.first_seen for leg in theirs) - REVISED_FOR
        until = max(leg.last_seen for leg in theirs)
        ids = {leg.id for leg in theirs}
        known = {leg.id: leg for leg in (*self._store.legs_of(icao24, since, until), *fresh)}
        ours = [leg for leg in known.values() if leg.id not in ids]
        joined = {leg.id: leg for leg in reconcile(ours, theirs)}
        for gone in known.keys() - joined.keys():
            self._legs.pop(gone, None)  # a stored one gives way to the leg that spans it
        self._legs |= {name: leg for name, leg in joined.items() if known.get(name) != leg}

    # ----------------------------------------------------------------------- who is being watched

    def aloft(self, now: datetime) -> tuple[Positions, Bools]:
        """Where aircraft that may be of the watched kinds were last reported in the last
        `ALOFT_S`, and which of them surely are."""
        with self._lock:
            self._note_aloft(Positions.empty(), np.zeros(0, bool), now.timestamp())
            parts = tuple(self._aloft)
        if not parts:
            return Positions.empty(), np.zeros(0, bool)
        columns = (np.concatenate(c) for c in zip(*(_columns(p) for p, _ in parts), strict=True))
        joined, sure = Positions(*columns), np.concatenate([mask for _, mask in parts])
        order = np.argsort(joined.time_s, kind="stable")[::-1]
        _, last = np.unique(joined.icao24[order], return_index=True)
        return joined.take(order[last]), sure[order[last]]

    def _note_aloft(self, rows: Positions, sure: Bools, time_s: float) -> None:
        if len(rows):
            self._aloft.append((rows, sure))
        while self._aloft and self._aloft[0][0].time_s.max() < time_s - ALOFT_S:
            self._aloft.popleft()

    def _kinds_of(self, positions: Positions) -> npt.NDArray[np.int8]:
        """By row: whether its aircraft is `SURELY` of some watch's kind, `MAYBE`, or `NOT`."""
        keys = zip(
            positions.icao24.tolist(), positions.callsign.tolist(), positions.type_code.tolist(),
            strict=True,
        )  # fmt: skip
        kinds = np.zeros(len(positions), np.int8)
        for i, key in enumerate(keys):
            if key not in self._kinds:
                self._remember(key, self._kind(positions, i))
            kinds[i] = self._kinds[key]
        return kinds

    def _remember(self, key: tuple[int, bytes, bytes], kind: int) -> None:
        if len(self._kinds) >= KNOWN_FRAMES:
            self._kinds.clear()
        self._kinds[key] = kind

    def _kind(self, positions: Positions, i: int) -> int:
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
        answers = [aircraft_fits(watch, craft) for watch in self._watches if watch.aircraft]
        if True in answers:
            return SURELY
        return MAYBE if None in answers else NOT

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
                if self._handed_changed:
                    self._handed.forget(now)
                    self._store.put_state(tx, HANDED, pack_legs(self._handed.all()))
            self._hours.add(rows)
            self._tally.settle(now.timestamp())
            self._state_at_s = now.timestamp() if save_state else self._state_at_s
            self._looks, self._legs, self._tracks = [], {}, []
            self._handed_changed = False


def _aged(look: Look, snapshot: Snapshot | None) -> Look:
    """The look, with how old its middle position was when it was answered."""
    if snapshot is None or not len(snapshot.positions):
        return look
    age_s = snapshot.time_s - float(np.median(snapshot.positions.time_s))
    return replace(look, age_s=round(max(0.0, age_s), 1))


def _columns(positions: Positions) -> list[npt.NDArray[np.generic]]:
    return [getattr(positions, field.name) for field in fields(Positions)]
