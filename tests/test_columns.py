"""A column at once is the same as value by value, whatever stands in it."""

import math
from typing import Any

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from bot import columns
from bot.model.air import Positions

_TEXT = st.none() | st.text(max_size=14) | st.text("aB9 ~/@\t\x1f\x00é", max_size=14)
_HEX = st.none() | st.text("0aF~ _x", max_size=8) | st.text("0123456789abcdefABCDEF", min_size=6,
                                                           max_size=6)  # fmt: skip


def bare(raw: bytes) -> bytes:
    """As an array of bytes gives it back."""
    return raw.rstrip(b"\x00")


@given(st.lists(_TEXT, max_size=6), st.sampled_from([4, 8, 12]))
@example([" AB", "ABCDEFGHIJKLMN", "  ABCDEFGHIJ  "], 8)
def test_texts(told: list[str | None], width: int) -> None:
    """Stripped, upper case, cut: as one by one."""
    expected = [bare(columns.text(t, width)) for t in told]
    assert columns.texts(told, width).tolist() == expected


@given(st.lists(_TEXT, max_size=6))
@example(["N/A     ", "ab12    ", "@@@@@@@@", "TOOLONG12", "TOOLONG-1"])
def test_callsigns(told: list[str | None]) -> None:
    """What no crew can key in is none heard: as one by one."""
    assert columns.callsigns(told).tolist() == [columns.callsign(t) for t in told]


@given(st.lists(_HEX, max_size=6))
@example(["ffffff", "000000", "~15407", "1540 6", "15407", "1540766"])
def test_addresses(told: list[str | None]) -> None:
    """Six hexadecimal digits, and nothing else: as one by one."""
    assert columns.addresses(told).tolist() == [columns.address(t) for t in told]
    for text, value in zip(told, columns.addresses(told).tolist(), strict=True):
        if text is not None and value:
            assert value == int(text, 16)


@given(st.lists(st.none() | st.floats() | st.integers(-9, 9) | st.sampled_from(
    ["ground", "33000", "high", ""]), max_size=6))  # fmt: skip
def test_heights(told: list[Any]) -> None:
    """Numbers stay, also in text; 'ground' is on the ground; anything else is unknown."""
    values, ground = columns.heights(told)
    assert ground.tolist() == [t == "ground" for t in told]
    for t, value in zip(told, values.tolist(), strict=True):
        known = t is not None and t not in ("ground", "high", "")
        assert value == float(t) or math.isnan(float(t)) if known else math.isnan(value)


def test_numbers_and_flags() -> None:
    """None is unknown, not zero; a bit of an unknown or enormous number is looked up all the
    same."""
    assert np.isnan(columns.numbers([1.0, None])).tolist() == [False, True]
    assert columns.flagged([1, 8, 9, None, 10**30 + 1], 1).tolist() == [True, False, True, False,
                                                                      True]  # fmt: skip
    assert columns.flagged([1, 0], 1).tolist() == [True, False]


def test_nothing_joined_is_nothing() -> None:
    """No parts are no rows."""
    assert len(columns.joined([])) == 0
    one = Positions.of([1], [2.0], [3.0], [4.0])
    assert columns.joined([one, one]).icao24.tolist() == [1, 1]
