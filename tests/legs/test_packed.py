"""Columns read out of packed rows are the rows' own values."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.legs.readers.packed import Detail, Odd, Row, rows

# numbers whose bytes look like the beginning of a row, at every place in them
LIKE_A_ROW = [
    struct.unpack(">d", (bytes(k) + b"\x99\xcb" * 4)[:8])[0] for k in range(8)
] + [128.6, -88.036868]  # fmt: skip
NUMBER = st.sampled_from(LIKE_A_ROW) | st.floats(-9e8, 9e8)
MAYBE = NUMBER | st.none()
DETAIL = st.none() | st.builds(Detail, st.none() | st.text(max_size=7) | st.just("ABC12   "))
ROW = st.builds(Row, NUMBER, NUMBER, NUMBER, MAYBE | st.just("ground"), MAYBE, MAYBE,
                st.integers(0, 127), MAYBE, DETAIL)  # fmt: skip
FIELDS = {"seen_pos": "t", "lat": "lat", "lon": "lon", "alt_baro": "alt", "gs": "gs",
          "track": "trk", "baro_rate": "vr"}  # fmt: skip


def known(value: float | str | None) -> float:
    return value if isinstance(value, float) and abs(value) < 1e9 else math.nan


@given(st.lists(st.lists(ROW, max_size=20), max_size=4))
def test_every_value_stands_in_its_column(lists: list[list[Row]]) -> None:
    """Whatever is unknown and wherever a list ends, row by row what was told."""
    told = [row for some in lists for row in some]
    found = rows(lists)
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


@pytest.mark.parametrize(
    "row",
    [Row(0.0, 0.0, 0.0, "12000"), Row(0.0, 0.0, 0.0, "groun!"), Row(0.0, 0.0, 0.0, flags=1000),
     Row(0.0, 0.0, 0.0, flags=1 << 70), Row(0.0, 0.0, 0.0, detail=Detail("A" * 32))],
)  # fmt: skip
def test_what_nobody_sends_is_refused(row: Row) -> None:
    """It is told, so that another reader takes the file; it is never read as something else."""
    with pytest.raises(Odd):
        rows([[Row(1.0, 2.0, 3.0), row, Row(4.0, 5.0, 6.0)]])
