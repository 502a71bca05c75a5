"""Live and history are one builder: the same reports give the same legs, however they come."""

import itertools
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.airfields import Airfields
from bot.legs.history import History, finished, legs_of
from bot.legs.live import LiveLegs
from bot.legs.readers import raw, states, traces
from bot.model.air import Leg, Positions
from tests.legs.flights import T0, flight, join, without

DATA = Path(__file__).parent / "data"
HOUR = 3600.0
SLOW = settings(max_examples=8, deadline=None,
                suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip


@cache
def recording(name: str) -> Positions:
    """A real track or trace by its file's name."""
    if name.startswith("trace"):
        path = DATA / "traces" / f"{name}.json"
        return traces.parse(raw.read(path), name)
    return states.parse_json(raw.read(DATA / "tracks" / f"{name}.json.gz"), name)


def settled(legs: list[Leg]) -> list[Leg]:
    """The final legs in order, without ids: live keeps the one it published first."""
    final = [replace(g, id="") for g in legs if g.final]
    return sorted(final, key=lambda g: (g.icao24, g.first_seen))


@pytest.fixture(scope="module")
def live(table: Airfields) -> LiveLegs:
    """A live builder; every example leaves it empty."""
    return LiveLegs(table)


@pytest.fixture(scope="module")
def history(table: Airfields) -> History:
    """A builder for history; every example leaves it empty."""
    return History(table)


def live_legs(live: LiveLegs, p: Positions, cuts: list[float]) -> list[Leg]:
    """The final legs when `p` comes in ticks that end at the cuts."""
    out: list[Leg] = []
    edges = sorted({*cuts, float(p.time_s.max())})
    last = -np.inf
    for edge in edges:
        part = p.take((p.time_s > last) & (p.time_s <= edge))
        out += live.tick(part, edge)
        last = edge
    for hours in (2, 30, 37, 80, 300):  # until what was known is forgotten, too
        out += live.tick(Positions.empty(), edges[-1] + hours * HOUR)
    assert len(live) == 0
    return settled(out)


def gappy(table: Airfields, seed: int) -> Positions:
    """Two aircraft shuttling, with holes, outliers, blanks and false bits."""
    rng = np.random.default_rng(seed)
    parts = []
    for icao in (0x154076, 0x1533E1):
        t = T0 + rng.uniform(0, 5) * HOUR
        for a, b in (("OSLK", "HL59"), ("HL59", "HLLB"), ("HLLB", "OSLK"), ("OSLK", "LTAC")):
            p = flight(table, a, b, t, icao24=icao, step_s=float(rng.choice([10, 60, 300])))
            parts.append(p)
            t = float(p.time_s.max()) + rng.uniform(0.2, 9) * HOUR
    p = join(*parts)
    for _ in range(6):
        at = rng.uniform(p.time_s.min(), p.time_s.max())
        p = without(p, at, at + rng.exponential(2 * HOUR))
    n = len(p)
    p.lat_deg[rng.random(n) < 0.02] += 5
    p.on_ground[rng.random(n) < 0.005] = True
    p.altitude_ft[rng.random(n) < 0.05] = np.nan
    p.ground_speed_kt[rng.random(n) < 0.05] = np.nan
    p.callsign[rng.random(n) < 0.3] = b""
    return p


def spoofed(table: Airfields, seed: int) -> Positions:
    """Shuttles heard every ten seconds, each put on a circle at Beirut for a while, some after a
    silence that makes it reachable, some until they park."""
    rng = np.random.default_rng(seed)
    parts, t = [], T0
    for a, b in (("OSAP", "OSDI"), ("OSDI", "OSAP"), ("OSAP", "OLBA"), ("OLBA", "LTAC")):
        p = flight(table, a, b, t, step_s=10, cruise_ft=15_000, speed_kt=320)
        t = float(p.time_s.max()) + rng.uniform(0.2, 4) * HOUR
        begin = rng.uniform(p.time_s.min(), p.time_s.max())
        p = without(p, begin - rng.uniform(0, 900), begin)
        rows = np.flatnonzero((p.time_s >= begin) & (p.time_s < begin + rng.uniform(60, 2000)))
        p.lat_deg[rows] = 33.82 + 0.015 * np.sin(rows / 30) + rng.normal(0, 0.002, len(rows))
        p.lon_deg[rows] = 35.49 + 0.015 * np.cos(rows / 30) + rng.normal(0, 0.002, len(rows))
        parts.append(p)
    return join(*parts)


REAL = ["trace_full_ac671b", "trace_full_a3c78c", "trace_full_aab38f", "elal747", "noisy_takeoff",
        "noisy_time_issue", "qantas747", "turkish_flag", "zurich_airport"]  # fmt: skip


@pytest.mark.parametrize("name", REAL)
@SLOW
@given(seed=st.integers(0, 10_000), ticks=st.integers(0, 60))
def test_real_tracks_cut_anywhere(live: LiveLegs, history: History, name: str, seed: int,
                                ticks: int) -> None:  # fmt: skip
    """A real track in any number of ticks gives the legs of the whole file."""
    p = recording(name)
    rng = np.random.default_rng(seed)
    cuts = rng.uniform(p.time_s.min(), p.time_s.max(), ticks).tolist()
    assert live_legs(live, p, cuts) == settled(legs_of(p, history))


@SLOW
@given(seed=st.integers(0, 10_000), ticks=st.integers(0, 300))
def test_gappy_tracks_cut_anywhere(table: Airfields, live: LiveLegs, history: History, seed: int,
                                   ticks: int) -> None:  # fmt: skip
    """Synthetic shuttles with holes and dirt, polled anyhow, give the legs of the whole."""
    p = gappy(table, seed)
    rng = np.random.default_rng(seed + 1)
    cuts = rng.uniform(p.time_s.min(), p.time_s.max(), ticks).tolist()
    assert live_legs(live, p, cuts) == settled(legs_of(p, history))


@SLOW
@given(seed=st.integers(0, 10_000), ticks=st.integers(0, 300))
def test_spoofed_tracks_cut_anywhere(table: Airfields, live: LiveLegs, history: History, seed: int,
                                     ticks: int) -> None:  # fmt: skip
    """Positions that stand still for a while, polled anyhow, give the legs of the whole."""
    p = spoofed(table, seed)
    rng = np.random.default_rng(seed + 1)
    cuts = rng.uniform(p.time_s.min(), p.time_s.max(), ticks).tolist()
    assert live_legs(live, p, cuts) == settled(legs_of(p, history))


@SLOW
@given(seed=st.integers(0, 10_000), parts=st.integers(1, 12))
def test_batches_of_files_carry_over(table: Airfields, history: History, seed: int,
                                     parts: int) -> None:  # fmt: skip
    """Day after day through `History` gives the legs of one long file."""
    p = gappy(table, seed)
    edges = np.linspace(p.time_s.min() - 1, p.time_s.max(), parts + 1)
    out: list[Leg] = []
    for begin, end in itertools.pairwise(edges):
        out += history.add(p.take((p.time_s > begin) & (p.time_s <= end)))
    out += history.flush()
    assert settled(out) == settled(legs_of(p, history))


@SLOW
@given(seed=st.integers(0, 10_000), ticks=st.integers(0, 200))
def test_twins_cut_anywhere(table: Airfields, live: LiveLegs, history: History, seed: int,
                            ticks: int) -> None:  # fmt: skip
    """Two aircraft under one address, polled anyhow, give the legs of the whole."""
    rng = np.random.default_rng(seed)
    a = flight(table, "EDDF", "LEMD", step_s=20)
    b = flight(table, "KDEN", "KMSP", T0 + float(rng.integers(1, 3000)) + 0.5, step_s=30)
    c = flight(table, "KMSP", "KDEN", float(b.time_s.max()) + 4000.5, step_s=30)
    p = join(a, b, c)
    cuts = rng.uniform(p.time_s.min(), p.time_s.max(), ticks).tolist()
    assert live_legs(live, p, cuts) == settled(legs_of(p, history))


def fleet(table: Airfields, seed: int) -> Positions:
    """Six aircraft on two routes, often lost at cruise and never heard again."""
    rng = np.random.default_rng(seed)
    parts = []
    for k in range(6):
        t = T0 + rng.uniform(0, 40) * HOUR
        far = "HL59" if k % 2 else "HLLB"
        for a, b in (("OSLK", far), (far, "OSLK"))[: int(rng.integers(1, 3))]:
            p = flight(table, a, b, t, icao24=0x154070 + k, step_s=60.0)
            t = float(p.time_s.max()) + rng.uniform(0.5, 4) * HOUR
            parts.append(p)
        if rng.random() < 0.5:
            parts[-1] = parts[-1].take(parts[-1].time_s < parts[-1].time_s.max() - 2400)
    return join(*parts)


@SLOW
@given(seed=st.integers(0, 10_000), ticks=st.integers(0, 200))
def test_what_others_do_counts_alike(table: Airfields, live: LiveLegs, history: History, seed: int,
                                     ticks: int) -> None:  # fmt: skip
    """Ends named by the habits of others are the same in polls, in one file, and aircraft by
    aircraft in any order through two builders."""
    p = fleet(table, seed)
    rng = np.random.default_rng(seed + 1)
    whole = settled(legs_of(p, history))
    cuts = rng.uniform(p.time_s.min(), p.time_s.max(), ticks).tolist()
    assert live_legs(live, p, cuts) == whole
    shares, out = (History(table), History(table)), []
    for address in rng.permutation(np.unique(p.icao24)).tolist():
        one = shares[address % 2]
        out += one.add(p.take(p.icao24 == address)) + one.flush([address])
    out += [leg for one in shares for leg in one.close()]
    assert settled(out + finished(table, [one.leave() for one in shares])) == whole
