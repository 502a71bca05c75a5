"""Columns read out of packed rows are the rows' own values."""

import math
import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.legs.readers.packed import Detail, Odd, Row, rows
from bot.scan import Rows

# numbers whose bytes look like the beginning of a row, at every place in them
LIKE_A_ROW = [
    struct.unpack(">d", (bytes(k) + b"\x99\xcb" * 4)[:8])[0] for k in range(8)
] + [128.6, -88.036868]  # fmt: skip
LIKE = b"\x99\xcb"  # how a row begins
PLAIN = st.floats(-9e8, 9e8).filter(lambda x: LIKE not in struct.pack(">d", x))
NUMBER = st.sampled_from(LIKE_A_ROW) | PLAIN


def row_of(number: st.SearchStrategy[float]) -> st.SearchStrategy[Row]:
    maybe = number | st.none()
    words = st.text(max_size=7).filter(lambda word: LIKE not in word.encode())
    text = st.none() | words | st.just("ABC12   ")
    detail = st.none() | st.builds(Detail, text)
    return st.builds(Row, number, number, number, maybe | st.just("ground"), maybe, maybe,
                     st.integers(0, 127), maybe, detail)  # fmt: skip


FIELDS = {"seen_pos": "t", "lat": "lat", "lon": "lon", "alt_baro": "alt", "gs": "gs",
          "track": "trk", "baro_rate": "vr"}  # fmt: skip


def known(value: float | str | None) -> float:
    return value if isinstance(value, float) and abs(value) < 1e9 else math.nan


def agree(found: Rows, lists: list[list[Row]]) -> None:
    """Every value of the rows stands in its column."""
    told = [row for some in lists for row in some]
    for column, name in FIELDS.items():
        expected = [known(getattr(row, name)) for row in told]
        np.testing.assert_array_equal(found.number[column], np.array(expected, float))
    assert found.ground.tolist() == [row.alt == "ground" for row in told]
    calls = dict(found.calls)
    heard = None
    for i, row in enumerate(told):
        heard = calls.get(i, heard)
        if row.detail is not None and row.detail.flight is not None:
            assert heard == row.detail.flight


@given(st.lists(st.lists(row_of(PLAIN), max_size=20), max_size=4))
def test_every_value_stands_in_its_column(lists: list[list[Row]]) -> None:
    """Whatever is unknown and wherever a list ends, row by row what was told."""
    agree(rows(lists), lists)


@given(st.lists(st.lists(row_of(NUMBER), max_size=20), max_size=4))
@example([[Row(9.183437143537931e-306, 0.0, 3.26353012119e-312, None, None, 128.6, 22, None,
               Detail("Ù")), Row(0.0, 0.0, 0.0, 0.0, None, None, 3, None, None)]])  # fmt: skip
def test_numbers_that_look_like_rows_are_read_or_refused(lists: list[list[Row]]) -> None:
    """Bytes that begin a row inside a number never move a value: right, or told as odd."""
    with suppress(Odd):
        agree(rows(lists), lists)


@pytest.mark.parametrize(
    "row",
    [Row(0.0, 0.0, 0.0, "12000"), Row(0.0, 0.0, 0.0, "groun!"), Row(0.0, 0.0, 0.0, flags=1000),
     Row(0.0, 0.0, 0.0, flags=1 << 70), Row(0.0, 0.0, 0.0, detail=Detail("A" * 32))],
)  # fmt: skip
def test_what_nobody_sends_is_refused(row: Row) -> None:
    """It is told, so that another reader takes the file; it is never read as something else."""
    with pytest.raises(Odd):
        rows([[Row(1.0, 2.0, 3.0), row, Row(4.0, 5.0, 6.0)]])
