"""What is open of one airframe: the flight under way, the ground since, the stops behind it.

A stop is made by asking: whatever needs one is a `Walk` (`stop.py`), so that the stops of many
airframes can be held against the fields together.
"""

from dataclasses import dataclass, field, replace

from bot.geo import distance_km
from bot.legs.chain import Chain, Draft
from bot.legs.resolve import Sky
from bot.legs.side import Piece, Side, arrival, craft_class, of_the_forces, standing
from bot.legs.sift import TWIN
from bot.legs.stop import Seen, Spell, Stop, Walk

ONE_FIELD_KM = 15.0  # surface reports further apart are two fields
BLIP_S, BLIP_FT = 180.0, 400.0  # 'airborne' this short and low between two taxiings is none
LEAST_S = 30.0  # airborne reports over a shorter time, from and to one place, are no flight
MOMENT_S = 75.0  # between surface reports at one place nothing flies for so short a time
YOUNG_S, YOUNG_FPM = 300.0, 1000.0  # so soon after take-off it climbs, told or not
CLIMB_FT = 500.0  # less is no climb


@dataclass(frozen=True, slots=True)
class Flight:
    """What is kept of the airborne pieces since the last stop."""

    first_t: float
    n: int
    last: Piece
    top: float  # highest altitude, ft
    fast: float  # fastest ground speed, kt
    call: bytes  # the last callsign heard

    @classmethod
    def begun(cls, p: Piece) -> "Flight":
        """The first of them."""
        return cls(p.t0, p.n, p, p.max_alt, p.max_gs, p.cs1)

    def __add__(self, p: Piece) -> "Flight":
        top, fast = most(self.top, p.max_alt), most(self.fast, p.max_gs)
        return Flight(self.first_t, self.n + p.n, p, top, fast, p.cs1 or self.call)


def most(a: float, b: float) -> float:
    """The larger number; unknown (NaN) only when both are."""
    return b if a != a or b > a else a


@dataclass(slots=True)
class Airframe:
    """Open state of one airframe. `air`: the flight under way; `ground`: seen since it."""

    sky: Sky
    air: Flight | None = None
    ground: tuple[Piece, ...] = ()
    origin: int | None = None  # the number of the stop it came from
    came_from: Spell | None = None  # and where it was seen on the ground there
    chain: Chain = field(default_factory=Chain)
    lone: Piece | None = None  # one report between silences: believed when the next agrees
    last_t: float | None = None
    reg: str = ""
    type_code: str = ""
    military: bool = False

    # ------------------------------------------------------------------------------- what is open

    def _icao(self) -> int:
        return (self.air.last if self.air else self.ground[0]).icao24

    def _momentary(self, air: Flight) -> bool:
        """Airborne for a moment only since it was seen on the ground."""
        return self.came_from is not None and air.last.t1 - air.first_t < MOMENT_S

    def _before(self) -> Side | None:
        if self.air is None:
            return None
        side = arrival(self.air.last, self.air.top, self.air.fast)
        started = self.came_from.until if self.came_from else None
        if started is not None and side.t - started < YOUNG_S and side.rate != side.rate:
            return replace(side, rate=YOUNG_FPM)
        return side

    def _spell(self) -> Spell | None:
        if not self.ground:
            return None
        first, last = self.ground[0], self.ground[-1]
        main = max(reversed(self.ground), key=lambda p: p.n)  # a stray position must not decide
        return Spell(first.t0, last.t1, *standing(main))

    def _craft(self, q: Piece | None = None) -> str:
        fast, high = (self.air.fast, self.air.top) if self.air else (0.0, 0.0)
        if q is not None:
            fast, high = most(fast, q.max_gs), most(high, q.max_alt)
        piece = q or (self.air.last if self.air else None)
        forces = self.military or (piece is not None and of_the_forces(piece.icao24 % TWIN))
        return craft_class(self.type_code, forces, fast, high)

    def _stop(self, before: Side | None, after: Side | None, spell: Spell | None,
              q: Piece | None = None) -> Walk[Stop]:  # fmt: skip
        seen = Seen(before, after, spell, self._craft(q))
        return self.sky.known(seen) or (yield seen)

    # -------------------------------------------------------------------------------- making legs

    def _start(self, origin: int, spell: Spell | None, q: Piece) -> None:
        self.air, self.ground, self.origin, self.came_from = Flight.begun(q), (), origin, spell

    def _forget(self) -> None:
        """Nothing of the flight under way or the ground since is left."""
        self.air, self.ground, self.origin, self.came_from = None, (), None, None

    def _finish(self, stop: Stop) -> int:
        """The flight under way, if there is one, ends at this stop; the stop's number."""
        number = self.chain.add(stop)
        if self.air is None or self.origin is None:
            return number
        if self._only_came_down(self.air):
            self.chain.blank(self.origin)
        if self._flew(self.air, stop) and not self._blip(self.air, stop):
            self.chain.draft(Draft(
                self.origin, number, self._icao(), self.air.first_t, self.air.last.t1,
                self.air.call, self.reg, self.type_code, self.military,
            ), self.sky)  # fmt: skip
        return number

    def _flew(self, air: Flight, stop: Stop) -> bool:
        """Seen in the air for more than a moment, or else on the ground of two fields."""
        if air.last.t1 - air.first_t > LEAST_S:
            return True
        a, b = self.came_from, stop.spell
        if a is None or b is None:
            return False
        return distance_km(a.lat, a.lon, b.lat, b.lon) > ONE_FIELD_KM

    def _only_came_down(self, air: Flight) -> bool:
        """First heard at its highest and lower ever since: it did not take off where it was."""
        assert self.origin is not None
        first = self.chain.stop(self.origin)
        if first.before is not None or first.spell is not None or first.after is None:
            return False
        start = first.after.alt
        return start >= air.top - CLIMB_FT and start - air.last.alt1 > CLIMB_FT

    def _unseen(self, icao24: int, origin: int, stop: Stop, first: float, last: float) -> int:
        """A leg of which nothing was seen but that it must have been; its last stop's number."""
        number = self.chain.add(stop)
        self.chain.draft(Draft(origin, number, icao24, first, last, b"", self.reg, self.type_code,
                               self.military), self.sky)  # fmt: skip
        return number

    def _blip(self, air: Flight, stop: Stop) -> bool:
        """A taxiing aircraft that said 'airborne' for a moment."""
        a, b = self.came_from, stop.spell
        span = air.last.t1 - air.first_t
        if a is None or b is None or span > BLIP_S:
            return False
        if b.since - a.until < MOMENT_S:
            return distance_km(a.lat, a.lon, b.lat, b.lon) < ONE_FIELD_KM
        floor = self.sky.places.ground_ft(a.lat, a.lon)
        high = air.top > floor + BLIP_FT
        return not high and distance_km(a.lat, a.lon, b.lat, b.lon) < ONE_FIELD_KM

    def so_far(self) -> Walk[None]:
        """Note the flight under way as if it had ended where it was heard last."""
        before, spell = self._before(), self._spell()
        if before is None or self.air is None or self.origin is None:
            return
        if spell is None and not self.sky.near_ground(before):
            return  # one side at cruise is never sure
        stop = yield from self._stop(before, None, spell)
        origin = self.chain.stop(self.origin)
        self.chain.note(self.sky, self._icao(), self.air.first_t, origin, stop, self.air.call)
