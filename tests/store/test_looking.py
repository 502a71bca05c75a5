"""What a day's looking was worth is a fact that is kept."""

import math
from dataclasses import replace
from datetime import date

from bot.model.looking import GroundDay, Habit
from bot.store import Store

DAY = GroundDay("g", date(2024, 12, 26), 0.9, 0.8, 0.6, 1.0, 120, 150.5, (3, 4, 23), "lol,roof")


def test_days_come_back_as_they_were(store: Store) -> None:
    """Unknown stays unknown, hours of darkness stay those hours, a new estimate replaces."""
    dim = replace(DAY, day=date(2024, 12, 27), exposure=math.nan, expected=math.nan, dark=())
    with store.begin() as tx:
        store.put_ground_days(tx, [replace(DAY, exposure=0.1), dim, replace(DAY, ground="h")])
        store.put_ground_days(tx, [DAY])
    first, second = store.ground_days("g", date(2024, 12, 26))
    assert first == DAY
    assert math.isnan(second.exposure)
    assert math.isnan(second.expected)
    assert store.ground_days("g", date(2024, 12, 28)) == ()


def test_a_ground_has_one_habit(store: Store) -> None:
    """The latest habit, to the last byte, with the names of its sets of feeds."""
    habit = Habit("g", date(2024, 12, 26), ("lol", "lol,roof"), bytes(range(256)))
    with store.begin() as tx:
        store.put_habits(tx, [replace(habit, state=b"old"), Habit("h", habit.day, (), b"")])
        store.put_habits(tx, [habit])
    assert store.habits() == {"g": habit, "h": Habit("h", habit.day, (), b"")}
