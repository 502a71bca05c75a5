"""Land, coasts, borders and country names from Natural Earth 1:50m, kept in the package.

Read once (about 0.1 s) and kept; reads nothing else, asks no network. The file is TopoJSON, cut
into arcs: one used by one country is coast, one used by two is a border, and rings are arcs joined.
Source and licence: bot/data/README.md.
"""

import gzip
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot import geo
from bot.geo import Floats

FILE = Path(__file__).parents[1] / "data" / "natural_earth_50m.json.gz"
_STEP_DEG = 1.0  # longer edges (the 49th parallel) are divided, or they would be drawn as chords


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Many polylines end to end: unit vectors of shape (n, 3), and where each one starts."""

    points: Floats
    starts: npt.NDArray[np.intp]  # shape (lines + 1,); the last entry is n

    @classmethod
    def join(cls, parts: list[Floats]) -> "Lines":
        """From (lon, lat) polylines."""
        sizes = [len(p) for p in parts]
        lonlat = np.concatenate(parts) if parts else np.empty((0, 2))
        return cls(geo.unit_vectors(lonlat[:, 1], lonlat[:, 0]), np.cumsum([0, *sizes]))


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The Earth's land. Rings are closed; outer rings run clockwise, holes the other way."""

    land: Lines
    outer: npt.NDArray[np.bool_]  # per ring of `land`: False is a hole
    coasts: Lines
    borders: Lines
    countries: tuple[tuple[str, Lines], ...]  # name, its outer rings


@cache
def world() -> World:
    """The whole map, decoded. A missing or damaged file is a fault of the installation: raises."""
    topology = json.loads(gzip.decompress(FILE.read_bytes()))
    scale, origin = (np.array(topology["transform"][k]) for k in ("scale", "translate"))
    arcs = [_divided(np.cumsum(np.array(a), axis=0) * scale + origin) for a in topology["arcs"]]
    countries = topology["objects"]["countries"]["geometries"]
    used = np.zeros(len(arcs), int)
    for country in countries:
        touched = {_index(i) for polygon in _polygons(country) for ring in polygon for i in ring}
        used[list(touched)] += 1
    rings, outer = [], []
    for polygon in _polygons(topology["objects"]["land"]["geometries"][0]):
        rings += [_ring(ring, arcs) for ring in polygon]
        outer += [True] + [False] * (len(polygon) - 1)
    return World(
        Lines.join(rings), np.array(outer),
        Lines.join([a for a, n in zip(arcs, used, strict=True) if n == 1]),
        Lines.join([a for a, n in zip(arcs, used, strict=True) if n > 1]),
        tuple((c["properties"]["name"], Lines.join([_ring(p[0], arcs) for p in _polygons(c)]))
              for c in countries if _polygons(c)),
    )  # fmt: skip


def _polygons(shape: dict[str, Any]) -> list[list[list[int]]]:
    """A geometry's polygons, each a list of rings, each a list of arc numbers."""
    arcs: list[Any] = shape.get("arcs", [])
    return [arcs] if shape["type"] == "Polygon" else arcs


def _index(arc: int) -> int:
    """TopoJSON writes an arc that is run backwards as its number's complement."""
    return arc if arc >= 0 else ~arc


def _ring(numbers: list[int], arcs: list[Floats]) -> Floats:
    parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in numbers]
    return np.concatenate([parts[0], *(p[1:] for p in parts[1:])])


def _divided(line: Floats) -> Floats:
    """The line with no edge longer than the step; longitudes run on past the date line."""
    line = np.column_stack([np.unwrap(line[:, 0], period=360), line[:, 1]])
    pieces = np.ceil(np.abs(np.diff(line, axis=0)).max(axis=1) / _STEP_DEG).astype(int)
    if pieces.max(initial=0) <= 1:
        return line
    at = np.concatenate([[0.0], *(i + np.arange(1, n + 1) / n for i, n in enumerate(pieces) if n)])
    return np.column_stack([np.interp(at, np.arange(len(line)), axis) for axis in line.T])
