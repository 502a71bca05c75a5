"""Legs from files: whole tracks at once, the same legs that live polls would have given.

`History` takes batches of reports of any number of aircraft. What is open at the end of a batch
is carried, so that a day file continues where the one before ended.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bot.airfields import Airfields
from bot.legs import belief, pieces, sift
from bot.legs.fold import Fold
from bot.legs.places import Places
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


class History:
    """The leg builder for recordings. `named`: idents that watches name, never held small."""

    def __init__(self, airfields: Airfields, areas: tuple[Area, ...] = (),
                 named: frozenset[str] = frozenset()) -> None:  # fmt: skip
        self.sky = Sky(Places(airfields, named), belief.shipped(), areas)
        self._open: dict[int, _Open] = {}

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
        """Settle what is open (of these aircraft, else of all) and forget it."""
        if addresses is not None:
            addresses = [a for plain in addresses for a in (plain, plain | sift.TWIN)]
        held = [
            self._open.pop(a, None) for a in (list(self._open) if addresses is None else addresses)
        ]
        return self._settled([_ended(one) for one in held if one is not None])

    def _settled(self, walks: list[Walk[list[Leg]]]) -> list[Leg]:
        """What the walks of several aircraft come to."""
        return [replace(leg, final=True) for legs in self.sky.together(walks) for leg in legs]

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
        for row in new[:-1].tolist():
            out += yield from fold.push(Piece._make(row))
        self._open[address] = _Open(gate, new[-1:].copy(), fold)
        return out


def _ended(held: _Open) -> Walk[list[Leg]]:
    """The legs of an aircraft that will not be heard again."""
    legs = yield from held.fold.push(Piece._make(held.piece[0].item()))
    return legs + (yield from held.fold.flush())


def legs_of(positions: Positions, history: History) -> list[Leg]:
    """All legs of these reports, as if nothing else were ever heard."""
    return history.add(positions) + history.flush()
