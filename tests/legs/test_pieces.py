"""Pieces merge exactly, and what jumps is sifted out."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.legs import pieces, sift
from bot.model.air import Positions

ROW = st.tuples(
    st.floats(0.5, 200), st.floats(-0.02, 0.02), st.sampled_from([np.nan, 0.0, 900.0, 31_000.0]),
    st.sampled_from([np.nan, 12.0, 90.0, 440.0]), st.booleans(),
    st.sampled_from([b"", b"AAA1", b"BBB2"]),
)  # fmt: skip


def reports(rows: list[tuple[float, float, float, float, bool, bytes]]) -> Positions:
    """One aircraft's reports from (gap, step, altitude, speed, ground, callsign)."""
    gap, step, alt, gs, ground, call = (np.array(c) for c in zip(*rows, strict=True))
    n = len(rows)
    return Positions.of(np.full(n, 7), np.cumsum(gap), np.cumsum(step), np.zeros(n),
                        altitude_ft=alt, ground_speed_kt=gs, on_ground=ground & (gs < 50),
                        callsign=call)  # fmt: skip


@given(st.lists(ROW, min_size=2, max_size=60), st.data())
def test_merging_the_halves_gives_the_whole(rows: list, data: st.DataObject) -> None:
    """Cut anywhere and joined again, the records are those of the uncut stream, bit for bit."""
    p = reports(rows)
    at = data.draw(st.integers(1, len(rows) - 1))
    whole = pieces.cut(p, np.zeros(len(p), bool))
    parts = [pieces.cut(p.take(np.arange(a, b)), np.zeros(b - a, bool))
             for a, b in ((0, at), (at, len(p)))]  # fmt: skip
    left, right = parts
    if pieces.continues(left[-1:], right[:1])[0]:
        joined = np.concatenate([left[:-1], pieces.merge(left[-1:], right[:1]), right[1:]])
    else:
        joined = np.concatenate([left, right])
    assert joined.tobytes() == whole.tobytes() or [str(r) for r in joined] == [
        str(r) for r in whole
    ]


def test_a_jump_is_held_back_and_a_return_ends_it() -> None:
    """Three reports 300 km off and back again: only they are dropped."""
    t = np.arange(10) * 30.0
    lat = np.arange(10) * 0.05
    lat[4:7] += 3
    p = Positions.of(np.full(10, 7), t, lat, np.zeros(10))
    s = sift.sift(p, sift.new_gates(1))
    assert s.positions.time_s.tolist() == [t[i] for i in (0, 1, 2, 3, 7, 8, 9)]
    assert not s.jump.any()


def test_a_new_place_is_believed_when_the_aircraft_flies_there() -> None:
    """After forty reports in a row that move as an aircraft does, the new place counts."""
    n = 60
    t = np.arange(n) * 10.0
    lat = np.arange(n) * 0.02
    lat[10:] += 8
    s = sift.sift(Positions.of(np.full(n, 7), t, lat, np.zeros(n)), sift.new_gates(1))
    assert s.jump.sum() == 1
    assert len(s.positions) == n - 39


def test_a_frozen_place_is_never_believed() -> None:
    """An hour at one point in the air, 300 km off the track, is spoofing however long it lasts."""
    n = 200
    t = np.arange(n) * 20.0
    lat = np.arange(n) * 0.02
    lat[50:150] = 8.0
    s = sift.sift(Positions.of(np.full(n, 7), t, lat, np.zeros(n)), sift.new_gates(1))
    assert not (s.positions.lat_deg == 8.0).any()
    assert s.positions.time_s[-1] == t[-1]


def test_rows_that_are_nowhere_are_dropped() -> None:
    """NaN, latitudes beyond the pole, the null island of empty decoders, and address 0 go."""
    p = Positions.of([7, 7, 7, 0, 7, 7], [1, 2, 3, 4, 5, np.nan],
                     [np.nan, 91, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1])  # fmt: skip
    assert sift.tidy(p).time_s.tolist() == [5]


def test_of_two_reports_of_one_instant_the_better_source_stays() -> None:
    """An ADS-B position beats a multilaterated one of the same second."""
    p = Positions.of([7, 7], [1, 1], [1.0, 1.1], [0, 0], source=[5, 0])
    assert sift.tidy(p).lat_deg.tolist() == [1.0] or sift.tidy(p).source.tolist() == [0]
