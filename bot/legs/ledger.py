"""What was told of each aircraft's legs, and what is not final until a habit may name its ends.

Promises: a leg keeps its id when it is told again, and is told again only when it says something
else; a final leg is told once.
"""

import heapq
import itertools
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.legs.customs import DUE_S, Customs, due_s, is_open
from bot.legs.recall import BACK_S
from bot.legs.state import Published
from bot.model.air import Leg

SPARE_S = 86400.0  # facts are kept so much longer than they can count


class Ledger:
    """The legs told so far, by aircraft, and those that wait."""

    def __init__(self, customs: Customs, published: Published, held: Iterable[Leg] = ()) -> None:
        """`held`: final but for an end that a habit may name."""
        self.published, self._customs = published, customs
        self._held: list[tuple[float, int, Leg]] = []  # a heap by when each is due
        self._count = itertools.count()
        for leg in held:
            self._hold(leg)

    @property
    def held(self) -> list[Leg]:
        """Those that wait, in the order in which they come."""
        return [leg for _, _, leg in sorted(self._held)]

    def publish(self, legs: Sequence[tuple[int, Leg]]) -> list[Leg]:
        """These legs, each with its aircraft, but for those that were told just so before."""
        out = []
        named = self._customs.named(leg for _, leg in legs)
        for (address, _), leg in zip(legs, named, strict=True):
            told = self.published.setdefault(address, {})
            leg = _same_id(told, leg)
            news = (leg.first_seen.timestamp(), leg.last_seen.timestamp(), _content(leg))
            if told.get(leg.id) != news:
                told[leg.id] = news
                out.append(leg)
        return out

    def settle(self, address: int, legs: Iterable[Leg]) -> list[Leg]:
        """These legs as final; those that wait for a habit come later (`due`)."""
        told = self.published.get(address, {})
        out = []
        for leg in legs:
            leg = _same_id(told, leg)
            if is_open(leg):
                self._hold(leg)
                continue
            told.pop(leg.id, None)
            out.append(replace(leg, final=True))
        return out

    def due(self, now_s: float) -> list[Leg]:
        """The legs of which a habit could name an end, when all that counts for them is known."""
        due = []
        while self._held and self._held[0][0] < now_s:
            leg = heapq.heappop(self._held)[2]
            self.published.get(int(leg.icao24, 16), {}).pop(leg.id, None)
            due.append(leg)
        out = [replace(leg, final=True) for leg in self._customs.named(due)]
        self._customs.forget(now_s - DUE_S - BACK_S - SPARE_S)
        return out

    def forget(self, address: int) -> None:
        """An aircraft that will not be heard again."""
        self.published.pop(address, None)

    def _hold(self, leg: Leg) -> None:
        heapq.heappush(self._held, (due_s(leg), next(self._count), leg))


def _same_id(told: dict[str, tuple[float, float, int]], leg: Leg) -> Leg:
    """A leg told before keeps its id even when its first report turned out to be another."""
    if leg.id in told:
        return leg
    first, last = leg.first_seen.timestamp(), leg.last_seen.timestamp()
    same = (i for i, (begin, end, _) in told.items() if begin < last and first < end)
    return replace(leg, id=next(same, leg.id))


def _content(leg: Leg) -> int:
    """What a reader of the leg sees, in short; the same after a restart."""
    ends = [(e.airfield, e.confidence, e.how, e.area) for e in (leg.origin, leg.destination)]
    return zlib.crc32(repr((ends, leg.takeoff, leg.landing, leg.callsign)).encode())
