"""The simulator that the leg builder is measured on: worlds that repeat, operators with habits."""

from collections import defaultdict

import numpy as np
import pytest

from bench.legs.sim import Day, simulate
from bot.airfields import Airfields

ONLY_AIRLINES = {"J": 1.0}


@pytest.fixture(scope="module")
def airlines(table: Airfields) -> Day:
    return simulate(table, 7, 30, shares=ONLY_AIRLINES)


def test_a_seed_is_one_world(table: Airfields, airlines: Day) -> None:
    """The same seed gives the same reports and the same flights."""
    again = simulate(table, 7, 30, shares=ONLY_AIRLINES)
    assert [(f.origin, f.takeoff) for f in again.flights] == [
        (f.origin, f.takeoff) for f in airlines.flights
    ]
    assert np.array_equal(again.positions.lat_deg, airlines.positions.lat_deg)


def test_a_flight_number_is_flown_every_day_by_changing_airframes(airlines: Day) -> None:
    """Scheduled callsigns return the next day on the same route, not always by the same one."""
    p = airlines.positions
    routes, craft = defaultdict(set), defaultdict(set)
    for f in airlines.flights:
        mine = (p.icao24 == f.icao24) & (p.time_s > f.takeoff) & (p.time_s < f.landing)
        for call in {c for c in p.callsign[mine].tolist() if c} if "operator" in f.tags else ():
            routes[call].add((f.origin, f.destination))
            craft[call].add(f.icao24)
    repeated = [c for c in craft if len(craft[c]) > 1]
    assert len(repeated) > 10
    assert np.mean([len(routes[c]) == 1 for c in repeated]) > 0.8


def test_some_fly_for_themselves(airlines: Day) -> None:
    """Some aircraft belong to no operator, most of the airliners do."""
    share = np.mean(["operator" in f.tags for f in airlines.flights])
    assert 0.6 < share < 1
