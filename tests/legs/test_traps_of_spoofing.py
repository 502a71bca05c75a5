"""Spoofing that lands: positions within reach that stand still while the aircraft flies."""

from dataclasses import replace

import numpy as np
import pytest

from bot.airfields import Airfields
from bot.legs import sift
from bot.legs.history import History
from bot.model.air import Positions
from tests.legs.flights import T0, flight, without
from tests.legs.test_traps import ends, legs

BEIRUT = (33.82, 35.488)


@pytest.fixture(scope="module")
def history(table: Airfields) -> History:
    """A builder; every test leaves it empty."""
    return History(table)


def spoofed(p: Positions, begin_s: float, end_s: float, turns: int = 3) -> Positions:
    """The reports of a span put on a small circle at Beirut, all else as it was told."""
    rows = np.flatnonzero((p.time_s >= begin_s) & (p.time_s < end_s))
    angle = np.linspace(0, turns * 2 * np.pi, len(rows))
    rng = np.random.default_rng(3)
    lat, lon = p.lat_deg.copy(), p.lon_deg.copy()
    lat[rows] = BEIRUT[0] + 0.015 * np.sin(angle) + rng.normal(0, 0.002, len(rows))
    lon[rows] = BEIRUT[1] + 0.015 * np.cos(angle) + rng.normal(0, 0.002, len(rows))
    return replace(p, lat_deg=lat, lon_deg=lon)


def sifted(p: Positions) -> sift.Sifted:
    """One aircraft's reports through the gate."""
    return sift.sift(sift.tidy(p), sift.new_gates(1))


def circling(turn_s: float, speed_kt: float, step_s: float, minutes: float = 40) -> Positions:
    """Level circles of so many seconds each."""
    t = np.arange(0, minutes * 60, step_s)
    radius_deg = speed_kt * turn_s / 3600 / (2 * np.pi) / 60
    angle = 2 * np.pi * t / turn_s
    n = len(t)
    return Positions.of(
        np.full(n, 7), T0 + t, 45 + radius_deg * np.sin(angle),
        9 + radius_deg / np.cos(np.radians(45)) * np.cos(angle),
        altitude_ft=np.full(n, 9000.0), ground_speed_kt=np.full(n, speed_kt),
        track_deg=np.degrees(-angle) % 360,
    )  # fmt: skip


@pytest.mark.parametrize("silent_min", [8, 12])
def test_a_spoofed_place_within_reach_is_no_landing_there(
    table: Airfields, history: History, silent_min: float
) -> None:
    """Minutes unheard, then circles at Beirut down to the taxiing; later the apron of Damascus."""
    p = flight(table, "OSAP", "OSDI", step_s=8, cruise_ft=15_000, speed_kt=320, taxi_s=3600,
               type_code="B738")  # fmt: skip
    p = p.take(~p.on_ground | (np.arange(len(p)) % 5 == 0))  # who stands is heard less often
    landed = p.time_s[np.flatnonzero(~p.on_ground)[-1]]
    begin = landed - 10 * 60
    p = spoofed(without(p, begin - silent_min * 60, begin), begin, landed + 600)
    p = without(p, landed + 600, landed + 1500)
    assert ends(legs(history, p)) == [("OSAP", "OSDI")]


def test_what_stands_still_at_flying_speed_is_held_back(table: Airfields) -> None:
    """Of ten spoofed minutes and the taxiing there no more than the first three pass."""
    p = flight(table, "OSAP", "OSDI", step_s=8, cruise_ft=15_000, speed_kt=320)
    landed = p.time_s[np.flatnonzero(~p.on_ground)[-1]]
    begin = landed - 600
    p = spoofed(without(p, begin - 700, begin), begin, np.inf)
    kept = sifted(p).positions
    assert kept.time_s.max() < begin + 180
    assert not kept.on_ground[kept.time_s > begin].any()


@pytest.mark.parametrize(
    ("turn_s", "speed_kt", "step_s"),
    [(120, 250, 10), (120, 250, 60), (80, 180, 5), (80, 180, 30), (60, 160, 20), (240, 400, 15)],
)
def test_who_orbits_is_where_it_says(turn_s: float, speed_kt: float, step_s: float) -> None:
    """Holds, tankers and tight surveillance orbits lose no report, however polled."""
    p = circling(turn_s, speed_kt, step_s)
    assert len(sifted(p).positions) == len(p)


@pytest.mark.parametrize(
    ("turn_s", "speed_kt", "step_s"),
    [(40, 220, 2), (40, 220, 5), (40, 220, 10), (36, 250, 5), (45, 250, 10), (30, 200, 8)],
)
def test_a_jet_that_turns_over_its_field_is_where_it_says(
    turn_s: float, speed_kt: float, step_s: float
) -> None:
    """Steep turns that end near where they began lose no report: the way is covered in steps, and
    so after however many reports at a time."""
    p = circling(turn_s, speed_kt, step_s, minutes=6)
    assert len(sifted(p).positions) == len(p)
    gates = sift.new_gates(1)
    for k in range(0, len(p), 7):
        one = sift.sift(p.take(np.arange(k, min(k + 7, len(p)))), gates)
        gates = one.gates
        assert len(one.positions) == min(7, len(p) - k)
        assert not one.jump.any()


def test_who_is_parked_for_long_has_its_place_again(table: Airfields) -> None:
    """Held back at a place where it then stands for hours, it is heard there after one of them."""
    p = flight(table, "OSAP", "OSDI", step_s=8, cruise_ft=15_000, speed_kt=320, taxi_s=4 * 3600)
    landed = p.time_s[np.flatnonzero(~p.on_ground)[-1]]
    p = spoofed(without(p, landed - 1300, landed - 600), landed - 600, np.inf)
    after = sifted(p).positions.time_s - landed
    assert not ((after > 0) & (after <= 3600)).any()
    assert (after > 3700).sum() == (p.time_s > landed + 3700).sum()


def test_a_flight_and_its_landing_lose_nothing(table: Airfields) -> None:
    """A flight into Beirut itself, seen down to the apron, passes whole."""
    p = flight(table, "LTAC", "OLBA", step_s=8)
    assert len(sifted(p).positions) == len(p)


def test_who_flies_on_after_it_is_believed_again(table: Airfields, history: History) -> None:
    """Spoofed on the way to Beirut and true again near it: the landing there is seen."""
    p = flight(table, "LTAC", "OLBA", step_s=8, speed_kt=300)
    landed = p.time_s[np.flatnonzero(~p.on_ground)[-1]]
    p = without(p, landed - 1500, landed - 1000)
    p = spoofed(p, landed - 1000, landed - 280)
    assert ends(legs(history, p)) == [("LTAC", "OLBA")]


def test_a_silence_ends_the_doubt(table: Airfields) -> None:
    """Twenty minutes after the last spoofed report the next one counts."""
    p = flight(table, "OSAP", "OSDI", step_s=8, cruise_ft=15_000, speed_kt=320, taxi_s=3600)
    landed = p.time_s[np.flatnonzero(~p.on_ground)[-1]]
    p = spoofed(without(p, landed - 1000, landed - 600), landed - 600, landed)
    p = without(p, landed, landed + 1200)
    kept = sifted(p).positions
    assert (kept.time_s > landed).sum() == (p.time_s > landed).sum()


@pytest.mark.parametrize("step_s", [1, 2, 8])
def test_a_quarter_of_an_hour_of_spoofing_is_passed_over(table: Airfields, step_s: float) -> None:
    """However often polled, little of it is believed, and nothing of the track after it is lost."""
    p = flight(table, "LTAC", "OSDI", step_s=step_s)
    landed = p.time_s[np.flatnonzero(~p.on_ground)[-1]]
    p = spoofed(p, landed - 1500, landed - 600, turns=6)
    kept = sifted(p).positions.time_s
    assert ((kept >= landed - 1500) & (kept < landed - 600)).sum() * step_s < 180
    assert (kept >= landed - 600).sum() == (p.time_s >= landed - 600).sum()
