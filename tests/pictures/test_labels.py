"""Where words go."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.pictures.labels import Board, Box, spaced

FRAME = Box(0, 0, 1000, 500)
coordinate = st.floats(-50, 1050)
anchors = st.lists(st.tuples(coordinate, coordinate, st.floats(10, 400)), max_size=25)


@given(anchors)
def test_placed_words_never_meet_nor_leave_the_frame(
    points: list[tuple[float, float, float]],
) -> None:
    """However crowded the map, placed boxes are apart and inside; the rest is left out."""
    board = Board(FRAME, np.empty((0, 2)))
    placed = [board.beside(np.array([x, y]), width, 26, 14) for x, y, width in points]
    kept = [box for box in placed if box]
    assert all(box.within(FRAME) for box in kept)
    assert not [1 for a, b in combinations(kept, 2) if a.overlaps(b)]


def test_a_word_avoids_the_line() -> None:
    """With a line leaving to the right, the word goes elsewhere."""
    line = spaced(np.array([[500.0, 250.0], [1000.0, 250.0]]))
    box = Board(FRAME, line).beside(np.array([500.0, 250.0]), 120, 26, 14)
    assert box is not None
    assert Board(FRAME, line).covered(box) == 0


def test_a_word_at_the_frame_turns_inward() -> None:
    """Beside the right edge the word goes to the left of its point."""
    box = Board(FRAME, np.empty((0, 2))).beside(np.array([990.0, 250.0]), 120, 26, 14)
    assert box is not None
    assert box.right < 990


def test_the_same_points_give_the_same_places() -> None:
    """Nothing about a placement is left to chance."""
    one, two = (Board(FRAME, np.empty((0, 2))).beside(np.array([10.0, 10.0]), 99, 26, 14)
                for _ in range(2))  # fmt: skip
    assert one == two


def test_a_line_is_sampled_evenly() -> None:
    """Sampled points are no farther apart than asked, and keep both ends."""
    line = spaced(np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 30.0]]), every=8)
    assert np.hypot(*np.diff(line, axis=0).T).max() <= 8.7
    assert line[0].tolist() == [0, 0]
    assert line[-1].tolist() == [100, 30]


def test_a_strict_word_hides_nothing() -> None:
    """Hemmed in by lines, a strict word is left out where an ordinary one makes do."""
    x, y = np.meshgrid(np.arange(400.0, 620, 8), np.arange(180.0, 330, 8))
    board = Board(FRAME, np.column_stack([x.ravel(), y.ravel()]))
    anchor = np.array([500.0, 250.0])
    assert board.beside(anchor, 60, 26, 14, strict=True) is None
    assert board.beside(anchor, 60, 26, 14) is not None
