"""Who flies in the simulator: airframes, their manners, and goals of their own.

An airframe belongs to an operator (`sim_operators`) or flies for itself: business jets go where
their owner goes, light aircraft and helicopters round their home, some transports and charters
wherever somebody pays. `SHARES` says how many of each; `KINDS` what they can do.
"""

from dataclasses import dataclass

import numpy as np

from bench.legs import sim_world
from bench.legs.sim_flight import KINDS, Kind
from bench.legs.sim_operators import Hiring, Operator
from bench.legs.sim_world import World
from bot.geo import distances_km

T0 = 1_735_171_200.0  # 2024-12-26 00:00 UTC
SHARES = {"J": 0.30, "T": 0.08, "B": 0.12, "M": 0.10, "watched": 0.18, "L": 0.17, "R": 0.05}
# who flies into the dark: transports, airliners, business jets, aid's turboprops
WATCHED = {"M": 0.5, "J": 0.25, "B": 0.15, "T": 0.1}
USE = {"J": "airline", "T": "prop", "B": "business", "M": "forces", "L": "light", "R": "pads"}


@dataclass(slots=True)
class Craft:
    """One airframe's manners."""

    icao24: int
    kind: Kind
    watched: bool  # flies into dark regions as its trade
    interval: float
    mlat: bool
    dark_near_goal: bool
    says_ground: bool
    says_rate: bool
    heard_from: float  # recordings begin and end in mid-flight, too
    heard_to: float
    hubs: bool  # flies where the others fly
    type_code: bytes
    call: str
    jammed: bool
    operator: Operator | None
    base: int
    goal: int | None = None  # the far end of its own air bridge
    previous: int | None = None


@dataclass(frozen=True, slots=True)
class Trip:
    """The next flight: where to, not before when (epoch s), under which callsign, what happens."""

    there: int
    leaves: float
    call: str
    extra: str


def hire(world: World, hiring: Hiring, address: int, group: str, dark_share: float,
         rng: np.random.Generator) -> Craft:  # fmt: skip
    """A new airframe of a group of `SHARES`."""
    watched = group == "watched"
    letter = str(rng.choice(list(WATCHED), p=list(WATCHED.values()))) if watched else group
    operator = hiring.employer(letter, watched, rng)
    kind, light = KINDS[letter], letter in "LR"
    types = kind.types if operator is None else operator.types
    return Craft(
        address, kind, watched, float(rng.choice([8, 20, 60, 300, 900],
                                                 p=[0.35, 0.3, 0.25, 0.05, 0.05])),
        rng.random() < 0.07, letter == "M" and rng.random() < dark_share,
        rng.random() > (0.45 if light else 0.04), rng.random() > 0.15,
        T0 + (rng.uniform(0, 1.2) * 86400 if rng.random() < 0.25 else 0),
        T0 + (rng.uniform(0.3, 2) if rng.random() < 0.25 else 9) * 86400, rng.random() < 0.5,
        str(rng.choice(types)).encode() if rng.random() > 0.2 else b"",
        own_call(letter, rng), rng.random() < 0.5, operator,
        _first_field(world, letter, watched, rng) if operator is None else operator.starts(rng),
    )  # fmt: skip


def own_call(letter: str, rng: np.random.Generator) -> str:
    """Of one who flies for himself: a registration, or a number by the flight; one in ten none."""
    if rng.random() < 0.1:
        return ""
    if letter in "LR":
        return "D" + "".join(rng.choice(list("ABEFGHIK"), 4))
    return "".join(rng.choice(list("ABCDEFRSTUW"), 3)) + str(rng.integers(1, 9999))


def next_trip(world: World, craft: Craft, here: int, ready: float,
              rng: np.random.Generator) -> Trip | None:  # fmt: skip
    """What the airframe does next; None when it stays."""
    letter = craft.kind.letter
    draw = rng.random()
    extra = ("hold" if draw < 0.06 else "around" if draw < 0.08 else "divert" if draw < 0.1 else
             "loiter" if draw < (0.2 if letter in "MLR" else 0.11) else "")  # fmt: skip
    if extra == "loiter" and rng.random() < 0.8:
        return Trip(here, ready, craft.call, extra)
    if letter == "L" and rng.random() < 0.15:
        return Trip(here, ready, craft.call, "circuits")
    if craft.operator is not None:
        errand = craft.operator.errand(here, craft.previous, ready - T0, rng)
        if errand is None:
            return None
        there, leaves, call = errand
        return Trip(there, T0 + leaves, call if craft.call else "", extra)
    goal = _goal(world, craft, here, rng)
    if goal is None:
        return None
    if letter not in "LR" and rng.random() < 0.7:
        craft.call = own_call(letter, rng) or craft.call
    return Trip(goal, ready, craft.call, extra)


def _first_field(world: World, letter: str, watched: bool, rng: np.random.Generator) -> int:
    if watched:
        return sim_world.bridge_base(world, rng, letter == "J")
    use = USE[letter]
    if letter == "J" and rng.random() < 0.75:
        use = "airline_here"
    return int(rng.choice(world.light[use]))


def _goal(world: World, craft: Craft, here: int, rng: np.random.Generator) -> int | None:
    """A goal of its own."""
    f, k = world.fields, craft.kind
    previous = craft.previous
    if previous is not None and rng.random() < 0.45 and not craft.watched and previous != here:
        return previous
    use = USE[k.letter]
    if craft.watched:  # there and back, now and then onward
        if here != craft.base and rng.random() < 0.8:
            return craft.base
        if here == craft.base and craft.goal is not None and rng.random() < 0.85:
            return craft.goal
        use = "dark_airline" if k.letter == "J" else "dark"
    pool = world.light[use]
    km = distances_km(f.lat_deg[pool], f.lon_deg[pool], f.lat_deg[here], f.lon_deg[here])
    low, high = k.legs_nm
    ok = (km > low * 1.852) & (km < high * 1.852) & (pool != here)
    if not ok.any():
        return None
    near, km = pool[ok], km[ok]
    weight = 1 / (km + 200) ** (2 if craft.watched else 1)  # short legs are the common ones
    if craft.hubs:
        weight *= np.where(world.light["hub"][near], 8, 1)
    there = int(rng.choice(near, p=weight / weight.sum()))
    if craft.watched and craft.goal is None:
        craft.goal = there
    return there
