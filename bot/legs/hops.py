"""Flights of which nothing was seen, but which must have been.

An airframe lost low over one field and next heard on the ground of another, or found low where it
cannot have come from there, flew on unseen: a leg of its own, between two stops that each side
speaks for alone. One lost high and far, flying away from the field where it is heard again hours
later, landed elsewhere and came back unseen: where, nobody can say from that field.
"""

from bot.geo import KM_PER_NM, bearing_deg, distance_km
from bot.legs.airframe import ONE_FIELD_KM, Airframe
from bot.legs.side import Piece, Side, standing
from bot.legs.stop import Spell, Stop, Walk

SPLIT_S = 45 * 60.0  # an unseen hop before (after) a surface report takes at least this long
SPLIT_AT = 0.8
SPLIT_LEFT = 0.1  # of the odds, when the other side is taken into account
# Flying away so far off (NM), with its tail to the field (degrees), not descending (ft/min), and
# back after so much more than the way takes. Of 11 such stops of large aircraft in thirteen
# simulated days 9 hid a landing elsewhere, of those with less time to spare none.
GONE_NM, GONE_DEG, GONE_FPM, GONE_S = 60.0, 110.0, -300.0, 2 * 3600.0


class Hops(Airframe):
    """An airframe, and the hops it must have flown unseen."""

    __slots__ = ()

    def _hop_before(self, spell: Spell) -> Walk[None]:
        """Lost low at one field, next heard on the ground of another: it flew there unseen."""
        before = self._before()
        if before is None or spell.since - before.t < SPLIT_S:
            return
        middle = yield from self._stop(before, None, None)
        known = self._elsewhere(middle, spell)
        if not known and not _gone(before, spell.lat, spell.lon, spell.since):
            return
        icao = self._icao()
        lost = self._finish(middle)
        self.air, self.origin, self.came_from = None, None, None
        if not known:
            return
        stop = yield from self._stop(None, None, spell)
        self._unseen(icao, lost, stop, before.t, spell.since)

    def _hop_after(self, spell: Spell, after: Side, q: Piece) -> Walk[bool]:
        """Parked at one field, next heard low over another: it flew there unseen."""
        if after.t - spell.until < SPLIT_S:
            return False
        middle = yield from self._stop(None, after, None, q)
        if not self._elsewhere(middle, spell):
            return False
        stop = yield from self._stop(self._before(), None, spell)
        parked = self._finish(stop)
        number = self._unseen(q.icao24, parked, middle, spell.until, after.t)
        self._start(number, None, q)
        return True

    def _hop_between(self, joint: Stop, q: Piece) -> Walk[bool]:
        """Lost low at one field and found where it cannot have come from there, or the other way
        round: it flew on unseen, and each side speaks for itself."""
        before, after = joint.before, joint.after
        if before is None or after is None or after.t - before.t < SPLIT_S:
            return False
        gone = self._came_back(joint)
        if not gone and not self.sky.torn(joint):
            return False
        one = yield from self._stop(before, None, None)
        two = yield from self._stop(None, after, None, q)
        low = [s for s, side in ((one, before), (two, after)) if self.sky.seen_low(s, side)]
        if not gone and (not low or self._agree(low, joint)):
            return False
        icao, number = self._icao(), self._finish(one)
        if all(self.sky.resolve(s).arrival.airfield is not None for s in (one, two)):
            number = self._unseen(icao, number, two, before.t, after.t)
        else:
            number = self.chain.add(two)
        self._start(number, None, q)
        return True

    def _unseen_hop(self, g: Piece) -> Walk[None]:
        """Surface reports at two fields and nothing between: one leg, never seen."""
        spell = self._spell()
        assert spell is not None
        icao = g.icao24
        stop = yield from self._stop(self._before(), None, spell)
        number = self._finish(stop)
        there = yield from self._stop(None, None, Spell(g.t0, g.t1, *standing(g)))
        if all(self.sky.resolve(s).arrival.airfield is not None for s in (stop, there)):
            self._unseen(icao, number, there, spell.until, g.t0)
        self._forget()

    def _came_back(self, joint: Stop) -> bool:
        """Whether it was found low over the field that both sides together make the likeliest, but
        was lost on its way from there."""
        before, after = joint.before, joint.after
        here = self.sky.places.airfields.get(joint.odds[0][0]) if joint.odds else None
        if here is None or before is None or after is None:
            return False
        if not _gone(before, here.lat_deg, here.lon_deg, after.t):
            return False
        return self.sky.over(after, self.sky.places.airfields.row_of[here.ident])

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


def _gone(before: Side, lat: float, lon: float, back_s: float) -> bool:
    """Whether it flew away from a place for good, and was there again at `back_s` (epoch)."""
    nm = distance_km(before.lat, before.lon, lat, lon) / KM_PER_NM
    if nm < GONE_NM or before.rate < GONE_FPM or before.trk != before.trk:
        return False
    off = abs((bearing_deg(before.lat, before.lon, lat, lon) - before.trk + 180) % 360 - 180)
    speed = max([v for v in (before.gs, before.cruise) if v == v] or [120.0], default=120.0)
    return off > GONE_DEG and back_s - before.t - nm / max(speed, 60.0) * 3600 > GONE_S
