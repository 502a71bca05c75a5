"""Dates under the bars."""

import numpy as np
import pytest

from bot.pictures import days
from bot.pictures.axis import date_ticks
from tests.pictures.facts import finding, series


@pytest.mark.parametrize("count", [1, 2, 3, 7, 14, 30, 45, 60, 100, 130, 131, 200, 400, 800, 2500])
def test_dates_are_apart_and_the_last_is_named(count: int) -> None:
    """Neighbouring dates leave each other room, and the newest bar always has its date."""
    bars = days.of(series(np.ones(count)), finding(complete=True))
    bar_px = 986 / len(bars)
    places, texts = date_ticks(bars, bar_px)
    assert places[-1] == len(bars) - 1
    assert (np.diff(places) * bar_px >= 80).all()
    assert len(texts) == len(places)
    assert texts[0].endswith("2024") or count > 131


def test_the_running_day_says_so() -> None:
    """A part day is marked under its bar."""
    _, texts = date_ticks(days.of(series([0, 1, 2]), finding()), 300.0)
    assert texts[-1] == "17 Dec\nso far"
