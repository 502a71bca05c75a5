"""Simulated traffic with known truth, as receivers with gaps would report it.

`simulate(seed, aircraft)` gives reports and the flights behind them. Operators with bases, nets and
timetables fly beside aircraft with goals of their own (`sim_operators`, `sim_fleet`); everything
that can go wrong with real data goes wrong here now and then: partial coverage by country,
receivers that are off, ground heard or not, transponders switched off near Libya and Syria, jamming
and spoofing in the eastern Mediterranean, multilateration noise, spikes, false surface bits,
missing columns, blank and changing callsigns, coarse polls (`sim_reports`), holds, circuits,
go-arounds, diversions, loitering (`sim_flight`), in a world of receivers of its own (`sim_world`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bench.legs import sim_world
from bench.legs.sim_fleet import SHARES, T0, Craft, Trip, hire, next_trip
from bench.legs.sim_flight import Path, circuits, fly, go_around, runway
from bench.legs.sim_operators import Hiring
from bench.legs.sim_reports import PAD, Flight, reports
from bench.legs.sim_world import World
from bot.airfields import Airfields
from bot.geo import distances_km
from bot.model.air import Positions

__all__ = ["Day", "Flight", "simulate"]


@dataclass(frozen=True, slots=True)
class Day:
    """Reports of many aircraft and the flights behind them, sorted by aircraft and time."""

    positions: Positions
    flights: list[Flight]


def simulate(fields: Airfields, seed: int, aircraft: int = 400, days: float = 2.0,
             shares: dict[str, float] | None = None, world_like: str = "usual") -> Day:  # fmt: skip
    """A world of its own for each seed: other receivers, other operators, other days.

    `world_like`: see `sim_world.LIKE`. A flight with an end at a field of a dark region has the tag
    "watched", one of an operator's "operator".
    """
    rng = np.random.default_rng(seed)
    world = sim_world.build(fields, rng, world_like)
    hiring = Hiring(world)
    share = shares or SHARES
    names, p = list(share), np.array(list(share.values()))
    columns: list[list[np.ndarray]] = []
    flights: list[Flight] = []
    addresses = np.sort(rng.choice(np.arange(0x780000, 0x7C0000), aircraft, replace=False))
    for address in addresses.tolist():
        group = str(rng.choice(names, p=p / p.sum()))
        craft = hire(world, hiring, address, group, world.like.off, rng)
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


def _life(world: World, craft: Craft, rng: np.random.Generator,
          days: float) -> Iterator[tuple[Flight, list[np.ndarray]]]:  # fmt: skip
    """The flights of one airframe, one after another, with their reports."""
    t = T0 + rng.uniform(0, 0.4) * 86400
    here = craft.base
    while t < T0 + days * 86400:
        trip = next_trip(world, craft, here, t, rng)
        if trip is None or trip.leaves >= T0 + days * 86400:
            return
        craft.call = trip.call or craft.call
        path = _path(world, craft, here, trip, rng)
        flight = _truth(world, craft, here, trip, path)
        pause = rng.uniform(*craft.kind.pause_min) * 60
        if rng.random() < 0.12:
            pause = rng.uniform(5, 11) * 3600
        yield flight, reports(world, craft, flight, path, (here, trip.there), pause, rng)
        craft.previous, here = here, trip.there
        t = flight.landing + pause


def _truth(world: World, craft: Craft, here: int, trip: Trip, path: Path) -> Flight:
    tags = {trip.extra} - {""}
    if world.dark[here] or world.dark[trip.there]:
        tags.add("watched")
    if craft.operator is not None:
        tags.add("operator")
    return Flight(craft.icao24, world.fields.idents[here], world.fields.idents[trip.there],
                  trip.leaves, trip.leaves + float(path.t[-1]), craft.kind.letter,
                  tags=tags)  # fmt: skip


def _path(world: World, craft: Craft, here: int, trip: Trip, rng: np.random.Generator) -> Path:
    f, there = world.fields, trip.there
    ends = []
    for row in (here, there):
        elevation = f.elevation_ft[row]
        # runways lie off the point the table gives, and terminals off the runways
        jitter = rng.normal(0, 0.012 if f.runway_ft[row] >= 7000 else 0.004, 2)
        jitter *= PAD if f.heliport[row] else 1.0
        ends.append((float(f.lat_deg[row] + jitter[0]), float(f.lon_deg[row] + jitter[1]),
                     runway(f.headings[row], rng),
                     0.0 if np.isnan(elevation) else elevation))  # fmt: skip
    if trip.extra == "circuits":
        return circuits(ends[0], craft.kind, rng)
    via = None
    if trip.extra == "divert":
        pool = world.light["business"]
        km = distances_km(f.lat_deg[pool], f.lon_deg[pool], f.lat_deg[there], f.lon_deg[there])
        near = pool[(km > 20) & (km < 250)]
        if len(near):
            row = int(rng.choice(near))
            via = (float(f.lat_deg[row]), float(f.lon_deg[row]))
    path = fly(ends[0], ends[1], craft.kind, rng, trip.extra, via)
    return go_around(path, ends[1], craft.kind, rng) if trip.extra == "around" else path
