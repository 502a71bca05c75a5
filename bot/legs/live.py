"""Legs from live polls: state per aircraft, a few array operations a tick.

Promises: the legs are those that `history` makes of the same reports once 36 h have passed; a leg
is published when its aircraft has landed or has been silent for an hour, revised under the same
id when the airframe is heard again, and final when nothing can change it any more; late, double
and disordered reports change nothing and never raise; `dump` and `restore` carry everything over
a restart. Only aircraft that changed state leave the arrays for Python.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bot.airfields import Airfields
from bot.legs import belief, pieces, sift, state
from bot.legs.customs import Customs
from bot.legs.fold import FORGET_S, Fold
from bot.legs.ledger import Ledger
from bot.legs.pieces import GROUND, PIECE, QUIET_S
from bot.legs.places import Places
from bot.legs.resolve import Sky
from bot.legs.side import Piece
from bot.legs.stop import Walk
from bot.model.air import Icao24, Leg, Positions
from bot.model.watch import Area

SILENT_S = 3600.0
AHEAD_S = 120.0  # a report from further in the future is a broken clock
STOPPED_KT, STOPPED_S = 40.0, 120.0  # on the ground for certain, not touching and going
Slots = npt.NDArray[np.intp]
Records = npt.NDArray[np.void]


class LiveLegs:
    """The leg builder for polls. `named`: idents that watches name, never held to be small."""

    def __init__(self, airfields: Airfields, areas: tuple[Area, ...] = (),
                 named: frozenset[str] = frozenset()) -> None:  # fmt: skip
        self._airfields = airfields
        self._sky = Sky(Places(airfields, named), belief.shipped(), areas)
        self._forget_all()

    def _forget_all(self) -> None:
        self._icao24 = np.empty(0, np.uint32)  # ascending; everything else in this order
        self._gates = np.empty(0, sift.GATE)
        self._open = np.empty(0, PIECE)
        self._told = np.empty(0, bool)  # nothing new to publish until it is heard again
        self._closed = np.empty(0, bool)  # the open piece is in the fold already
        self._customs = Customs(self._airfields)
        self._ledger = Ledger(self._customs, {})
        self._folds: dict[int, Fold] = {}

    def __len__(self) -> int:
        """Aircraft remembered."""
        return len(self._icao24)

    def tick(self, positions: Positions, now_s: float) -> list[Leg]:
        """Take the reports of a poll (any number, any order); the legs published or revised.

        An empty `positions` lets time pass.
        """
        out: list[Leg] = []
        past = positions.time_s <= now_s + AHEAD_S
        p = sift.tidy(positions if past.all() else positions.take(past))
        if len(p):
            out += self._take_in(p)
        return out + self._let_pass(now_s)

    def flying(self, icao24s: Iterable[Icao24]) -> list[Leg]:
        """The unfinished legs of these aircraft as they stand: those heard last in the air."""
        slots = [self._slot(int(address, 16)) for address in icao24s]
        flying = [slot for slot in slots if slot is not None and not self._on_ground(slot)]
        return self._customs.named(leg for legs in self._previews(flying) for leg in legs[-1:])

    def dump(self) -> bytes:
        """Everything remembered, for `restore`."""
        return state.pack(state.Memory(self._icao24, self._gates, self._open, self._told,
                                       self._folds, self._ledger.published, self._closed,
                                       self._ledger.held, self._customs))  # fmt: skip

    def restore(self, blob: bytes) -> None:
        """Continue from a `dump`. Raises StoreError, and changes nothing, if it cannot."""
        m = state.unpack(blob, self._sky)
        self._icao24, self._gates, self._open, self._told = m.icao24, m.gates, m.open, m.told
        self._folds, self._closed, self._customs = m.folds, m.closed, m.customs
        self._ledger = Ledger(m.customs, m.published, m.held)

    # --------------------------------------------------------------------------- taking reports

    def _take_in(self, p: Positions) -> list[Leg]:
        heard = p.icao24[sift.groups(p.icao24)]
        self._admit(heard)
        slots = np.searchsorted(self._icao24, heard)
        sifted = sift.sift(p, pieces.take(self._gates, slots))
        pieces.put(self._gates, slots, sifted.gates)
        new = pieces.cut(sifted.positions, sifted.jump)
        if not len(new):
            return []
        first = sift.groups(new["icao24"])
        if new["icao24"][-1] >= sift.TWIN:
            self._admit(new["icao24"][first])
        head = new if len(first) == len(new) else pieces.take(new, first)
        slots = np.searchsorted(self._icao24, head["icao24"])
        held = pieces.take(self._open, slots)
        goes_on = (held["n"] > 0) & ~self._closed[slots] & pieces.continues(held, head)
        fresh = held["n"] == 0
        if goes_on.all():
            joined = slots
            pieces.put(self._open, slots, pieces.merge(held, head))
        else:
            on, begun = np.flatnonzero(goes_on), np.flatnonzero(fresh)
            joined = slots[on]
            both = pieces.merge(pieces.take(held, on), pieces.take(head, on))
            pieces.put(self._open, joined, both)
            pieces.put(self._open, slots[begun], pieces.take(head, begun))
        several = np.diff(np.append(first, len(new))) > 1
        turns = {}
        for i in np.flatnonzero(several | ~(goes_on | fresh)).tolist():
            end = first[i + 1] if i + 1 < len(first) else len(new)
            turns[int(slots[i])] = new[first[i] + int(goes_on[i] or fresh[i]) : end]
        out = self._turn(turns)
        self._told[joined] &= self._open["kind"][joined] == GROUND  # parked: still told
        return out + self._landed(slots)

    def _admit(self, addresses: npt.NDArray[np.uint32]) -> None:
        """Slots for aircraft never seen before."""
        at = np.searchsorted(self._icao24, addresses)
        inside = np.minimum(at, max(len(self._icao24) - 1, 0))
        known = self._icao24[inside] == addresses if len(self._icao24) else at < 0
        if known.all():
            return
        new, at = addresses[~known], at[~known]
        self._icao24 = np.insert(self._icao24, at, new)
        self._gates = np.insert(self._gates, at, sift.new_gates(len(new)))
        self._open = np.insert(self._open, at, np.zeros(len(new), PIECE))
        self._told = np.insert(self._told, at, False)
        self._closed = np.insert(self._closed, at, False)

    def _turn(self, turns: Mapping[int, Records]) -> list[Leg]:
        """The open pieces of these aircraft are over: settle them, and each but the last that
        follows. The stops of all are weighed together, a fraction of one by one."""
        known = {slot: self._fold(slot).chain.stops for slot in turns}
        out = self._walked(self._closing(slot, by) for slot, by in turns.items())
        again = [slot for slot in turns if self._told[slot]]
        self._told[again] = False
        out += self._revise(again)
        rest = [slot for slot in sorted(turns.keys() - again)
                if self._fold(slot).chain.stops is not known[slot]]  # fmt: skip
        return out + self._publish((slot, self._fold(slot).waiting()) for slot in rest)

    def _closing(self, slot: int, closed_by: Records) -> Walk[list[Leg]]:
        out: list[Leg] = []
        for piece in closed_by:
            out += yield from self._close(slot, float(piece["t0"]))
            self._open[slot], self._closed[slot] = piece, False
        return out

    def _close(self, slot: int, next_s: float) -> Walk[list[Leg]]:
        """The open piece goes to the fold, if it has not yet; the aircraft is heard again then."""
        if self._closed[slot] or self._open[slot]["n"] == 0:
            return []
        self._closed[slot] = True
        fold, last_s = self._fold(slot), float(self._open[slot]["t1"])
        legs = yield from fold.push(Piece._make(self._open[slot].item()))
        self._customs.learn(last_s, fold.chain.take_news())
        if next_s - last_s > QUIET_S:
            yield from fold.so_far()
            self._customs.learn(last_s + QUIET_S, fold.chain.take_news())
        return self._final(slot, legs)

    def _revise(self, slots: Sequence[int]) -> list[Leg]:
        """Airframes are heard again: the legs told before, in the light of this."""
        last = self._open["t1"][slots].tolist()
        told = zip(slots, last, self._previews(slots), strict=True)
        return self._publish((slot, [g for g in legs if g.last_seen.timestamp() < t])
                             for slot, t, legs in told)  # fmt: skip

    # ------------------------------------------------------------------------- what to tell when

    def _landed(self, slots: Slots) -> list[Leg]:
        slots = slots[(self._open["kind"][slots] == GROUND) & ~self._told[slots]]
        held = self._open[slots]
        down = (held["min_gs"] < STOPPED_KT) | (held["t1"] - held["t0"] >= STOPPED_S)
        down = slots[down]
        self._told[down] = True
        folds = [self._folds.get(address) for address in self._icao24[down].tolist()]
        return self._tell([
            slot for slot, fold in zip(down.tolist(), folds, strict=True)
            if fold is not None and (fold.air or fold.lone)
        ])  # fmt: skip

    def _tell(self, slots: Sequence[int]) -> list[Leg]:
        """The unsettled legs of these aircraft, as far as they say something new."""
        return self._publish(zip(slots, self._previews(slots), strict=True))

    def _let_pass(self, now_s: float) -> list[Leg]:
        silence = now_s - self._open["t1"]
        silent = np.flatnonzero((silence > SILENT_S) & ~self._told)
        self._told[silent] = True
        out = self._tell(silent.tolist())
        # so that all that is known some hours later is known, whoever is heard again when
        quiet = np.flatnonzero((silence > QUIET_S) & ~self._closed).tolist()
        out += self._walked(self._close(slot, math.inf) for slot in quiet)
        gone = silence > FORGET_S
        out += self._walked(self._settle(slot) for slot in np.flatnonzero(gone).tolist())
        out += self._ledger.due(now_s)
        if gone.any():
            self._drop(gone)
        return out

    def _settle(self, slot: int) -> Walk[list[Leg]]:
        if self._open[slot]["n"] == 0:
            return []
        legs = yield from self._close(slot, math.inf)
        return legs + self._final(slot, (yield from self._fold(slot).flush()))

    def _drop(self, gone: npt.NDArray[np.bool_]) -> None:
        for address in self._icao24[gone].tolist():
            self._folds.pop(address, None)
            self._ledger.forget(address)
        keep = ~gone
        self._icao24, self._gates = self._icao24[keep], self._gates[keep]
        self._open, self._told = self._open[keep], self._told[keep]
        self._closed = self._closed[keep]

    # -------------------------------------------------------------------------------- small helps

    def _slot(self, address: int) -> int | None:
        at = int(np.searchsorted(self._icao24, address))
        return at if at < len(self._icao24) and self._icao24[at] == address else None

    def _fold(self, slot: int) -> Fold:
        return self._folds.setdefault(int(self._icao24[slot]), Fold(self._sky))

    def _walked(self, walks: Iterable[Walk[list[Leg]]]) -> list[Leg]:
        return [leg for legs in self._sky.together(list(walks)) for leg in legs]

    def _previews(self, slots: Sequence[int]) -> list[list[Leg]]:
        """The unsettled legs of each as if nothing more were ever heard."""
        return self._sky.together([self._preview(slot) for slot in slots])

    def _preview(self, slot: int) -> Walk[list[Leg]]:
        fold = self._folds.get(int(self._icao24[slot])) or Fold(self._sky)
        over = self._closed[slot] or self._open[slot]["n"] == 0
        return fold.preview(None if over else Piece._make(self._open[slot].item()))

    def _publish(self, told: Iterable[tuple[int, list[Leg]]]) -> list[Leg]:
        """The legs of each slot, those of all named together."""
        return self._ledger.publish([(int(self._icao24[slot]), leg)
                                     for slot, legs in told for leg in legs])  # fmt: skip

    def _final(self, slot: int, legs: list[Leg]) -> list[Leg]:
        return self._ledger.settle(int(self._icao24[slot]), legs)

    def _on_ground(self, slot: int) -> bool:
        return bool(self._open[slot]["kind"] == GROUND)
