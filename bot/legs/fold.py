"""The pieces of one airframe, one after another, to legs.

`Fold.push` takes closed pieces in time order and gives back the legs that are thereby settled;
`flush` settles what is left. Live polls and history drive the same fold with the same pieces, so
they cannot differ; what live publishes before a piece is closed is a flush of a copy.
"""

import copy
from dataclasses import dataclass, field, replace

from bot.geo import distance_km
from bot.legs import cut
from bot.legs.pieces import AIR, GAP_S, GROUND
from bot.legs.side import Piece, Side, arrival, craft_class, departure, of_the_forces, standing
from bot.legs.stop import Sky, Spell, Stop, at, when
from bot.model.air import Callsign, Icao24, Leg, hex_of

FORGET_S = 36 * 3600.0  # longer silence starts a new life: too much may have happened unseen
RECENT = 8  # stops remembered
ONE_FIELD_KM = 15.0  # surface reports further apart are two fields
SPLIT_S = 45 * 60.0  # an unseen hop before (after) a surface report takes at least this long
SPLIT_AT = 0.8
HOP_S = 600.0
BLIP_S, BLIP_FT = 180.0, 400.0  # 'airborne' this short and low between two taxiings is none
MOMENT_S = 75.0  # between surface reports at one place nothing flies for so short a time
YOUNG_S, YOUNG_FPM = 300.0, 1000.0  # so soon after take-off it climbs, told or not
LONE_S = 20.0  # false surface bits come alone
HIGH_SLOW_FT = 12_000.0  # below 40 kt up here: a frozen, spoofed position
FIELD_KM, PAD_KM = 5.0, 1.5
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
    origin: Stop | None = None
    recent: list[dict[str, float]] = field(default_factory=list)
    last_t: float | None = None
    reg: str = ""
    type_code: str = ""
    military: bool = False

    def push(self, piece: Piece) -> list[Leg]:
        """Take the next closed piece; the legs that it settles."""
        out = []
        if self.last_t is not None and piece.t0 - self.last_t > FORGET_S:
            out = self.flush()
        self.last_t = piece.t1
        self.reg = piece.reg.decode("ascii", "replace") or self.reg
        self.type_code = piece.type.decode("ascii", "replace") or self.type_code
        self.military = self.military or piece.military
        kind = self._kind(piece)
        if kind is None:
            return out
        return out + (self._on_ground(piece) if kind == GROUND else self._in_air(piece))

    def flush(self) -> list[Leg]:
        """Settle everything as if nothing more will be heard, and forget it."""
        out = []
        if self.air:
            stop = self._resolve(self._before(), None, self._spell())
            out = self._finish(stop)
        self.air, self.ground, self.origin, self.recent = None, (), None, []
        return out

    def preview(self, piece: Piece | None) -> list[Leg]:
        """The legs if `piece`, still open, were the last ever heard; changes nothing."""
        other = copy.copy(self)
        out = other.push(piece) if piece is not None else []
        return out + other.flush()

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
        since_ground = self.origin is not None and self.origin.spell is not None
        return since_ground and air.last.t1 - air.first_t < MOMENT_S

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

    def _on_ground(self, g: Piece) -> list[Leg]:
        out = []
        if self.ground:
            last = self.ground[-1]
            km = distance_km(last.lat1, last.lon1, g.lat0, g.lon0)
            if km > ONE_FIELD_KM and g.t0 - last.t1 > max(HOP_S, km / 0.3) and g.n > 1:
                out = self._unseen_hop(g)
        heard = (*self.ground, g)
        self.ground = (heard[0], max(heard, key=lambda p: p.n), g) if len(heard) > 1 else heard
        return out

    def _in_air(self, q: Piece) -> list[Leg]:
        if self.ground and self._ground_was_false(q):
            self.ground = ()
        if self.ground:
            flying = self.air is not None and not self._momentary(self.air)
            if self.air and flying and cut.touched_and_went(self.air.last, self.ground[-1], q):
                self.ground = ()
                self.air += q
                return []
            return self._take_off(q)
        if not self.air:
            self.origin = self._resolve(None, departure(q, q.max_gs), None, q)
            self.air = _flight(q)
            return []
        if q.jump:
            if self.air.n < LITTLE and self.origin is not None and self.origin.spell is None:
                self.air = None  # it never was where it was first seen
                return self._in_air(q)
        elif self._landed_before(self.air, q):
            return self._take_off(q)
        self.air += q
        return []

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
        light = self._craft(q) in "LR"
        return cut.landed_between(before, after, (air.call, q.cs0), light, floor)

    # ------------------------------------------------------------------------------- making legs

    def _take_off(self, q: Piece) -> list[Leg]:
        """A stop lies between what was seen so far and q."""
        out = []
        before, after, spell = self._before(), departure(q, q.max_gs), self._spell()
        if spell is not None:
            out += self._hop_before(spell)
            before = self._before()
            hop = self._hop_after(spell, after, q)
            if hop is not None:
                return out + hop
        stop = self._resolve(before, after, spell, q)
        out += self._finish(stop)
        self._start(stop, q)
        return out

    def _hop_before(self, spell: Spell) -> list[Leg]:
        """Lost low at one field, next heard on the ground of another: it flew there unseen."""
        before = self._before()
        if before is None or spell.since - before.t < SPLIT_S:
            return []
        middle = self._resolve(before, None, None)
        if not self._elsewhere(middle, spell):
            return []
        out = self._finish(middle)
        end = self._resolve(None, None, spell)
        out.append(self._leg(None, middle, end, before.t, spell.since))
        self.air, self.origin = None, None
        return out

    def _hop_after(self, spell: Spell, after: Side, q: Piece) -> list[Leg] | None:
        """Parked at one field, next heard low over another: it flew there unseen."""
        if after.t - spell.until < SPLIT_S:
            return None
        middle = self._resolve(None, after, None, q)
        if not self._elsewhere(middle, spell):
            return None
        stop = self._resolve(self._before(), None, spell)
        out = self._finish(stop)
        out.append(self._leg(None, stop, middle, spell.until, after.t))
        self._remember(stop)
        self._start(middle, q)
        return out

    def _elsewhere(self, stop: Stop, spell: Spell) -> bool:
        ident = stop.arrival.airfield or stop.departure.airfield
        sure = max(stop.arrival.confidence, stop.departure.confidence)
        here = self.sky.places.airfields.get(ident) if ident else None
        if here is None or sure < SPLIT_AT:
            return False
        return distance_km(here.lat_deg, here.lon_deg, spell.lat, spell.lon) > ONE_FIELD_KM

    def _unseen_hop(self, g: Piece) -> list[Leg]:
        """Surface reports at two fields and nothing between: one leg, never seen."""
        spell = self._spell()
        assert spell is not None
        stop = self._resolve(self._before(), None, spell)
        out = self._finish(stop)
        there = self._resolve(None, None, Spell(g.t0, g.t1, *standing(g)))
        if there.arrival.airfield is not None and stop.arrival.airfield is not None:
            out.append(self._leg(None, stop, there, spell.until, g.t0))
        self._remember(stop)
        self.air, self.ground, self.origin = None, (), None
        return out

    def _start(self, stop: Stop, q: Piece) -> None:
        self._remember(stop)
        self.air, self.ground, self.origin = _flight(q), (), stop

    def _remember(self, stop: Stop) -> None:
        self.recent = [stop.mass, *self.recent][:RECENT]

    def _finish(self, stop: Stop) -> list[Leg]:
        if self.air is None or self.origin is None:
            return []
        seen_on_ground = self.origin.spell or stop.spell
        if self.air.n < (1 if seen_on_ground else 2) or self._blip(self.air, stop):
            return []
        return [self._leg(self.air, self.origin, stop, self.air.first_t, self.air.last.t1)]

    def _blip(self, air: Flight, stop: Stop) -> bool:
        """A taxiing aircraft that said 'airborne' for a moment."""
        a, b = self.origin.spell if self.origin else None, stop.spell
        span = air.last.t1 - air.first_t
        if a is None or b is None or span > BLIP_S:
            return False
        if b.since - a.until < MOMENT_S:
            return distance_km(a.lat, a.lon, b.lat, b.lon) < ONE_FIELD_KM
        floor = self.sky.places.ground_ft(a.lat, a.lon)
        high = air.top > floor + BLIP_FT
        return not high and distance_km(a.lat, a.lon, b.lat, b.lon) < ONE_FIELD_KM

    def _leg(self, air: Flight | None, origin: Stop, end: Stop, first: float, last: float) -> Leg:
        icao = self._icao()
        call = air.call.decode("ascii", "replace") if air else ""
        return Leg(
            f"{icao}-{int(first)}", icao, at(first), at(last), origin.departure, end.arrival,
            when(origin.takeoff), when(end.landing), Callsign(call) if call else None,
            self.reg or None, self.type_code or None, self.military or None,
        )  # fmt: skip

    # ------------------------------------------------------------------------------- small helps

    def _icao(self) -> Icao24:
        return hex_of((self.air.last if self.air else self.ground[0]).icao24)

    def _before(self) -> Side | None:
        if self.air is None:
            return None
        side = arrival(self.air.last, self.air.top, self.air.fast)
        started = self.origin.spell.until if self.origin and self.origin.spell else None
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
        forces = self.military or (piece is not None and of_the_forces(piece.icao24))
        return craft_class(self.type_code, forces, fast, high)

    def _resolve(self, before: Side | None, after: Side | None, spell: Spell | None,
                 q: Piece | None = None) -> Stop:  # fmt: skip
        return self.sky.resolve(before, after, spell, self._craft(q), self.recent)
