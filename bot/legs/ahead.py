"""An end that one report at cruise cannot tell: who flies to the fields straight ahead of it.

Three habits are asked: where this airframe surely stopped on other flights, where others fly from
the field at the leg's other end, where they went under this callsign. Promises: the same answer
whoever else is asked for. Refuses: to choose between two fields.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bot.airfields import Airfields
from bot.geo import KM_PER_NM, bearing_deg, distance_km
from bot.legs.belief import LIGHT
from bot.legs.recall import NONE, Facts, Recall, Rows
from bot.legs.side import craft_class
from bot.model.air import End, Leg

# so far ahead (NM), and so straight (degrees): airways bend little, approaches more
AHEAD = ((60.0, 25.0), (250.0, 12.0), (500.0, 5.0))
KNOWN_AT = 0.9  # what others do counts where the other end is as sure as this
# so often each was right in seven worlds of one simulator and three of another: 162 of 164, 283 of
# 305, 66 of 80, 19 of 19 (believed less: so few)
BOTH_SURE, OWN_SURE, FLEET_SURE, CALL_SURE = 0.97, 0.92, 0.8, 0.9
# an operator's three letters, then a flight: no TEST1234, 00000000 or registration tells a route
FLIGHT = re.compile(r"[A-Z]{3}[0-9][0-9A-Z]{0,4}")
SAME_S = 3600.0  # two airframes that set out within it under one callsign: it is nobody's
ENDS = "origin", "destination"
Found = tuple[int, float] | None  # row of the field, and how surely


class Going(NamedTuple):
    """An open end of a leg: its destination, or the origin. `left`: row of the field at the other
    end, NONE where unknown; `sure`: whether that is sure."""

    leg: Leg
    ahead: bool  # the destination
    left: int
    sure: bool

    @property
    def end(self) -> End:
        """The open one."""
        return self.leg.destination if self.ahead else self.leg.origin

    @property
    def icao24(self) -> int:
        """The address."""
        return int(self.leg.icao24, 16)

    @property
    def t(self) -> float:
        """The report there, epoch seconds."""
        return (self.leg.last_seen if self.ahead else self.leg.first_seen).timestamp()


def found(recall: Recall, fields: Airfields, asked: Sequence[Going]) -> list[Found]:
    """The field that habit tells for each of these ends, and how surely."""
    habits = zip(_homes(recall, asked), _fleets(recall, asked), _calls(recall, asked), strict=True)
    return [_agreed(*([row for row in sorted(rows - {NONE}) if _lies_ahead(fields, row, g)]
                      for rows in (home - {g.left}, fleet, call)))
            for g, (home, fleet, call) in zip(asked, habits, strict=True)]  # fmt: skip


def _homes(recall: Recall, asked: Sequence[Going]) -> list[set[int]]:
    """Where the airframe stopped on its other flights."""
    which, facts = recall.about("icao24", [g.icao24 for g in asked], [g.t for g in asked])
    first = np.array([g.leg.first_seen.timestamp() for g in asked])
    other = np.abs(facts["first"] - first[which]) >= 1
    return _sets(len(asked), *((which[other], facts[name][other]) for name in ENDS))


def _fleets(recall: Recall, asked: Sequence[Going]) -> list[set[int]]:
    """Where others fly to or from the field at the other end; light aircraft say nothing."""
    lefts = [g.left if g.sure and not _light(g) else NONE for g in asked]
    address, t = np.array([g.icao24 for g in asked]), [g.t for g in asked]
    told = []
    for here, there in (ENDS, ENDS[::-1]):
        which, facts = recall.about(here, lefts, t)
        theirs = (facts["icao24"] != address[which]) & ~facts["light"]
        told.append((which[theirs], facts[there][theirs]))
    return _sets(len(asked), *told)


def _calls(recall: Recall, asked: Sequence[Going]) -> list[set[int]]:
    """Where others' flights under its callsign ended (began), if their other end is not known to
    be another. Light aircraft say nothing of what is not light, a callsign that two carry at a time
    says nothing at all."""
    said = [g.leg.callsign or "" for g in asked]
    calls = [call.encode() if FLIGHT.fullmatch(call) else b"" for call in said]
    which, facts = recall.about("call", calls, [g.t for g in asked])
    address, left, ahead, light = (np.array(told, kind)[which] for told, kind in (
        ([g.icao24 for g in asked], "u4"), ([g.left for g in asked], "i4"),
        ([g.ahead for g in asked], "?"), ([_light(g) for g in asked], "?")))  # fmt: skip
    there, here = (np.where(ahead, facts[a], facts[b]) for a, b in (ENDS[::-1], ENDS))
    theirs = (facts["icao24"] != address) & (light | ~facts["light"])
    theirs &= (left == NONE) | (here == left) | (here == NONE)
    theirs &= ~np.isin(which, _shared(asked, which, facts))
    return _sets(len(asked), (which[theirs], there[theirs]))


def _shared(asked: Sequence[Going], which: Rows, facts: Facts) -> Rows:
    """Which of the asked are under a callsign that two airframes carried at a time: both set out
    within `SAME_S`, or one while the leg that asks was in the air."""
    own = np.array([g.icao24 for g in asked], "u4")
    begin, end = (np.array([seen.timestamp() for seen in told]) for told in (
        [g.leg.first_seen for g in asked], [g.leg.last_seen for g in asked]))  # fmt: skip
    first = facts["first"]
    during = (first >= begin[which]) & (first <= end[which]) & (facts["icao24"] != own[which])
    of, who, t = (np.concatenate(pair) for pair in (
        (which, np.arange(len(asked))), (facts["icao24"], own), (first, begin)))  # fmt: skip
    order = np.lexsort((t, of))
    of, who, t = of[order], who[order], t[order]
    near = (of[1:] == of[:-1]) & (who[1:] != who[:-1]) & (t[1:] - t[:-1] < SAME_S)
    return np.concatenate([which[during], of[1:][near]])


def _sets(n: int, *told: tuple[Rows, Rows]) -> list[set[int]]:
    """Of each of the n asked the different rows that it was told."""
    out: list[set[int]] = [set() for _ in range(n)]
    for which, rows in told:
        for k, row in zip(which.tolist(), rows.tolist(), strict=True):
            out[k].add(row)
    return out


def _lies_ahead(fields: Airfields, row: int, g: Going) -> bool:
    """Whether a field is straight ahead of the last report (behind the first)."""
    end = g.end
    assert end.going is not None
    assert end.lat_deg is not None
    assert end.lon_deg is not None
    way = (end.lat_deg, end.lon_deg, float(fields.lat_deg[row]), float(fields.lon_deg[row]))
    nm = distance_km(*way) / KM_PER_NM
    off = abs((bearing_deg(*way) - end.going[0] + (180 if g.ahead else 360)) % 360 - 180)
    return any(nm < far and off < wide for far, wide in AHEAD)


def _agreed(home: list[int], fleet: list[int], call: list[int]) -> Found:
    """The field that the airframe's own flights, others' from the other end and those under its
    callsign point to, and how surely; none where they leave a choice."""
    both = [row for row in home if row in fleet or row in call]
    if len(home) == 1:
        return home[0], BOTH_SURE if both else OWN_SURE
    if home:
        return (both[0], OWN_SURE) if len(both) == 1 else None
    if call:
        sure = BOTH_SURE if call[0] in fleet else CALL_SURE
        return (call[0], sure) if len(call) == 1 else None
    return (fleet[0], FLEET_SURE) if len(fleet) == 1 else None


def _light(g: Going) -> bool:
    """A light aircraft or helicopter: what others do says little of it."""
    leg, end = g.leg, g.end
    speed = end.going[1] if end.going else 0.0
    craft = craft_class(leg.type_code or "", bool(leg.military), speed, end.altitude_ft or 0.0)
    return craft in LIGHT
