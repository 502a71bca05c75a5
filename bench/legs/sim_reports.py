"""What receivers make of a flight in the simulator: what is heard of it, and how it is spoilt.

Taxiing before and after, line of sight, transponders switched off near the goal, polls, holes, then
jamming and spoofing, multilateration noise, spikes, false surface bits, missing columns, blank and
changing callsigns, clocks of receivers.
"""

from dataclasses import dataclass, field

import numpy as np

from bench.legs import sim_world
from bench.legs.sim_fleet import Craft
from bench.legs.sim_flight import STEP_S, Path
from bench.legs.sim_world import World
from bot.airfields import Airfields
from bot.geo import distances_km

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


def reports(world: World, craft: Craft, flight: Flight, path: Path,
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
        ok &= _transponder_on(world, rows, lat, lon, world.like.off_km, rng)
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


def _transponder_on(world, rows, lat, lon, near_km, rng) -> np.ndarray:
    on = np.ones(len(lat), bool)
    for row in rows:
        if world.dark[row]:
            km = distances_km(lat, lon, np.array(world.fields.lat_deg[row]),
                              np.array(world.fields.lon_deg[row]))  # fmt: skip
            on &= km > rng.uniform(*near_km)
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


def _dirty(craft: Craft, out: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
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
    call = _calls(craft, n, rng)
    types = np.full(n, craft.type_code, "S4")
    if rng.random() < 0.25 and n:  # the same report from a second receiver, its clock off a little
        again = rng.random(n) < 0.2
        t = np.where(again, t + rng.normal(0, 1.5), t)
    return [np.full(n, craft.icao24), t, lat, lon, alt, says, gs, trk, rate, source, call, types]


def _spoof(craft: Craft, t: np.ndarray, lat: np.ndarray, lon: np.ndarray,
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


def _calls(craft: Craft, n: int, rng: np.random.Generator) -> np.ndarray:
    """Callsigns come late, not at all, or are mended in flight."""
    call = np.full(n, craft.call.encode() if rng.random() > 0.08 else b"", "S8")
    if rng.random() < 0.03:  # entered wrong, and mended later
        call[: int(n * rng.uniform(0, 0.9))] = craft.call[:-1].encode()
    call[: int(n * rng.uniform(0, 0.2)) * (rng.random() < 0.3)] = b""
    return call
