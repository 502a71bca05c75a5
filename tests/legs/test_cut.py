"""The slack rule: what a gap of silence may hide."""

import math

import pytest

from bot.legs.cut import landed_between
from bot.legs.side import Side

NONE = (b"", b"")
LEVEL, DOWN, UP = 0.0, -1500.0, 1500.0


def side(minute: float, lon: float, alt: float, rate: float, gs: float = 440.0) -> Side:
    """A report on the equator, heading east."""
    return Side(minute * 60, 0.0, lon, alt, gs, 90.0, rate, alt, 440.0)


@pytest.mark.parametrize(
    ("gap_min", "nm", "before", "after", "calls", "landed"),
    [
        (120, 880, (35e3, LEVEL), (35e3, LEVEL), NONE, False),  # an ocean: no slack at all
        (120, 60, (35e3, LEVEL), (35e3, LEVEL), NONE, True),  # two hours on the spot
        (45, 60, (5e3, DOWN), (5e3, UP), NONE, True),  # in, turned round, out
        (12, 60, (5e3, DOWN), (5e3, UP), NONE, False),  # a hole low down, flown through
        (20, 60, (9e3, DOWN), (9e3, UP), (b"AAA1", b"AAA2"), True),  # another callsign
        (20, 60, (9e3, DOWN), (9e3, UP), (b"AAA1", b"AAA1"), False),
        (20, 100, (35e3, LEVEL), (35e3, LEVEL), (b"AAA1", b"AAA2"), False),  # renamed in flight
    ],
)  # fmt: skip
def test_slack_decides(gap_min: float, nm: float, before: tuple[float, float],
                       after: tuple[float, float], calls: tuple[bytes, bytes],
                       landed: bool) -> None:  # fmt: skip
    """A gap hides a landing when more time is missing than the way, a descent and a climb take."""
    a, b = side(0, 0, *before), side(gap_min, nm / 60, *after)
    assert landed_between(a, b, calls, craft="J") is landed


def test_light_aircraft_turn_round_faster() -> None:
    """Nine minutes are enough for a light aircraft at a field, not for an airliner."""
    a, b = side(0, 0, 800, DOWN, 90.0), side(9, 0.02, 800, UP, 90.0)
    assert landed_between(a, b, NONE, craft="L")
    assert not landed_between(a, b, NONE, craft="J")


def test_height_counts_from_the_ground() -> None:
    """At a field of 7,600 ft a report at 9,000 ft is low: less time is needed for a stop."""
    a, b = side(0, 0, 9000, DOWN), side(17, 0.3, 9000, UP)
    assert landed_between(a, b, NONE, craft="J", ground_ft=7600)
    assert not landed_between(a, b, NONE, craft="J", ground_ft=0)


def test_unknown_heights_and_speeds_do_not_raise() -> None:
    """With nothing known but place and time the answer is still a bool."""
    nan = math.nan
    a = Side(0, 0, 0, nan, nan, nan, nan, nan, nan)
    b = Side(9000, 0, 1, nan, nan, nan, nan, nan, nan)
    assert landed_between(a, b, NONE, craft="J") is True
