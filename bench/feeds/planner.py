"""What planning saves: 200 watches on 4 providers against one query per watch end.

Run: python -m bench.feeds.planner

Flights of the watched routes fly their great circle at 440 kt and are visible in the last 60 nm
before an end (and the first after it) when a circle that holds them is asked. A flight counts as
detected when both of its ends were. Both plans keep the provider's spacing, quota and one-minute
rounds; the planned one is also slowed down to 60 % of the other's requests.
"""

import random
import time
from collections.abc import Sequence

import numpy as np

from bot import airfields, geo
from bot.model.feed import FeedSettings
from bot.model.providers import PROVIDERS, provider_of, quota_per_day
from bot.model.query import Near, Query
from bot.model.watch import Place, Spot, Watch
from bot.planner import plan
from bot.planner.circles import APPROACH_NM

WATCHES, FLIGHTS, SPEED_KT, CLOSE_NM = 200, 4000, 440.0, 60.0
NAMES = ("adsb-lol", "adsb-fi", "airplanes-live", "adsbexchange-rapidapi")


def some_watches(rng: random.Random) -> list[Watch]:
    """Routes between real fields, gathered as owners gather them: a few regions, many pairs."""
    table = airfields.load()
    fields = [f for f in map(table.at, range(len(table))) if (f.runway_ft or 0) >= 7000]
    hubs = rng.sample(fields, 12)
    near = {h.ident: [f for f in fields
                      if geo.distance_nm(h.lat_deg, h.lon_deg, f.lat_deg, f.lon_deg) < 600]
            for h in hubs}  # fmt: skip
    watches = []
    while len(watches) < WATCHES:
        a, b = (rng.choice(near[rng.choice(hubs).ident]) for _ in range(2))
        if geo.distance_nm(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg) > 150:
            ends = [Place((Spot(f.ident, f.name, f.lat_deg, f.lon_deg),)) for f in (a, b)]
            watches.append(Watch(str(len(watches)), *ends))
    return watches


def one_each(watches: Sequence[Watch]) -> list[Query]:
    """A query for each end of each watch, shared by nobody."""
    return [
        Near(spot.lat_deg, spot.lon_deg, APPROACH_NM)
        for watch in watches
        for place in (watch.origin, watch.destination)
        if place
        for spot in place.airfields
    ]


def period_s(settings: FeedSettings, queries: Sequence[Query]) -> float:
    """Of a whole round, inside the provider's limits."""
    quota = quota_per_day(settings)
    spread = len(queries) * 86_400 / quota if quota else 0.0
    return max(60.0, len(queries) * settings.spacing_s, spread)


def detected(queries: Sequence[Query], period: float, watches: Sequence[Watch]) -> float:
    """Share of simulated flights that a poll catches near both ends."""
    rng = np.random.default_rng(5)
    circles = [q for q in queries if isinstance(q, Near)]
    lat, lon, radius = np.array([(q.lat_deg, q.lon_deg, q.radius_nm) for q in circles]).T
    step_s = period / len(queries)
    caught = 0
    for number in rng.integers(0, len(watches), FLIGHTS):
        watch, start_s = watches[number], rng.uniform(0, 86_400)
        ends = [place.airfields[0] for place in (watch.origin, watch.destination) if place]
        far_s = geo.distance_nm(ends[0].lat_deg, ends[0].lon_deg, ends[1].lat_deg,
                                ends[1].lon_deg) / SPEED_KT * 3600  # fmt: skip
        near_s = CLOSE_NM / SPEED_KT * 3600
        both = True
        for spot, begin_s in zip(ends, (start_s, start_s + far_s - near_s), strict=True):
            away = geo.distances_km(lat, lon, np.array(spot.lat_deg), np.array(spot.lon_deg))
            sees = np.flatnonzero(away / geo.KM_PER_NM + CLOSE_NM <= radius + 1)
            first = (begin_s - sees * step_s) / period
            both &= bool((np.floor(first + near_s / period) > np.floor(first)).any())
        caught += both
    return caught / FLIGHTS


def main() -> None:
    watches = some_watches(random.Random(3))
    feeds = [FeedSettings(n, "v2", PROVIDERS[n].url, provider=n, spacing_s=PROVIDERS[n].spacing_s)
             for n in NAMES]  # fmt: skip
    began = time.process_time()
    plans = [plan(feed, watches) for feed in feeds]
    print(f"planning {WATCHES} watches on {len(feeds)} providers: "
          f"{time.process_time() - began:.2f} s CPU")  # fmt: skip
    simple = one_each(watches)
    for feed, planned in zip(feeds, plans, strict=True):
        was, now = period_s(feed, simple), period_s(feed, planned)
        rate_was = len(simple) / was * 3600
        slowed = max(now, len(planned) / (0.6 * rate_was) * 3600)
        print(f"{provider_of(feed).name}: {len(simple)} queries a round become {len(planned)}")
        ways = (("one each", simple, was), ("planned, same round", planned, was),
                ("planned, 60 %", planned, slowed))  # fmt: skip
        for name, queries, period in ways:
            share = detected(queries, period, watches)
            rate = len(queries) / period * 3600
            print(f"  {name:20} round {period:7.0f} s, {rate:6.0f} requests/h "
                  f"({rate / rate_was:4.0%}), flights detected {share:.1%}")  # fmt: skip


if __name__ == "__main__":
    main()
