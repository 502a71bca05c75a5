"""The stops of one airframe in order, and the legs between them that are not settled yet.

A stop is judged in the light of the stops before and after it, so a leg waits: until both its ends
are beyond doubt, until `AHEAD` more stops are known, or until the hours of revision are over.
Promises: the same stops in the same order settle the same legs, whenever `settle` is called; two
legs that meet at a stop name the same field. Nothing here is changed in place, so that a copy of
the whole stays what it was.
"""

import math
from dataclasses import dataclass, field, replace

from bot.legs.belief import LIGHT
from bot.legs.customs import Flown
from bot.legs.resolve import Neighbours, Others, Resolved, Sky, at, when
from bot.legs.sift import TWIN
from bot.legs.stop import Stop
from bot.model.air import Callsign, Leg, hex_of

LATER_S = 36 * 3600.0  # a live leg may be revised for so long
PAST, AHEAD = 3, 2  # stops that are remembered, and waited for: a shuttle is back after two


@dataclass(frozen=True, slots=True)
class Draft:
    """A leg whose ends are not named yet. `origin`, `end`: numbers of its stops."""

    origin: int
    end: int
    icao24: int
    first: float
    last: float
    call: bytes
    reg: str
    type_code: str
    military: bool


@dataclass(slots=True)
class Chain:
    """`stops[0]` is stop number `base`; `fixed`: ends named for good, by number of the stop."""

    base: int = 0
    stops: tuple[Stop, ...] = ()
    drafts: tuple[Draft, ...] = ()
    fixed: dict[int, Resolved] = field(default_factory=dict)
    news: tuple[Flown, ...] = ()  # flights with a sure end, not taken yet

    def add(self, stop: Stop) -> int:
        """The next stop; its number."""
        self.stops = (*self.stops, stop)
        return self.base + len(self.stops) - 1

    def stop(self, number: int) -> Stop:
        """The stop of a number that `add` gave and no settled leg has left behind."""
        return self.stops[number - self.base]

    def blank(self, number: int) -> None:
        """Nothing can be said of where this stop was after all."""
        i = number - self.base
        bare = replace(self.stops[i], odds=(), itself=False)
        self.stops = (*self.stops[:i], bare, *self.stops[i + 1 :])

    def draft(self, draft: Draft, sky: Sky) -> None:
        """A leg between two stops that were added."""
        self.drafts = (*self.drafts, draft)
        origin, end = self.stop(draft.origin), self.stop(draft.end)
        self.note(sky, draft.icao24, draft.first, origin, end, draft.call)

    def note(self, sky: Sky, icao24: int, first: float, origin: Stop, end: Stop,
             call: bytes) -> None:  # fmt: skip
        """A flight between these stops, if one of them is sure."""
        one, two = sky.sure(origin), sky.sure(end)
        if one or two:
            light = end.craft in LIGHT
            self.news = (*self.news, Flown(icao24 % TWIN, first, light, one, two, call))

    def take_news(self) -> tuple[Flown, ...]:
        """The flights with a sure end since this was last asked."""
        news, self.news = self.news, ()
        return news

    def settle(self, sky: Sky, now_s: float) -> list[Leg]:
        """The legs that nothing can change any more at `now_s`."""
        n = 0
        newest = self.base + len(self.stops) - 1
        for d in self.drafts:
            sure = self.stop(d.origin).sure and self.stop(d.end).sure
            if not (sure or newest - d.end >= AHEAD or now_s - d.last > LATER_S):
                break
            n += 1
        if not n:
            return []
        legs = [self._leg(d, self._fix(sky, d.origin), self._fix(sky, d.end))
                for d in self.drafts[:n]]  # fmt: skip
        self.drafts = self.drafts[n:]
        self._forget()
        return legs

    def waiting(self, sky: Sky) -> list[Leg]:
        """The legs that are not settled, as they stand."""
        return [self._leg(d, self._resolved(sky, d.origin), self._resolved(sky, d.end))
                for d in self.drafts]  # fmt: skip

    def _others(self, number: int) -> Others:
        i = number - self.base
        low = max(i - PAST, 0)
        return [(j - i, s) for j, s in enumerate(self.stops[low : i + AHEAD + 1], low) if j != i]

    def _resolved(self, sky: Sky, number: int) -> Resolved:
        known = self.fixed.get(number)
        if known is not None:
            return known
        found = sky.resolve(self.stop(number), self._others(number))
        return self._asking(sky, number, found) if found.doubtful else found

    def _asking(self, sky: Sky, number: int, found: Resolved) -> Resolved:
        """A stop that habits may still tell, with what there is to ask them of it."""
        to = next((d for d in self.drafts if d.end == number), None)
        on = next((d for d in self.drafts if d.origin == number), None)
        return sky.asking(self.stop(number), found, Neighbours(
            sky.sure(self.stop(to.origin)) if to else "", sky.sure(self.stop(on.end)) if on else "",
            _text(to), _text(on), to.first if to else math.nan,
        ))  # fmt: skip

    def _fix(self, sky: Sky, number: int) -> Resolved:
        known = self.fixed.get(number)
        if known is None:
            if sky.asked is not None:
                sky.asked.append((self.stop(number), self._others(number)))
            known = self._resolved(sky, number)
            self.fixed = {**self.fixed, number: known}
        return known

    def _forget(self) -> None:
        """All but the stops that a waiting leg, or the judgement of one, still needs."""
        newest = self.base + len(self.stops) - 1
        needed = min([d.origin for d in self.drafts], default=newest)
        drop = max(needed - PAST - self.base, 0)
        self.base, self.stops = self.base + drop, self.stops[drop:]
        self.fixed = {n: r for n, r in self.fixed.items() if n >= needed}

    @staticmethod
    def _leg(d: Draft, origin: Resolved, end: Resolved) -> Leg:
        icao = hex_of(d.icao24 % TWIN)
        call = _text(d)
        return Leg(
            f"{icao}-{int(d.first)}", icao, at(d.first), at(d.last), origin.departure, end.arrival,
            when(origin.takeoff), when(end.landing), Callsign(call) if call else None,
            d.reg or None, d.type_code or None, d.military or None,
        )  # fmt: skip


def _text(d: Draft | None) -> str:
    return d.call.decode("ascii", "replace") if d is not None else ""
