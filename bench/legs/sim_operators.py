"""Operators in the simulator: bases, nets of routes, fleets, callsigns.

Most of what flies belongs to somebody who flies the same few routes again and again. Each operator
here has a base or two, a net, a fleet of like aircraft and a way to name its flights:

- *airlines* (jets and turboprops): a timetable. Every line leaves its base at the same minutes of
  each day (and is late by a quarter of an hour on average), under the same number, back under the
  next one; whichever airframe is at the base flies it, so a number changes airframes from day to
  day. One in eight numbers ends in a letter.
- *air bridges* (military transports): two to five goals, of which one takes half of the flights.
  The goal after the goal is home, or one in six times another goal. Callsigns are tactical, another
  for each sortie, or the registration, or a number of the line.
- *aid* (turboprops into the dark): a round of four to eight fields near each other, the same number
  on the same line, two or three stops before it comes home.
- *charter* (jets and transports elsewhere): three to ten lines, a number by the flight.

How many airframes have an operator (`HIRED`): scheduled carriers fly nine tenths of airliners,
charters and single aircraft the rest; air forces have fleets, and about a quarter of heavy
transports are single ones that go where they are paid to; business jets, light aircraft and
helicopters have goals of their own. Fleets (`FLEET`) are those of small carriers and of squadrons,
since a recording holds but a part of a large one. Nothing here was chosen by what the leg builder
finds.
"""

from dataclasses import dataclass, field

import numpy as np

from bench.legs import sim_world
from bench.legs.sim_flight import KINDS
from bench.legs.sim_world import World
from bot.geo import distances_km

DAY_S = 86400.0
HIRED = {"J": 0.9, "T": 0.85, "M": 0.75}
FLEET = {"airline": (3, 12), "bridge": (3, 10), "aid": (2, 5), "charter": (2, 6)}
LINES = {"airline": (4, 12), "bridge": (2, 5), "aid": (4, 8), "charter": (3, 10)}
ONWARD = {"airline": 0.0, "bridge": 1 / 6, "aid": 0.6, "charter": 0.15}
LATE_S = 900.0  # by how much flights leave late, on average
MISSED = 0.12  # departures that this airframe leaves to another
WAIT_S = 16 * 3600.0  # no airframe stands longer for its next scheduled flight
LETTERS = list("ABCDEFGHJKLMNPRSTUVW")


@dataclass(frozen=True, slots=True)
class Line:
    """A route of a net: rows of its ends, callsigns there and back ("": another each time),
    seconds of the day at which it leaves its base (none: when an aircraft is ready)."""

    base: int
    there: int
    out: str
    back: str
    leaves: tuple[float, ...] = ()


@dataclass(slots=True)
class Operator:
    """Airframes under one roof."""

    code: str
    trade: str
    types: tuple[str, ...]
    lines: tuple[Line, ...]
    share: np.ndarray  # how much of the traffic each line has
    places: int  # how many airframes it still wants
    flown: set[tuple[int, int, int]] = field(default_factory=set)  # line, departure, day

    def starts(self, rng: np.random.Generator) -> int:
        """Where an airframe is found in the morning: at a base, or left at the far end."""
        line = self.lines[int(rng.choice(len(self.lines), p=self.share))]
        return line.base if rng.random() < 0.8 else line.there

    def errand(self, here: int, previous: int | None, ready: float,
               rng: np.random.Generator) -> tuple[int, float, str] | None:  # fmt: skip
        """The next flight from here, `ready` in s since the first midnight: where to, when, as."""
        if any(line.base == here for line in self.lines):
            return self._departure(here, ready, rng)
        come = [line for line in self.lines if line.there == here]
        line = next((g for g in come if g.base == previous), come[0] if come else None)
        if line is None:  # diverted, or lent out: home
            base = self.lines[0].base
            return None if base == here else (base, ready, self._named("", rng))
        if rng.random() < ONWARD[self.trade]:
            onward = [g for g in self.lines if g.there != here]
            if onward:
                there = onward[int(rng.integers(len(onward)))]
                return there.there, ready, self._named(line.back, rng)
        return line.base, ready, self._named(line.back, rng)

    def _departure(self, here: int, ready: float,
                   rng: np.random.Generator) -> tuple[int, float, str] | None:  # fmt: skip
        if not self.lines[0].leaves:
            share = self.share * [line.base == here for line in self.lines]
            line = self.lines[int(rng.choice(len(self.lines), p=share / share.sum()))]
            return line.there, ready, self._named(line.out, rng)
        day = int(ready // DAY_S)
        free = sorted(
            (d * DAY_S + s, i, j, d)
            for i, line in enumerate(self.lines) if line.base == here
            for j, s in enumerate(line.leaves) for d in (day, day + 1)
            if d * DAY_S + s >= ready and (i, j, d) not in self.flown
        )  # fmt: skip
        free = [one for one in free if rng.random() > MISSED]
        if not free or free[0][0] > ready + WAIT_S:
            return None
        at, i, j, d = free[0]
        self.flown.add((i, j, d))
        line = self.lines[i]
        return line.there, at + rng.exponential(LATE_S), self._named(line.out, rng)

    def _named(self, call: str, rng: np.random.Generator) -> str:
        return call or f"{self.code}{rng.integers(10, 9999)}"


class Hiring:
    """Finds each airframe its operator, and founds new ones as fleets fill."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._open: dict[tuple[str, bool], Operator] = {}

    def employer(self, letter: str, watched: bool, rng: np.random.Generator) -> Operator | None:
        """Who flies the next airframe of a kind; None: it flies for itself."""
        if rng.random() >= HIRED.get(letter, 0.0):
            return None
        key = letter, watched
        if key not in self._open or not self._open[key].places:
            founded = found(self._world, letter, watched, rng)
            if founded is None:
                return None
            self._open[key] = founded
        self._open[key].places -= 1
        return self._open[key]


def found(world: World, letter: str, watched: bool, rng: np.random.Generator) -> Operator | None:
    """A new operator, None where no net can be laid from the base drawn."""
    if letter == "M":
        trade = "bridge" if watched or rng.random() < 0.7 else "charter"
    elif letter == "T" and watched:
        trade = "aid"
    else:
        trade = "airline" if rng.random() < 0.85 else "charter"
    code = "".join(rng.choice(LETTERS, 3))
    lines: list[Line] = []
    bases = 2 if rng.random() < 0.25 else 1
    for base in [_base(world, letter, watched, rng) for _ in range(bases)]:
        lines += _net(world, letter, watched, trade, code, base, rng)
    if not lines:
        return None
    share = rng.permutation(0.5 ** np.arange(len(lines)) + 0.05)
    if trade in ("airline", "aid"):
        share = np.ones(len(lines))
    kinds = KINDS[letter].types
    types = tuple(rng.choice(kinds, min(len(kinds), int(rng.integers(1, 4))), replace=False))
    least, most = FLEET[trade]
    return Operator(code, trade, types, tuple(lines), share / share.sum(),
                    int(rng.integers(least, most + 1)))  # fmt: skip


def _base(world: World, letter: str, watched: bool, rng: np.random.Generator) -> int:
    """Into the dark there fly carriers and forces of dark countries and of those around."""
    if watched and letter == "T":  # aid works from within
        return int(rng.choice(world.light["dark"]))
    if watched:
        if rng.random() < (0.4 if letter == "J" else 0.2):
            return int(rng.choice(world.light["dark_airline" if letter == "J" else "dark"]))
        return sim_world.bridge_base(world, rng, letter == "J")
    use = {"J": "airline_here" if rng.random() < 0.75 else "airline", "T": "prop", "M": "forces"}
    pool = world.light[use[letter]]
    hubs = pool[world.light["hub"][pool]]
    return int(rng.choice(hubs if len(hubs) and rng.random() < 0.7 else pool))


def _net(world: World, letter: str, watched: bool, trade: str, code: str, base: int,
         rng: np.random.Generator) -> list[Line]:  # fmt: skip
    """Lines from one base, the nearer goals the likelier."""
    use = {"J": "airline", "T": "prop", "M": "forces"}[letter]
    if watched:
        use = "dark_airline" if letter == "J" else "dark"
    f, pool = world.fields, world.light[use]
    if watched and base in world.light["dark"]:  # its own country, and out into the light
        pool = np.union1d(pool, world.light["airline_here" if letter == "J" else "forces"])
    km = distances_km(f.lat_deg[pool], f.lon_deg[pool], f.lat_deg[base], f.lon_deg[base])
    least, most = KINDS[letter].legs_nm
    ok = (km > least * 1.852) & (km < most * 1.852) & (pool != base)
    near, weight = pool[ok], 1 / (km[ok] + 200) ** (2 if watched else 1)
    weight *= np.where(world.light["hub"][near], 4, 1)
    low, high = LINES[trade]
    count = min(int(rng.integers(low, high + 1)), len(near))
    if not count:
        return []
    goals = rng.choice(near, count, replace=False, p=weight / weight.sum())
    named = trade in ("airline", "aid") or rng.random() < 0.25
    return [_line(base, int(goal), code if named else "", trade == "airline", rng)
            for goal in goals]  # fmt: skip


def _line(base: int, there: int, code: str, timed: bool, rng: np.random.Generator) -> Line:
    """A line with its numbers (none without `code`) and, `timed`, its hours."""
    number = int(rng.integers(50, 4900)) * 2 + 1
    tail = str(rng.choice(LETTERS)) if rng.random() < 1 / 8 else ""
    calls = (f"{code}{number}{tail}", f"{code}{number + 1}{tail}") if code else ("", "")
    often = int(rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1])) if timed else 0
    return Line(base, there, *calls, tuple(float(s) for s in rng.uniform(3, 20, often) * 3600))
