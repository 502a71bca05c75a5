"""Legs from files: whole tracks at once, the same legs that live polls would have given.

`History` takes batches of reports of any number of aircraft. What is open at the end of a batch
is carried, so that a day file continues where the one before ended.
"""

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bot.airfields import Airfields
from bot.legs import belief, pieces, sift
from bot.legs.customs import Customs, is_open
from bot.legs.fold import Fold
from bot.legs.places import Places
from bot.legs.recall import Facts
from bot.legs.resolve import Sky
from bot.legs.side import Piece
from bot.legs.stop import Walk
from bot.model.air import Leg, Positions
from bot.model.watch import Area

Records = npt.NDArray[np.void]


@dataclass(slots=True)
class _Open:
    """What an aircraft carries from one batch to the next (shape (1,) arrays)."""

    gate: Records
    piece: Records
    fold: Fold


@dataclass(frozen=True, slots=True)
class Left:
    """Legs that wait for what is known of all aircraft, and what is known of some."""

    legs: tuple[Leg, ...]
    facts: Facts


def finished(airfields: Airfields, left: Iterable[Left]) -> list[Leg]:
    """The legs that waited, in the light of all."""
    left, customs = list(left), Customs(airfields)
    for one in left:
        customs.take(one.facts)
    legs = customs.named(leg for one in left for leg in one.legs)
    return [replace(leg, final=True) for leg in legs]


class History:
    """The leg builder for recordings. `named`: idents that watches name, never held small."""

    def __init__(self, airfields: Airfields, areas: tuple[Area, ...] = (),
                 named: frozenset[str] = frozenset()) -> None:  # fmt: skip
        self.sky = Sky(Places(airfields, named), belief.shipped(), areas)
        self._fields = airfields
        self._open: dict[int, _Open] = {}
        self._customs = Customs(airfields)
        self._held: list[Leg] = []  # until all is read that may name an end

    def add(self, positions: Positions) -> list[Leg]:
        """Take reports, later than all before of their aircraft; the legs settled by them."""
        p = sift.tidy(positions)
        if not len(p):
            return []
        first = sift.groups(p.icao24)
        gates = sift.new_gates(len(first))
        for i, address in enumerate(p.icao24[first].tolist()):
            if address in self._open:
                gates[i] = self._open[address].gate[0]
        sifted = sift.sift(p, gates)
        new = pieces.cut(sifted.positions, sifted.jump)
        begins = np.searchsorted(new["icao24"], sifted.icao24)
        ends = np.searchsorted(new["icao24"], sifted.icao24, side="right")
        walks = [
            self._aircraft(address, sifted.gates[i : i + 1], new[begins[i] : ends[i]])
            for i, address in enumerate(sifted.icao24.tolist())
        ]
        twins = new[np.searchsorted(new["icao24"], sift.TWIN) :]
        walks += [
            self._aircraft(address, sift.new_gates(1), twins[twins["icao24"] == address])
            for address in np.unique(twins["icao24"]).tolist()
        ]
        return self._settled(walks)

    def flush(self, addresses: Iterable[int] | None = None) -> list[Leg]:
        """Settle what is open (of these aircraft, else of all) and forget it. A leg of which only
        the habits of all aircraft may name an end comes when nothing is open any more."""
        if addresses is None:
            return self.close() + finished(self._fields, [self.leave()])
        return self._closed([a for plain in addresses for a in (plain, plain | sift.TWIN)])

    def close(self) -> list[Leg]:
        """Settle all that is open; what waits for others is left (`leave`)."""
        return self._closed(list(self._open))

    def _closed(self, addresses: list[int]) -> list[Leg]:
        held = [self._open.pop(a, None) for a in addresses]
        return self._settled([self._ended(one) for one in held if one is not None])

    def leave(self) -> "Left":
        """What waits for all aircraft to be read, to be `finished` with what others left; it is
        forgotten here. To be asked when nothing is open."""
        left = Left(tuple(self._held), self._customs.facts.copy())
        self._held, self._customs = [], Customs(self._fields)
        return left

    def _settled(self, walks: list[Walk[list[Leg]]]) -> list[Leg]:
        """What the walks of several aircraft come to."""
        legs = [leg for legs in self.sky.together(walks) for leg in legs]
        self._held += [leg for leg in legs if is_open(leg)]
        return [replace(leg, final=True) for leg in legs if not is_open(leg)]

    def _learn(self, fold: Fold, last_s: float, next_s: float) -> Walk[None]:
        """What is known of the airframe's flights by the end of a piece."""
        self._customs.learn(last_s, fold.chain.take_news())
        if next_s - last_s > pieces.QUIET_S:
            yield from fold.so_far()
            self._customs.learn(last_s + pieces.QUIET_S, fold.chain.take_news())

    def _ended(self, held: _Open) -> Walk[list[Leg]]:
        """The legs of an aircraft that will not be heard again."""
        piece = Piece._make(held.piece[0].item())
        legs = yield from held.fold.push(piece)
        yield from self._learn(held.fold, piece.t1, math.inf)
        return legs + (yield from held.fold.flush())

    def _aircraft(self, address: int, gate: Records, new: Records) -> Walk[list[Leg]]:
        held = self._open.get(address)
        if not len(new):
            if held is not None:
                held.gate = gate
            return []
        fold = held.fold if held is not None else Fold(self.sky)
        if held is not None and pieces.continues(held.piece, new[:1])[0]:
            new = np.concatenate([pieces.merge(held.piece, new[:1]), new[1:]])
        elif held is not None:
            new = np.concatenate([held.piece, new])
        out: list[Leg] = []
        for piece, after in itertools.pairwise(map(Piece._make, new.tolist())):
            out += yield from fold.push(piece)
            yield from self._learn(fold, piece.t1, after.t0)
        self._open[address] = _Open(gate, pieces.take(new, np.array([len(new) - 1])), fold)
        return out


def legs_of(positions: Positions, history: History) -> list[Leg]:
    """All legs of these reports, as if nothing else were ever heard."""
    return history.add(positions) + history.flush()
