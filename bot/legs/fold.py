"""The pieces of one airframe, one after another, to legs.

`Fold.push` takes closed pieces in time order and gives back the legs that are thereby settled;
`flush` settles what is left. Live polls and history drive the same fold with the same pieces, so
they cannot differ; what live publishes before a piece is closed is a flush of a copy. The legs
wait in a `Chain` until later stops can change them no more.
"""

import copy
import math
from dataclasses import dataclass, field, replace

from bot.geo import KM_PER_NM, distance_km
from bot.legs import cut
from bot.legs.belief import LIGHT
from bot.legs.chain import Chain, Draft
from bot.legs.pieces import AIR, GAP_S, GROUND
from bot.legs.resolve import Sky
from bot.legs.side import Piece, Side, arrival, craft_class, departure, of_the_forces, standing
from bot.legs.sift import JUMP_KM, JUMP_KT, TWIN
from bot.legs.stop import Spell, Stop
from bot.model.air import Leg

FORGET_S = 36 * 3600.0  # longer silence starts a new life: too much may have happened unseen
ONE_FIELD_KM = 15.0  # surface reports further apart are two fields
SPLIT_S = 45 * 60.0  # an unseen hop before (after) a surface report takes at least this long
SPLIT_AT = 0.8
SPLIT_LEFT = 0.1  # of the odds, when the other side is taken into account
HOP_S = 600.0
BLIP_S, BLIP_FT = 180.0, 400.0  # 'airborne' this short and low between two taxiings is none
MOMENT_S = 75.0  # between surface reports at one place nothing flies for so short a time
YOUNG_S, YOUNG_FPM = 300.0, 1000.0  # so soon after take-off it climbs, told or not
LONE_S = 20.0  # false surface bits come alone
HIGH_SLOW_FT = 12_000.0  # below 40 kt up here: a frozen, spoofed position
FIELD_KM, PAD_KM = 5.0, 1.5
CLIMB_FT = 500.0  # less is no climb
ANOTHER_KM = 1000.0  # a track that leaps so far is another aircraft under the same address
LITTLE = 10  # reports: a place left again by a jump after so few was wrong


@dataclass(frozen=True, slots=True)
class Flight:
    """What is kept of the airborne pieces since the last stop."""

    first_t: float
    n: int
    last: Piece
    top: float  # highest altitude, ft
    fast: float  # fastest ground speed, kt
    call: bytes  # the last callsign heard

    def __add__(self, p: Piece) -> "Flight":
        top, fast = _most(self.top, p.max_alt), _most(self.fast, p.max_gs)
        return Flight(self.first_t, self.n + p.n, p, top, fast, p.cs1 or self.call)


def _flight(p: Piece) -> Flight:
    return Flight(p.t0, p.n, p, p.max_alt, p.max_gs, p.cs1)


def _most(a: float, b: float) -> float:
    """The larger number; unknown (NaN) only when both are."""
    return b if a != a or b > a else a


@dataclass(slots=True)
class Fold:
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

    def push(self, piece: Piece) -> list[Leg]:
        """Take the next closed piece; the legs that it settles."""
        out, lone = [], self.lone
        self.lone = None
        if lone is not None and piece.jump and not self._leapt(piece):
            piece = piece._replace(jump=False)  # it was the lone one that leapt
        elif lone is not None:
            out = self._take(lone)
        if piece.n == 1 and piece.kind == AIR and not piece.jump:
            self.lone = piece
            return out
        return out + self._take(piece)

    def _leapt(self, q: Piece) -> bool:
        """Whether it cannot have come from where it was heard before the lone report."""
        last = self.ground[-1] if self.ground else self.air.last if self.air else None
        if last is None:
            return False
        km = distance_km(last.lat1, last.lon1, q.lat0, q.lon0)
        return km > max(JUMP_KM, JUMP_KT * KM_PER_NM / 3600 * (q.t0 - last.t1))

    def _take(self, piece: Piece) -> list[Leg]:
        out = []
        if self.last_t is not None and piece.t0 - self.last_t > FORGET_S:
            out = self._end()
        self.last_t = piece.t1
        self.reg = piece.reg.decode("ascii", "replace") or self.reg
        self.type_code = piece.type.decode("ascii", "replace") or self.type_code
        self.military = self.military or piece.military
        kind = self._kind(piece)
        if kind == GROUND:
            self._on_ground(piece)
        elif kind is not None:
            self._in_air(piece)
        return out + self.chain.settle(self.sky, piece.t1)

    def flush(self) -> list[Leg]:
        """Settle everything as if nothing more will be heard, and forget it."""
        out, lone = [], self.lone
        self.lone = None
        if lone is not None:
            out = self._take(lone)
        return out + self._end()

    def _end(self) -> list[Leg]:
        if self.air:
            self._finish(self._stop(self._before(), None, self._spell()))
        out = self.chain.settle(self.sky, math.inf)
        self.air, self.ground, self.origin, self.came_from = None, (), None, None
        self.chain = Chain()
        return out

    def preview(self, piece: Piece | None) -> list[Leg]:
        """The unsettled legs if `piece`, still open, were the last ever heard; changes nothing."""
        other = copy.copy(self)
        other.chain = copy.copy(self.chain)
        out = other.push(piece) if piece is not None else []
        return out + other.flush()

    def waiting(self) -> list[Leg]:
        """The legs that lie behind but are not settled, as they stand."""
        return self.chain.waiting(self.sky)

    # ------------------------------------------------------------------ what kind of piece it is

    def _kind(self, p: Piece) -> int | None:
        if p.kind == AIR:
            return AIR
        if p.kind == GROUND:
            return None if self.air and not self.ground and self._false_bit(self.air, p) else GROUND
        return self._kind_of_slow(p)

    def _false_bit(self, air: Flight, g: Piece) -> bool:
        """A surface report in flight. After a moment in the air the airborne ones were false."""
        if self._momentary(air):
            return False
        floor = self.sky.places.ground_ft(g.lat0, g.lon0)
        return cut.rolls_on(g) or (
            g.t1 - g.t0 < LONE_S and cut.too_high(air.last.alt1, g.t0 - air.last.t1, floor)
        )

    def _momentary(self, air: Flight) -> bool:
        """Airborne for a moment only since it was seen on the ground."""
        return self.came_from is not None and air.last.t1 - air.first_t < MOMENT_S

    def _kind_of_slow(self, p: Piece) -> int | None:
        """Too slow to fly, and not said to be on the ground: many transponders never say it."""
        rotor = self._craft(p) == "R"
        if p.min_alt > HIGH_SLOW_FT and not rotor:
            return None
        km, rows = self.sky.places.airfields.nearest(p.lat1, p.lon1, 1, FIELD_KM)
        if rows[0, 0] < 0:
            return AIR
        elevation = float(self.sky.places.elevation_ft[rows[0, 0]])
        low = not p.min_alt > max(elevation if elevation == elevation else 0, 0) + 700
        if rotor:
            still = p.max_gs < 5 and p.t1 - p.t0 >= 60 and km[0, 0] < PAD_KM
            return GROUND if low and still else AIR
        return GROUND if low else AIR

    # --------------------------------------------------------------------------- the two events

    def _on_ground(self, g: Piece) -> None:
        if self.ground:
            last = self.ground[-1]
            km = distance_km(last.lat1, last.lon1, g.lat0, g.lon0)
            if km > ONE_FIELD_KM and g.t0 - last.t1 > max(HOP_S, km / 0.3) and g.n > 1:
                self._unseen_hop(g)
        heard = (*self.ground, g)
        self.ground = (heard[0], max(heard, key=lambda p: p.n), g) if len(heard) > 1 else heard

    def _in_air(self, q: Piece) -> None:
        if self.ground and self._ground_was_false(q):
            self.ground = ()
        if self.ground:
            flying = self.air is not None and not self._momentary(self.air)
            if self.air and flying and cut.touched_and_went(self.air.last, self.ground[-1], q):
                self.ground = ()
                self.air += q
                return
            self._take_off(q)
            return
        if not self.air:
            stop = self._stop(None, departure(q, q.max_gs), None, q)
            self._start(self.chain.add(stop), None, q)
            return
        if q.jump:
            if self.air.n < LITTLE and self.origin is not None and self.came_from is None:
                self.air = None  # it never was where it was first seen
                self._in_air(q)
                return
            last = self.air.last
            if distance_km(last.lat1, last.lon1, q.lat0, q.lon0) > ANOTHER_KM:
                self._finish(self._stop(self._before(), None, None))
                self._start(self.chain.add(self._stop(None, departure(q, q.max_gs), None, q)),
                            None, q)  # fmt: skip
                return
        elif self._landed_before(self.air, q):
            self._take_off(q)
            return
        self.air += q

    def _ground_was_false(self, q: Piece) -> bool:
        g = self.ground[-1]
        floor = self.sky.places.ground_ft(g.lat1, g.lon1)
        alone = len(self.ground) == 1 and self.ground[0].t1 - self.ground[0].t0 < LONE_S
        long = q.t1 - q.t0 >= MOMENT_S
        return cut.rolls_on(g) or (alone and long and cut.too_high(q.alt0, q.t0 - g.t1, floor))

    def _landed_before(self, air: Flight, q: Piece) -> bool:
        if q.t0 - air.last.t1 <= GAP_S:
            return False
        before, after = arrival(air.last, air.top, air.fast), departure(q, q.max_gs)
        floor = self.sky.places.ground_ft(before.lat, before.lon)
        light = self._craft(q) in LIGHT
        return cut.landed_between(before, after, (air.call, q.cs0), light, floor)

    # ------------------------------------------------------------------------------- making legs

    def _take_off(self, q: Piece) -> None:
        """A stop lies between what was seen so far and q."""
        after, spell = departure(q, q.max_gs), self._spell()
        if spell is not None:
            self._hop_before(spell)
            if self._hop_after(spell, after, q):
                return
        stop = self._stop(self._before(), after, spell, q)
        if spell is None and self._hop_between(stop, q):
            return
        self._start(self._finish(stop), spell, q)

    def _hop_before(self, spell: Spell) -> None:
        """Lost low at one field, next heard on the ground of another: it flew there unseen."""
        before = self._before()
        if before is None or spell.since - before.t < SPLIT_S:
            return
        middle = self._stop(before, None, None)
        if not self._elsewhere(middle, spell):
            return
        icao = self._icao()
        lost = self._finish(middle)
        self.air, self.origin, self.came_from = None, None, None
        self._unseen(icao, lost, self._stop(None, None, spell), before.t, spell.since)

    def _hop_after(self, spell: Spell, after: Side, q: Piece) -> bool:
        """Parked at one field, next heard low over another: it flew there unseen."""
        if after.t - spell.until < SPLIT_S:
            return False
        middle = self._stop(None, after, None, q)
        if not self._elsewhere(middle, spell):
            return False
        parked = self._finish(self._stop(self._before(), None, spell))
        number = self._unseen(q.icao24, parked, middle, spell.until, after.t)
        self._start(number, None, q)
        return True

    def _hop_between(self, joint: Stop, q: Piece) -> bool:
        """Lost low at one field and found where it cannot have come from there, or the other way
        round: it flew on unseen, and each side speaks for itself."""
        before, after = joint.before, joint.after
        if before is None or after is None or after.t - before.t < SPLIT_S:
            return False
        if not self.sky.torn(joint):
            return False
        one, two = self._stop(before, None, None), self._stop(None, after, None, q)
        low = [s for s, side in ((one, before), (two, after)) if self.sky.seen_low(s, side)]
        if not low or self._agree(low, joint):
            return False
        icao, number = self._icao(), self._finish(one)
        if all(self.sky.resolve(s).arrival.airfield is not None for s in (one, two)):
            number = self._unseen(icao, number, two, before.t, after.t)
        else:
            number = self.chain.add(two)
        self._start(number, None, q)
        return True

    @staticmethod
    def _agree(low: list[Stop], joint: Stop) -> bool:
        """Whether both sides together leave the field that one was seen low over a chance."""
        shares = dict(joint.odds)
        return all(shares.get(s.odds[0][0], 0.0) > SPLIT_LEFT for s in low)

    def _elsewhere(self, stop: Stop, spell: Spell) -> bool:
        found = self.sky.resolve(stop)
        ident = found.arrival.airfield
        here = self.sky.places.airfields.get(ident) if ident else None
        if here is None or found.arrival.confidence < SPLIT_AT:
            return False
        return distance_km(here.lat_deg, here.lon_deg, spell.lat, spell.lon) > ONE_FIELD_KM

    def _unseen_hop(self, g: Piece) -> None:
        """Surface reports at two fields and nothing between: one leg, never seen."""
        spell = self._spell()
        assert spell is not None
        icao = g.icao24
        stop = self._stop(self._before(), None, spell)
        number = self._finish(stop)
        there = self._stop(None, None, Spell(g.t0, g.t1, *standing(g)))
        if all(self.sky.resolve(s).arrival.airfield is not None for s in (stop, there)):
            self._unseen(icao, number, there, spell.until, g.t0)
        self.air, self.ground, self.origin, self.came_from = None, (), None, None

    def _start(self, origin: int, spell: Spell | None, q: Piece) -> None:
        self.air, self.ground, self.origin, self.came_from = _flight(q), (), origin, spell

    def _finish(self, stop: Stop) -> int:
        """The flight under way, if there is one, ends at this stop; the stop's number."""
        number = self.chain.add(stop)
        if self.air is None or self.origin is None:
            return number
        if self._only_came_down(self.air):
            self.chain.blank(self.origin)
        seen_on_ground = self.came_from or stop.spell
        if self.air.n >= (1 if seen_on_ground else 2) and not self._blip(self.air, stop):
            self.chain.draft(Draft(
                self.origin, number, self._icao(), self.air.first_t, self.air.last.t1,
                self.air.call, self.reg, self.type_code, self.military,
            ))  # fmt: skip
        return number

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
                               self.military))  # fmt: skip
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

    # ------------------------------------------------------------------------------- small helps

    def _icao(self) -> int:
        return (self.air.last if self.air else self.ground[0]).icao24

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
            fast, high = _most(fast, q.max_gs), _most(high, q.max_alt)
        piece = q or (self.air.last if self.air else None)
        forces = self.military or (piece is not None and of_the_forces(piece.icao24 % TWIN))
        return craft_class(self.type_code, forces, fast, high)

    def _stop(self, before: Side | None, after: Side | None, spell: Spell | None,
              q: Piece | None = None) -> Stop:  # fmt: skip
        return self.sky.stop(before, after, spell, self._craft(q))
