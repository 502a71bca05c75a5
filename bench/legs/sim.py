"""Simulated traffic with known truth, as receivers with gaps would report it.

`simulate(seed, aircraft)` gives reports and the flights behind them. Everything that can go wrong
with real data goes wrong here now and then: partial coverage by country, receivers that are off,
ground heard or not, transponders switched off near Libya and Syria, jamming and spoofing in the
eastern Mediterranean, multilateration noise, spikes, false surface bits, missing columns, blank and
changing callsigns, coarse polls, holds, circuits, go-arounds, diversions, loitering.
"""

from dataclasses import dataclass, field

import numpy as np

from bench.legs import sim_world
from bench.legs.sim_flight import KINDS, STEP_S, Kind, Path, circuits, fly, go_around, runway
from bot.airfields import Airfields
from bot.geo import distances_km
from bot.model.air import Positions

T0 = 1_735_171_200.0  # 2024-12-26 00:00 UTC
SHARES = {"J": 0.30, "T": 0.08, "B": 0.12, "M": 0.10, "watched": 0.18, "L": 0.17, "R": 0.05}
SPOOFED_TO = ((33.82, 35.488), (30.12, 31.41), (31.72, 35.99), (44.9, 34.0))
PAD = 0.2  # a helipad is a place, to some 100 m as tables give it
JAMMED = (34.5, 34.0, 330.0)  # lat, lon, km


@dataclass(slots=True)
class Flight:
    """Truth: one flight. `seen` airborne reports; first/last seen epoch s (NaN: never)."""

    icao24: int
    origin: str
    destination: str
    takeoff: float
    landing: float
    kind: str
    seen: int = 0
    first: float = np.nan
    last: float = np.nan
    end_low: tuple[bool, bool] = (False, False)  # reported low and close at each end
    away_nm: tuple[float, float] = (np.nan, np.nan)  # first and last report to the fields
    tags: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Day:
    """Reports of many aircraft and the flights behind them, sorted by aircraft and time."""

    positions: Positions
    flights: list[Flight]


@dataclass(slots=True)
class _Craft:
    """One airframe's manners."""

    icao24: int
    kind: Kind
    watched: bool
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
    goal: int | None = None  # the far end of its air bridge


def simulate(fields: Airfields, seed: int, aircraft: int = 400, days: float = 2.0,
             shares: dict[str, float] | None = None, world_like: str = "usual") -> Day:  # fmt: skip
    """A world of its own for each seed: other receivers, other fleets, other days.

    `world_like`: see `sim_world.LIKE`.
    """
    rng = np.random.default_rng(seed)
    world = sim_world.build(fields, rng, world_like)
    share = shares or SHARES
    names, p = list(share), np.array(list(share.values()))
    columns: list[list[np.ndarray]] = []
    flights: list[Flight] = []
    addresses = np.sort(rng.choice(np.arange(0x780000, 0x7C0000), aircraft, replace=False))
    for address in addresses.tolist():
        group = str(rng.choice(names, p=p / p.sum()))
        craft = _craft(address, group, rng, sim_world.LIKE[world_like].transponder_off)
        for flight, rows in _life(world, craft, rng, days):
            flights.append(flight)
            columns.append(rows)
    whole = [np.concatenate(c) for c in zip(*columns, strict=True)]
    order = np.lexsort((whole[1], whole[0]))
    whole = [c[order] for c in whole]
    names2 = ("altitude_ft", "on_ground", "ground_speed_kt", "track_deg", "vertical_rate_fpm",
              "source", "callsign", "type_code")  # fmt: skip
    more = dict(zip(names2, whole[4:], strict=True))
    return Day(Positions.of(*whole[:4], **more), flights)


def _craft(address: int, group: str, rng: np.random.Generator, dark_share: float) -> _Craft:
    letter = group if group != "watched" else str(rng.choice(["M", "J", "B"], p=[0.6, 0.25, 0.15]))
    interval = float(rng.choice([8, 20, 60, 300, 900], p=[0.35, 0.3, 0.25, 0.05, 0.05]))
    light = letter in "LR"
    return _Craft(
        address, KINDS[letter], group == "watched", interval, rng.random() < 0.07,
        letter == "M" and rng.random() < dark_share, rng.random() > (0.45 if light else 0.04),
        rng.random() > 0.15, T0 + (rng.uniform(0, 1.2) * 86400 if rng.random() < 0.25 else 0),
        T0 + (rng.uniform(0.3, 2) if rng.random() < 0.25 else 9) * 86400, rng.random() < 0.5,
        str(rng.choice(KINDS[letter].types)).encode() if rng.random() > 0.2 else b"",
        _call(letter, rng), rng.random() < 0.5,
    )  # fmt: skip


def _call(letter: str, rng: np.random.Generator) -> str:
    if rng.random() < 0.1:
        return ""
    if letter in "LR":
        return "D" + "".join(rng.choice(list("ABEFGHIK"), 4))
    return "".join(rng.choice(list("ABCDEFRSTUW"), 3)) + str(rng.integers(1, 9999))


def _life(world: sim_world.World, craft: _Craft, rng: np.random.Generator, days: float):
    """The flights of one airframe, one after another, with their reports."""
    t = T0 + rng.uniform(0, 0.4) * 86400
    home = here = _first_field(world, craft, rng)
    previous = None
    while t < T0 + days * 86400:
        there, extra = _goal(world, craft, here, home, previous, rng)
        if there is None:
            return
        path = _path(world, craft, here, there, extra, rng)
        flight = Flight(craft.icao24, world.fields.idents[here], world.fields.idents[there],
                        t, t + float(path.t[-1]), craft.kind.letter,
                        tags={extra} - {""})  # fmt: skip
        if craft.watched:
            flight.tags.add("watched")
        if craft.kind.letter not in "LR" and rng.random() < 0.7:
            craft.call = _call(craft.kind.letter, rng) or craft.call
        pause = rng.uniform(*craft.kind.pause_min) * 60
        if rng.random() < 0.12:
            pause = rng.uniform(5, 11) * 3600
        rows = _reports(world, craft, flight, path, (here, there), pause, rng)
        yield flight, rows
        previous, here = here, there
        t = flight.landing + pause


def _home(world: sim_world.World, rng: np.random.Generator, airline: bool) -> int:
    """Where an air bridge begins: a large field with at least some coverage, or a dark one."""
    f = world.fields
    fields = world.light["airline_here" if airline else "forces"]
    grades = [sim_world.grade(f.countries[r]) for r in fields]
    pool = fields[np.array(grades) != "dark"]
    return int(rng.choice(pool if rng.random() < 0.93 else world.light["dark"]))


def _first_field(world: sim_world.World, craft: _Craft, rng: np.random.Generator) -> int:
    if craft.watched:
        return _home(world, rng, craft.kind.letter == "J")
    use = {"J": "airline_here" if rng.random() < 0.75 else "airline", "T": "prop", "B": "business",
           "M": "forces", "L": "light", "R": "pads"}[craft.kind.letter]  # fmt: skip
    return int(rng.choice(world.light[use]))


def _goal(world: sim_world.World, craft: _Craft, here: int, home: int, previous: int | None,
          rng: np.random.Generator) -> tuple[int | None, str]:  # fmt: skip
    f, k = world.fields, craft.kind
    back = previous is not None and rng.random() < 0.45 and not craft.watched
    draw = rng.random()
    extra = ("hold" if draw < 0.06 else "around" if draw < 0.08 else "divert" if draw < 0.1 else
             "loiter" if draw < (0.2 if k.letter in "MLR" else 0.11) else "")  # fmt: skip
    if extra == "loiter" and rng.random() < 0.8:
        return here, extra
    if k.letter == "L" and rng.random() < 0.15:
        return here, "circuits"
    if back and previous != here:
        return previous, extra
    use = {"J": "airline", "T": "prop", "B": "business", "M": "forces", "L": "light",
           "R": "pads"}[k.letter]  # fmt: skip
    if craft.watched:  # an air bridge: there and back, now and then onward
        if here != home and rng.random() < 0.8:
            return home, extra
        if here == home and craft.goal is not None and rng.random() < 0.85:
            return craft.goal, extra
        use = "dark_airline" if k.letter == "J" else "dark"
    pool = world.light[use]
    km = distances_km(f.lat_deg[pool], f.lon_deg[pool], f.lat_deg[here], f.lon_deg[here])
    low, high = k.legs_nm
    near = pool[(km > low * 1.852) & (km < high * 1.852) & (pool != here)]
    if not len(near):
        return None, ""
    km = distances_km(f.lat_deg[near], f.lon_deg[near], f.lat_deg[here], f.lon_deg[here])
    weight = 1 / (km + 200) ** (2 if craft.watched else 1)  # short legs are the common ones
    if craft.hubs:
        weight *= np.where(world.light["hub"][near], 8, 1)
    there = int(rng.choice(near, p=weight / weight.sum()))
    if craft.watched and craft.goal is None:
        craft.goal = there
    return there, extra


def _path(world: sim_world.World, craft: _Craft, here: int, there: int, extra: str,
          rng: np.random.Generator) -> Path:  # fmt: skip
    f = world.fields
    ends = []
    for row in (here, there):
        elevation = f.elevation_ft[row]
        # runways lie off the point the table gives, and terminals off the runways
        jitter = rng.normal(0, 0.012 if f.runway_ft[row] >= 7000 else 0.004, 2)
        jitter *= PAD if f.heliport[row] else 1.0
        ends.append((float(f.lat_deg[row] + jitter[0]), float(f.lon_deg[row] + jitter[1]),
                     runway(f.headings[row], rng),
                     0.0 if np.isnan(elevation) else elevation))  # fmt: skip
    if extra == "circuits":
        return circuits(ends[0], craft.kind, rng)
    via = None
    if extra == "divert":
        pool = world.light["business"]
        km = distances_km(f.lat_deg[pool], f.lon_deg[pool], f.lat_deg[there], f.lon_deg[there])
        near = pool[(km > 20) & (km < 250)]
        if len(near):
            row = int(rng.choice(near))
            via = (float(f.lat_deg[row]), float(f.lon_deg[row]))
    path = fly(ends[0], ends[1], craft.kind, rng, extra, via)
    return go_around(path, ends[1], craft.kind, rng) if extra == "around" else path


def _reports(world: sim_world.World, craft: _Craft, flight: Flight, path: Path,
             rows: tuple[int, int], pause: float,
             rng: np.random.Generator) -> list[np.ndarray]:  # fmt: skip
    """What is heard of a flight and of the taxiing round it, as columns."""
    t, lat, lon, alt, gs, trk, ground = _with_taxi(world, path, rows, pause, rng)
    t = t + flight.takeoff
    within = (t >= craft.heard_from) & (t < craft.heard_to)
    count = sim_world.heard(world.receivers, lat, lon, alt, t / 3600 % 24)
    ok = count >= (4 if craft.mlat else 1)
    there = world.hears_ground[rows[1]], world.hears_ground[rows[0]]
    low = alt < np.where(t < flight.takeoff + 600, world.fields.elevation_ft[rows[0]],
                         world.fields.elevation_ft[rows[1]]) + 200  # fmt: skip
    hears = np.where(t < flight.takeoff + 600, there[1], there[0])
    ok &= ~ground | hears
    ok &= ~low | hears | (rng.random(len(t)) < 0.02)
    if craft.dark_near_goal:
        ok &= _transponder_on(world, rows, lat, lon, rng)
    keep = _sampled(t, craft.interval, rng) & (ok | (rng.random(len(t)) < 0.0002))
    keep &= ~_lost(t, rng) & within
    out = [a[keep] for a in (t, lat, lon, alt, gs, trk, ground)]
    _note(flight, out, rows, world)
    return _dirty(craft, out, rng)


def _with_taxi(world, path: Path, rows: tuple[int, int], pause: float, rng):
    """The path with taxiing before and after; a parked aircraft is now and then still heard."""
    out_s = rng.uniform(120, 900)
    in_s = min(rng.uniform(100, 700), pause * 0.4)
    before = np.arange(-out_s, 0, STEP_S)
    after = path.t[-1] + np.arange(STEP_S, in_s, STEP_S)
    drift = rng.normal(0, 0.008, (2, 2)) * _taxi_share(world.fields, list(rows))[:, None]
    lat = [path.lat[0] + drift[0, 0] * before / -out_s, path.lat,
           path.lat[-1] + drift[1, 0] * (after - path.t[-1]) / in_s]  # fmt: skip
    lon = [path.lon[0] + drift[0, 1] * before / -out_s, path.lon,
           path.lon[-1] + drift[1, 1] * (after - path.t[-1]) / in_s]  # fmt: skip
    wait = np.where((before > -out_s * 0.8) & (before < -20), rng.uniform(5, 22), 0)
    roll = np.where(after < path.t[-1] + 20, 90, rng.uniform(5, 25))
    zeros = (np.zeros(len(before)), np.zeros(len(after)))
    first, last = np.full(len(before), path.alt[0]), np.full(len(after), path.alt[-1])
    flying = np.where(path.touches, True, False)
    return (np.concatenate([before, path.t, after]), np.concatenate(lat),
            (np.concatenate(lon) + 180) % 360 - 180, np.concatenate([first, path.alt, last]),
            np.concatenate([np.where(before > -20, 70, wait), path.gs, roll]),
            np.concatenate([zeros[0] + path.track[0], path.track, zeros[1] + path.track[-1]]),
            np.concatenate([zeros[0] == 0, flying, zeros[1] == 0]))  # fmt: skip


def _taxi_share(f: Airfields, rows: list[int]) -> np.ndarray:
    """How far aircraft taxi: a strip's apron lies beside it, a helipad is one."""
    out = np.where(f.runway_ft[rows] >= 7000, 1.6, 1.0)
    out[~(f.runway_ft[rows] >= 4500)] = 0.5
    out[f.heliport[rows]] = PAD
    return out


def _transponder_on(world, rows, lat, lon, rng) -> np.ndarray:
    on = np.ones(len(lat), bool)
    for row in rows:
        if row in world.light["dark"]:
            km = distances_km(lat, lon, np.array(world.fields.lat_deg[row]),
                              np.array(world.fields.lon_deg[row]))  # fmt: skip
            on &= km > rng.uniform(60, 420)
    return on


def _sampled(t: np.ndarray, interval: float, rng: np.random.Generator) -> np.ndarray:
    slot = np.floor((t - rng.uniform(0, interval)) / interval)
    return np.concatenate([[True], slot[1:] != slot[:-1]]) & (rng.random(len(t)) > 0.03)


def _lost(t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Stretches that nobody recorded."""
    lost = np.zeros(len(t), bool)
    for _ in range(rng.poisson((t[-1] - t[0]) / 3600 * 0.25)):
        at = rng.uniform(t[0], t[-1])
        lost |= (t > at) & (t < at + rng.exponential(700))
    return lost


def _note(flight: Flight, out: list[np.ndarray], rows: tuple[int, int], world) -> None:
    t, lat, lon, alt, ground = out[0], out[1], out[2], out[3], out[6]
    air = ~ground & (t >= flight.takeoff) & (t <= flight.landing)
    flight.seen = int(air.sum())
    if not flight.seen:
        return
    flight.first, flight.last = float(t[air][0]), float(t[air][-1])
    low, away = [], []
    for row, i in ((rows[0], np.flatnonzero(air)[0]), (rows[1], np.flatnonzero(air)[-1])):
        f = world.fields
        km = distances_km(lat[i], lon[i], np.array(f.lat_deg[row]), np.array(f.lon_deg[row]))
        away.append(float(km) / 1.852)
        low.append(bool(km < 18.52 and alt[i] - np.nan_to_num(f.elevation_ft[row]) < 5000))
    flight.end_low = (low[0], low[1])
    flight.away_nm = (away[0], away[1])


def _dirty(craft: _Craft, out: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Everything that spoils reports on their way."""
    t, lat, lon, alt, gs, trk, ground = out
    n = len(t)
    rate = np.gradient(alt, t) * 60 if n > 1 else np.zeros(n)
    alt = alt + rng.normal(0, 220) + rng.normal(0, 15, n)
    alt = np.round(alt / 25) * 25
    lat, lon = lat + rng.normal(0, 5e-5, n), lon + rng.normal(0, 5e-5, n)
    source = np.zeros(n)
    if craft.mlat:
        lat, lon = lat + rng.normal(0, 0.006, n), lon + rng.normal(0, 0.006, n)
        gs = np.where(rng.random(n) < 0.3, np.nan, gs * rng.normal(1, 0.05, n))
        source[:] = 5
    spikes = rng.random(n) < 0.0005
    alt = np.where(spikes, rng.uniform(-1000, 60000, n), alt)
    alt = np.where(rng.random(n) < (0.3 if rng.random() < 0.03 else 0.01), np.nan, alt)
    _spoof(craft, t, lat, lon, rng)
    says = ground & craft.says_ground
    if rng.random() < 0.02 and n:  # false surface bits
        says = says | (rng.random(n) < 0.004)
    alt = np.where(says, np.nan, alt)
    trk = np.where(rng.random(n) < 0.02, np.nan, trk + rng.normal(0, 1, n)) % 360
    rate = rate + rng.normal(0, 60, n) if craft.says_rate else np.full(n, np.nan)
    call = np.full(n, craft.call.encode() if rng.random() > 0.08 else b"", "S8")
    call[: int(n * rng.uniform(0, 0.2)) * (rng.random() < 0.3)] = b""
    types = np.full(n, craft.type_code, "S4")
    if rng.random() < 0.25 and n:  # the same report from a second receiver, its clock off a little
        again = rng.random(n) < 0.2
        t = np.where(again, t + rng.normal(0, 1.5), t)
    return [np.full(n, craft.icao24), t, lat, lon, alt, says, gs, trk, rate, source, call, types]


def _spoof(craft: _Craft, t: np.ndarray, lat: np.ndarray, lon: np.ndarray,
           rng: np.random.Generator) -> None:  # fmt: skip
    """Jamming throws positions about; spoofing puts the aircraft at one airport for a while."""
    inside = distances_km(lat, lon, np.array(JAMMED[0]), np.array(JAMMED[1])) < JAMMED[2]
    if not (craft.jammed and inside.any()):
        return
    rows = np.flatnonzero(inside)
    if rng.random() < 0.5:
        begin = rng.choice(rows)
        span = (t >= t[begin]) & (t < t[begin] + rng.uniform(60, 2400)) & inside
        goal = SPOOFED_TO[rng.integers(len(SPOOFED_TO))]
        lat[span] = goal[0] + rng.normal(0, 0.003, span.sum())
        lon[span] = goal[1] + rng.normal(0, 0.003, span.sum())
    else:
        wild = rows[rng.random(len(rows)) < 0.15]
        lat[wild] += rng.normal(0, 3, len(wild))
        lon[wild] += rng.normal(0, 3, len(wild))
