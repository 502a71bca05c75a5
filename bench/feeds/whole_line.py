"""False surges through the whole line: positions and looks in, alerts out, on a hand-wound clock.

Run: python -m bench.feeds.whole_line [PAIRS] [SEED] [DAYS] [SITES]

Each pair is DAYS (365) days of the watches between SITES (8) real airfields, lived twice with the
same luck: under an even sky, and under holes, failed polls, wander, jumps and spells on a fallback
feed (bench/feeds/coverage.py). Every flight is seen around an end as that end's coverage of the
hour and its own luck let it be; the bot polls every 15 minutes, builds legs, counts, judges once a
day.
Legs are built of the watched aircraft alone: those of airliners that no watch counts would take
nine tenths of the time. Exposure is held against the truth as well.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from bench.feeds.coverage import DAYS, FALLBACK, Floats, failures, holes, wander
from bot import airfields, app, geo
from bot.config import Config
from bot.coverage import grounds_of
from bot.model.air import Positions
from bot.model.alert import Kind, Message, Receipt
from bot.model.query import Everything, Look, Outcome, Snapshot
from bot.model.watch import Address, AircraftClass, AlertPolicy, Place, Spot, Watch
from bot.rehearsal import Rehearsal
from bot.store import Store

SITES = ("OSLK", "HLLB", "UUEE", "LFPB", "GMMN", "OEJN", "DNAA", "UTTT")  # 500 nm apart and more
JUDGED_FROM = 60
MOST_SEEN = 3.5  # times the usual coverage: so much flies, and coverage 1 shows its share of it
POLL_S, HOUR_S, DAY_S = 900, 3600, 86_400
SEEN_WITHIN_NM = 220.0
ON_GROUND_S = 1200  # before take-off and after landing, so that a poll finds it there
CRUISE_KT, CRUISE_FT, CLIMB_FPM = 440.0, 33_000.0, 1_800.0
START = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class World:
    """Coverage of each site (S, D*24), failed polls (D*24,), feed by day (D,)."""

    coverage: Floats
    failed: Floats
    feed: list[str]


@dataclass(frozen=True, slots=True)
class Flights:
    """A year's flights in order of their start; arrays (n,), points in degrees."""

    icao24: Floats
    start_s: Floats
    end_s: Floats
    a: Floats  # (n, 2) lat, lon
    b: Floats
    ends: Floats  # (n, 2) the sites at which it can be seen
    luck: Floats
    watched: bool


class Ear:
    """The channel: takes everything."""

    name = "list"

    def send(self, message: Message, address: Address, *, reply_to: str | None = None) -> Receipt:
        del message, address, reply_to
        return Receipt("1")


def world(rng: np.random.Generator, n: int, rough: bool) -> World:
    if not rough:
        return World(np.ones((n, DAYS * 24)), np.zeros(DAYS * 24), ["a"] * DAYS)
    level, source = wander(rng, n)
    coverage = (level[:, :, None] * holes(rng, n)).reshape(n, -1)
    # one feed for all: what the first site tells of its sources is every site's
    feeds = ["b" if s == FALLBACK else f"a{s}" for s in source[0].tolist()]
    return World(coverage, failures(rng, 1)[0].ravel(), feeds)


def others(rng: np.random.Generator, spots: Floats) -> Flights:
    """Airliners that cross each site's surroundings in half an hour, by hour of the day."""
    parts = []
    for site, (lat, lon) in enumerate(spots.tolist()):
        per_day = np.exp(rng.uniform(np.log(20), np.log(80))) * MOST_SEEN
        hour = np.exp(0.6 * np.sin((np.arange(24) - rng.uniform(0, 24)) * np.pi / 12))
        season = 1 + 0.15 * np.sin(2 * np.pi * (np.arange(DAYS) / 365 + rng.random()))
        effect = season * np.exp(rng.normal(0, 0.05, DAYS))
        n = rng.poisson(np.outer(effect, hour / hour.sum() * per_day)).ravel()
        start = np.repeat(np.arange(DAYS * 24) * HOUR_S, n) + rng.uniform(0, HOUR_S, n.sum())
        turn, off = rng.uniform(0, 2 * np.pi, (2, len(start)))
        far = 40.0 * np.sqrt(rng.random(len(start))) / 60
        lon_scale = np.cos(np.radians(lat))
        middle = np.stack([lat + far * np.cos(off), lon + far * np.sin(off) / lon_scale], 1)
        half = 110 / 60 * np.stack([np.cos(turn), np.sin(turn) / lon_scale], 1)
        parts.append((start, start + 1800, middle - half, middle + half,
                      np.full((len(start), 2), site)))  # fmt: skip
    return flights(rng, parts, 0x400000, watched=False)


def transports(rng: np.random.Generator, spots: Floats, routes: list[tuple[int, int]]) -> Flights:
    parts = []
    for a, b in routes:
        per_day = np.exp(rng.uniform(np.log(0.05), np.log(2)))
        n = rng.poisson(per_day * MOST_SEEN, DAYS)
        start = np.repeat(np.arange(DAYS) * DAY_S, n) + rng.uniform(0, DAY_S, n.sum())
        gone_s = geo.distance_nm(*spots[a], *spots[b]) / CRUISE_KT * 3600
        ones = np.ones((len(start), 1))
        parts.append((start, start + gone_s + 2 * ON_GROUND_S, ones * spots[a], ones * spots[b],
                      ones * [a, b]))  # fmt: skip
    return flights(rng, parts, 0x140000, watched=True)


def flights(rng: np.random.Generator, parts: list[tuple[Floats, ...]], first: int, *,
            watched: bool) -> Flights:  # fmt: skip
    start, end, a, b, ends = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(start)
    # addresses come round again after a few thousand others: the same few thousand airliners
    names = first + np.arange(len(start)) % (60_000 if watched else 6_000)
    return Flights(names.astype(float), start[order], end[order], a[order], b[order],
                   ends[order].astype(int), rng.random(len(start)), watched)  # fmt: skip


def seen(flown: Flights, at_s: float, coverage: Floats, spots: Floats) -> Positions:
    """What of these is to be seen now."""
    last = int(np.searchsorted(flown.start_s, at_s, "right"))
    first = int(np.searchsorted(flown.start_s, at_s - DAY_S, "left"))
    on = np.flatnonzero(flown.end_s[first:last] > at_s) + first
    gone = at_s - flown.start_s[on]
    whole = flown.end_s[on] - flown.start_s[on]
    if flown.watched:
        gone, whole = gone - ON_GROUND_S, whole - 2 * ON_GROUND_S
    share = np.clip(gone / whole, 0, 1)
    lat, lon = along(flown.a[on], flown.b[on], share).T
    left, done = gone.clip(0), (whole - gone).clip(0)
    height = np.minimum(CRUISE_FT, np.minimum(left, done) / 60 * CLIMB_FPM)
    site = np.where(share < 0.5, flown.ends[on, 0], flown.ends[on, 1])
    near = np.array(
        [geo.distance_nm(*spots[s], y, x) for s, y, x in zip(site, lat, lon, strict=True)]
    )
    heard = (flown.luck[on] < coverage[site] / MOST_SEEN) & (near < SEEN_WITHIN_NM)
    ground = (height <= 0) if flown.watched else np.zeros(len(on), bool)
    speed = np.where(ground, 5.0, CRUISE_KT)
    rate = np.where(left < done, 1, -1) * CLIMB_FPM * (height < CRUISE_FT) * ~ground
    kind = b"IL76" if flown.watched else b"B738"
    made = Positions.of(
        flown.icao24[on], np.full(len(on), START.timestamp() + at_s - 5), lat, lon,
        altitude_ft=height if flown.watched else np.full(len(on), CRUISE_FT), on_ground=ground,
        ground_speed_kt=speed, vertical_rate_fpm=rate if flown.watched else rate * 0,
        track_deg=np.zeros(len(on)), type_code=np.full(len(on), kind),
    )  # fmt: skip
    return made.take(heard)


def along(a: Floats, b: Floats, share: Floats) -> Floats:
    """Points (n, 2) on the great circles, in degrees."""
    u, v = geo.unit_vectors(*a.T), geo.unit_vectors(*b.T)
    angle = np.arccos(np.clip((u * v).sum(1), -1, 1))[:, None]
    share = share[:, None]
    p = (np.sin((1 - share) * angle) * u + np.sin(share * angle) * v) / np.maximum(
        np.sin(angle), 1e-12
    )
    lat = np.arctan2(p[:, 2], np.hypot(p[:, 0], p[:, 1]))
    return np.degrees(np.stack([lat, np.arctan2(p[:, 1], p[:, 0])], 1))


def together(parts: list[Positions]) -> Positions:
    columns = Positions.__slots__
    return Positions(*(np.concatenate([getattr(p, c) for p in parts]) for c in columns))


def polls(sky: list[Flights], there: World, spots: Floats, luck: Floats, days: int
          ) -> Iterator[tuple[datetime, str, Positions | None]]:  # fmt: skip
    """(when, which feed, what it showed, or None: it failed) of every poll."""
    for k in range(days * DAY_S // POLL_S):
        at_s = k * POLL_S + 30.0
        hour, day = int(at_s // HOUR_S), int(at_s // DAY_S)
        when = START + timedelta(seconds=at_s)
        if luck[k] < there.failed[hour]:
            yield when, there.feed[day], None
            continue
        parts = [seen(flown, at_s, there.coverage[:, hour], spots) for flown in sky]
        yield when, there.feed[day], together(parts)


@dataclass(frozen=True, slots=True)
class Lived:
    """What came of one run."""

    surges: int  # told after the first weeks
    years: float  # watch-years judged then
    counted: float  # legs counted for each that coverage 1 would show
    right: float  # share of ground-days whose exposure is within 0.15 of the truth
    covered: float  # ... and whose 90 % interval holds it


def live(folder: Path, seed: int, rough: bool, days: int, sites: int) -> Lived:
    fields = airfields.load()
    found = [fields.get(ident) for ident in SITES[:sites]]
    spots = np.array([(f.lat_deg, f.lon_deg) for f in found if f])
    ends = [Place((Spot(f.ident, f.name, f.lat_deg, f.lon_deg),)) for f in found if f]
    routes = [(a, b) for a in range(len(ends)) for b in range(len(ends)) if a != b]
    kinds = (AircraftClass("transports", types=frozenset({"IL76"})),)
    watches = tuple(
        Watch(f"{SITES[a]} to {SITES[b]}", ends[a], ends[b], kinds, audience=("desk",),
              alerts=AlertPolicy(surge_per_year=1.0))
        for a, b in routes
    )  # fmt: skip
    settings = Config(path=folder / "config.yaml", feeds=(), watches=watches, data=folder,
                      audiences={"desk": (Address("list", "desk"),)})  # fmt: skip
    store = app.open_data(settings, START)
    bot = Rehearsal(settings, fields, store, {"list": Ear()}, START, draw=False)
    whole = bot.wiring.sky._live  # the bench leaves out what nobody counts
    tick = whole.tick
    whole.tick = lambda p, at_s: tick(p.take(p.type_code == b"IL76"), at_s)  # type: ignore[method-assign]
    rng = np.random.default_rng(seed)
    sky = [others(rng, spots), transports(rng, spots, routes)]
    there = world(np.random.default_rng(seed + 1), sites, rough)
    luck = np.random.default_rng(seed + 2).random(days * DAY_S // POLL_S)
    day = START.date()
    for when, feed, positions in polls(sky, there, spots, luck, days):
        if when.date() != day:
            day = when.date()
            bot.now = when
            bot.wiring.sky.flush(when)
            bot.assess()
        take(bot, when, feed, positions)
    since = START + timedelta(days=JUDGED_FROM)
    told = [a for a in store.alerts(100_000) if a.kind is Kind.SURGE and a.fired]
    surges = sum(a.fired >= since for a in told if a.fired)
    counted = sum(float(np.nansum(store.days(w.name).counts)) for w in watches)
    right, covered = against_truth(store, watches, routes, there)
    store.close()
    started = (sky[1].start_s < days * DAY_S).sum() / MOST_SEEN
    years = len(watches) * (days - JUDGED_FROM) / 365
    return Lived(surges, years, counted / started, right, covered)


def against_truth(
    store: Store, watches: tuple[Watch, ...], routes: list[tuple[int, int]], there: World
) -> tuple[float, float]:
    """Of all ground-days with a habit: the share within 0.15, and inside the interval."""
    truth = (there.coverage * (1 - there.failed)).reshape(-1, DAYS, 24).mean(2)
    error, inside = [], []
    for watch, ends in zip(watches, routes, strict=True):
        for ground, site in zip(grounds_of(watch), ends, strict=True):
            for day in store.ground_days(ground.key, START.date() + timedelta(days=28))[:-1]:
                true = truth[site, (day.day - START.date()).days]
                error.append(abs(day.exposure - true))
                inside.append(day.low <= true <= day.high)
    return float(np.mean(np.array(error) <= 0.15)), float(np.mean(inside))


def take(bot: Rehearsal, when: datetime, feed: str, positions: Positions | None) -> None:
    """One look, as a lane would hand it over."""
    query = Everything()
    if positions is None:
        look = Look(feed, query.key(), when, Outcome.UNAVAILABLE, detail="no answer")
        bot.wiring.sky.take(look, query, None)
        return
    look = Look(feed, query.key(), when, Outcome.OK, len(positions))
    snapshot = Snapshot(feed, query, when.timestamp(), positions, len(positions))
    bot.wiring.sky.take(look, query, snapshot)


def main(pairs: int = 2, seed: int = 1, days: int = DAYS, sites: int = len(SITES)) -> None:
    total = {False: [0, 0.0], True: [0, 0.0]}
    for pair in range(pairs):
        for rough in (False, True):
            began = time.process_time()
            with tempfile.TemporaryDirectory() as folder:
                lived = live(Path(folder), seed * 100 + pair, rough, days, sites)
            total[rough][0] += lived.surges
            total[rough][1] += lived.years
            print(f"  pair {pair + 1} {'rough' if rough else 'even '}: {lived.surges} surges in "
                  f"{lived.years:.0f} watch-years, {lived.counted:.0%} of flights counted, "
                  f"exposure right on {lived.right:.1%}, interval covers {lived.covered:.1%}, "
                  f"{time.process_time() - began:.0f} s", flush=True)  # fmt: skip
    (even, years), (rough, _) = total[False], total[True]
    print(f"{years:.0f} watch-years through the whole line, seed {seed}: even {even / years:.2f} a "
          f"year, rough {rough / years:.2f}, ratio {rough / max(even, 1):.2f}")  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
