"""The words on the pictures."""

from datetime import date

import numpy as np
import pytest

from bot.model.alert import Kind
from bot.pictures import captions
from tests.nouns import at, leg
from tests.pictures.facts import evidence, finding


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "Surge up to 17 Dec 2024, so far · by chance once in 10 years or rarer"),
        ({"return_period_years": 37.0, "expected_window": 9.0},
         "Surge up to 17 Dec 2024, so far · by chance once in 40 years"),
        ({"return_period_years": np.inf, "expected_window": 9.0},
         "Surge up to 17 Dec 2024, so far · by chance once in 100 years or rarer"),
        ({"return_period_years": np.nan, "complete": True}, "Surge up to 17 Dec 2024"),
        ({"kind": Kind.LULL, "complete": True, "return_period_years": 4.0},
         "Lull up to 17 Dec 2024 · by chance once in 4 years"),
        ({"kind": Kind.FIRST, "complete": True, "last_before": date(2023, 12, 18),
          "days_looked": 340}, "First leg in 365 days, 340 of them watched · 17 Dec 2024"),
        ({"observed": np.nan, "raised": False, "judged": False},
         "Nobody looked on 17 Dec 2024, so far: unknown is not zero"),
        ({"observed": 0.0, "raised": False, "judged": False, "state": "learning",
          "complete": True}, "No legs on 17 Dec 2024 · still learning"),
        ({"observed": 1.0, "raised": False, "expected": 1.26, "complete": True},
         "1 leg on 17 Dec 2024, 1.3 expected · usual"),
    ],
)  # fmt: skip
def test_the_chart_says_what_happened(more: dict[str, object], words: str) -> None:
    """The chart's second line is the judgement in words."""
    assert captions.chart_subtitle(finding(**more)) == words


def test_the_bracket_says_its_numbers() -> None:
    """The loudest window: observed, how long, expected; a first leg: in how many days."""
    assert captions.window_text(finding()) == "5 in 3 days, 0.1 expected"
    one_day = finding(window_days=1, since=None, observed_window=4.0)
    assert captions.window_text(one_day) == "4 in a day, 0.1 expected"
    first = finding(kind=Kind.FIRST, last_before=None, days_looked=400)
    assert captions.window_text(first) == "first in 400 days or more"


@pytest.mark.parametrize("since", [date(2024, 12, 4), date(2024, 12, 16)])
def test_the_bracket_is_over_the_days_it_counts(since: date) -> None:
    """A rise that began before the window, or within it, changes neither days nor numbers."""
    risen = finding(since=since)
    assert captions.window_text(risen) == "5 in 3 days, 0.1 expected"
    assert captions.window_first(risen) == date(2024, 12, 15)


def test_the_map_says_which_legs() -> None:
    """One leg by airframe and hours; several by number and days; possible ones as such."""
    one = leg("OSLK", "HL59", "2024-12-17 18:10", landing=at("2024-12-17 20:02"))
    two = leg("OSLK", "HL59", "2024-12-15 04:00")
    assert captions.map_subtitle(evidence(legs=(one,))) == (
        "RA-82038 · A124 · 17 Dec 2024, 18:10–20:02 UTC")  # fmt: skip
    assert captions.map_subtitle(evidence(legs=(two, one))) == (
        "2 legs, 15–17 Dec 2024 · last RA-82038 · A124")  # fmt: skip
    assert "possible, not counted" in captions.map_subtitle(evidence(possible=(one,)))
    assert captions.map_subtitle(evidence()) == "No leg of this watch in the days shown"


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2024, 12, 17), date(2024, 12, 17), "17 Dec 2024"),
        (date(2024, 12, 1), date(2024, 12, 17), "1–17 Dec 2024"),
        (date(2024, 11, 28), date(2024, 12, 3), "28 Nov – 3 Dec 2024"),
        (date(2024, 12, 30), date(2025, 1, 2), "30 Dec 2024 – 2 Jan 2025"),
    ],
)
def test_spans_of_days(first: date, last: date, words: str) -> None:
    """A span names month and year once where they are shared."""
    assert captions.span_text(first, last) == words
