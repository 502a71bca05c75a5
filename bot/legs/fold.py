"""The pieces of one airframe, one after another, to legs.

`Fold.push` takes closed pieces in time order and gives back the legs that are thereby settled;
`flush` settles what is left. Live polls and history drive the same fold with the same pieces, so
they cannot differ; what live publishes before a piece is closed is a flush of a copy. The legs
wait in a `Chain` until later stops can change them no more. Both are walks: they ask for each stop
that they meet, and whoever drives them (`Sky.alone`, `Sky.together`) answers.
"""

import copy
import math

from bot.geo import KM_PER_NM, distance_km
from bot.legs import cut
from bot.legs.airframe import MOMENT_S, ONE_FIELD_KM, Flight
from bot.legs.chain import Chain
from bot.legs.hops import Hops
from bot.legs.pieces import AIR, GAP_S, GROUND
from bot.legs.side import Piece, arrival, departure
from bot.legs.sift import JUMP_KM, JUMP_KT
from bot.legs.stop import Walk
from bot.model.air import Leg

FORGET_S = 36 * 3600.0  # longer silence starts a new life: too much may have happened unseen
HOP_S = 600.0
LONE_S = 20.0  # false surface bits come alone
HIGH_SLOW_FT = 12_000.0  # below 40 kt up here: a frozen, spoofed position
FIELD_KM, PAD_KM = 5.0, 1.5
LOW_FT, LOW_PAD_FT = 700.0, 400.0  # above the field, above a pad
STAND_S = 60.0  # a helicopter so long beside a pad, slow and low, is on it
ANOTHER_KM = 1000.0  # a track that leaps so far is another aircraft under the same address
LITTLE = 10  # reports: a place left again by a jump after so few was wrong


class Fold(Hops):
    """One airframe, driven by its pieces."""

    __slots__ = ()

    def push(self, piece: Piece) -> Walk[list[Leg]]:
        """Take the next closed piece; the legs that it settles."""
        out: list[Leg] = []
        lone, self.lone = self.lone, None
        if lone is not None and piece.jump and not self._leapt(piece):
            piece = piece._replace(jump=False)  # it was the lone one that leapt
        elif lone is not None:
            out = yield from self._take(lone)
        if piece.n == 1 and piece.kind == AIR and not piece.jump:
            self.lone = piece
            return out
        return out + (yield from self._take(piece))

    def _leapt(self, q: Piece) -> bool:
        """Whether it cannot have come from where it was heard before the lone report."""
        last = self.ground[-1] if self.ground else self.air.last if self.air else None
        if last is None:
            return False
        km = distance_km(last.lat1, last.lon1, q.lat0, q.lon0)
        return km > max(JUMP_KM, JUMP_KT * KM_PER_NM / 3600 * (q.t0 - last.t1))

    def _take(self, piece: Piece) -> Walk[list[Leg]]:
        out: list[Leg] = []
        if self.last_t is not None and piece.t0 - self.last_t > FORGET_S:
            out = yield from self._end()
        self.last_t = piece.t1
        self.reg = piece.reg.decode("ascii", "replace") or self.reg
        self.type_code = piece.type.decode("ascii", "replace") or self.type_code
        self.military = self.military or piece.military
        kind = self._kind(piece)
        if kind == GROUND:
            yield from self._on_ground(piece)
        elif kind is not None:
            yield from self._in_air(piece)
        return out + self.chain.settle(self.sky, piece.t1)

    def flush(self) -> Walk[list[Leg]]:
        """Settle everything as if nothing more will be heard, and forget it."""
        out: list[Leg] = []
        lone, self.lone = self.lone, None
        if lone is not None:
            out = yield from self._take(lone)
        return out + (yield from self._end())

    def _end(self) -> Walk[list[Leg]]:
        spell = self._spell()
        if self.air and spell is not None:
            yield from self._hop_before(spell)
        if self.air:
            stop = yield from self._stop(self._before(), None, spell)
            self._finish(stop)
        out = self.chain.settle(self.sky, math.inf)
        self._forget()
        self.chain = Chain()
        return out

    def preview(self, piece: Piece | None) -> Walk[list[Leg]]:
        """The unsettled legs if `piece`, still open, were the last ever heard; changes nothing."""
        other = copy.copy(self)
        other.chain = copy.copy(self.chain)
        out: list[Leg] = []
        if piece is not None:
            out = yield from other.push(piece)
        return out + (yield from other.flush())

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

    def _kind_of_slow(self, p: Piece) -> int | None:
        """Too slow to fly, and not said to be on the ground: many transponders never say it."""
        rotor = self._craft(p) == "R"
        if p.min_alt > HIGH_SLOW_FT and not rotor:
            return None
        km, rows = self.sky.places.airfields.nearest(p.lat1, p.lon1, 1, FIELD_KM)
        if rows[0, 0] < 0:
            return AIR
        elevation = float(self.sky.places.elevation_ft[rows[0, 0]])
        low = not p.min_alt > max(elevation if elevation == elevation else 0, 0) + (
            LOW_PAD_FT if rotor else LOW_FT
        )
        if rotor:
            stays = distance_km(p.lat0, p.lon0, p.lat1, p.lon1) < PAD_KM
            stays = stays and p.t1 - p.t0 >= STAND_S and km[0, 0] < PAD_KM
            return GROUND if low and stays else AIR
        return GROUND if low else AIR

    # --------------------------------------------------------------------------- the two events

    def _on_ground(self, g: Piece) -> Walk[None]:
        if self.ground:
            last = self.ground[-1]
            km = distance_km(last.lat1, last.lon1, g.lat0, g.lon0)
            if km > ONE_FIELD_KM and g.t0 - last.t1 > max(HOP_S, km / 0.3) and g.n > 1:
                yield from self._unseen_hop(g)
        heard = (*self.ground, g)
        self.ground = (heard[0], max(heard, key=lambda p: p.n), g) if len(heard) > 1 else heard

    def _in_air(self, q: Piece) -> Walk[None]:
        if self.ground and self._ground_was_false(q):
            self.ground = ()
        if self.ground:
            flying = self.air is not None and not self._momentary(self.air)
            if self.air and flying and cut.touched_and_went(self.air.last, self.ground[-1], q):
                self.ground = ()
                self.air += q
                return
            yield from self._take_off(q)
            return
        if not self.air:
            yield from self._appear(q)
            return
        if q.jump:
            if self.air.n < LITTLE and self.origin is not None and self.came_from is None:
                self.air = None  # it never was where it was first seen
                yield from self._in_air(q)
                return
            last = self.air.last
            if distance_km(last.lat1, last.lon1, q.lat0, q.lon0) > ANOTHER_KM:
                stop = yield from self._stop(self._before(), None, None)
                self._finish(stop)
                yield from self._appear(q)
                return
        elif self._landed_before(self.air, q):
            yield from self._take_off(q)
            return
        self.air += q

    def _appear(self, q: Piece) -> Walk[None]:
        """First heard in the air."""
        stop = yield from self._stop(None, departure(q, q.max_gs), None, q)
        self._start(self.chain.add(stop), None, q)

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
        interval_s = (air.last.t1 - air.first_t) / (air.n - 1) if air.n > 1 else math.nan
        calls = (air.call, q.cs0)
        return cut.landed_between(before, after, calls, self._craft(q), floor, interval_s)

    def _take_off(self, q: Piece) -> Walk[None]:
        """A stop lies between what was seen so far and q."""
        after, spell = departure(q, q.max_gs), self._spell()
        if spell is not None:
            yield from self._hop_before(spell)
            if (yield from self._hop_after(spell, after, q)):
                return
        stop = yield from self._stop(self._before(), after, spell, q)
        if spell is None and (yield from self._hop_between(stop, q)):
            return
        self._start(self._finish(stop), spell, q)
