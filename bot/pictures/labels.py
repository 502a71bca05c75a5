"""Where words go on a map: beside their point, clear of each other, the frame and the lines.

Deterministic: the same points give the same places. Promises that placed boxes never overlap and
never leave the frame; a word with no room is left out rather than printed over another.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from bot.geo import Floats


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """A rectangle in pixels; y grows upwards."""

    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: "Box") -> bool:
        """Whether they share area."""
        return (self.left < other.right and other.left < self.right
                and self.bottom < other.top and other.bottom < self.top)  # fmt: skip

    def within(self, other: "Box") -> bool:
        """Whether it lies wholly inside."""
        return (self.left >= other.left and self.right <= other.right
                and self.bottom >= other.bottom and self.top <= other.top)  # fmt: skip


# Directions to try, best first: readers look to the right of a dot, then left, above, below.
_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


@dataclass(slots=True)
class Board:
    """The map's free space; each word placed takes some of it."""

    frame: Box
    lines: Floats  # shape (n, 2): points along what should stay visible
    taken: list[Box] = field(default_factory=list)

    def beside(
        self, anchor: Floats, width: float, height: float, gap: float, *, strict: bool = False
    ) -> Box | None:
        """The best free place for a word next to (x, y), taken at once; None when there is none.

        `strict` takes only a place close by that hides no line.
        """
        best = min(self._places(anchor, width, height, gap, strict), default=None)
        if best is None:
            return None
        self.taken.append(best[2])
        return best[2]

    def _places(
        self, anchor: Floats, width: float, height: float, gap: float, strict: bool
    ) -> Iterator[tuple[int, int, Box]]:
        """Free boxes around the point, each after its cost and its rank."""
        x, y = anchor
        for ring, distance in enumerate(
            (gap, 2.2 * gap) if strict else (gap, 2.2 * gap, 3.4 * gap)
        ):
            for rank, (sx, sy) in enumerate(_SIDES):
                slant = 0.72 if sx and sy else 1.0
                mid_x = x + sx * (distance * slant + width / 2)
                mid_y = y + sy * (distance * slant + height / 2)
                box = _around(mid_x, mid_y, width, height)
                hidden = self.covered(box)
                if self._free(box) and not (strict and hidden):
                    yield 3 * hidden + rank + 9 * ring, rank, box

    def at(self, x: float, y: float, width: float, height: float) -> Box | None:
        """The place centred on (x, y), if it is free and covers no line; taken at once."""
        box = _around(x, y, width, height)
        if not self._free(box) or self.covered(box):
            return None
        self.taken.append(box)
        return box

    def covered(self, box: Box) -> int:
        """How many line points the box would hide."""
        x, y = self.lines.T
        return int(np.sum((x > box.left - 4) & (x < box.right + 4)
                          & (y > box.bottom - 2) & (y < box.top + 2)))  # fmt: skip

    def _free(self, box: Box) -> bool:
        return box.within(self.frame) and not any(box.overlaps(other) for other in self.taken)


def _around(x: float, y: float, width: float, height: float) -> Box:
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def spaced(line: Floats, every: float = 8.0) -> Floats:
    """Points along a polyline no farther apart than `every` pixels, shape (m, 2)."""
    if len(line) < 2:
        return line
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.linspace(0, along[-1], max(2, int(min(along[-1], 40_000) / every) + 1))
    return np.column_stack([np.interp(at, along, axis) for axis in line.T])
