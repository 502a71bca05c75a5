"""The table of airfields: where they are, how high, how long their runways, what lies nearest.

Promises: every row has passed validation (performance notes: a public table held a latitude of
-104, which a naive arg-min then returned for every query); distances are great-circle and have
no trouble at the poles or the date line; a field the owner names in `airfields:` overrides the
table. Refuses: judging size by a table's `type` (al-Khadim, 11,838 ft, is a 'small_airport').
"""

import csv
import difflib
import gzip
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from importlib import resources
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from bot.errors import InputError
from bot.geo import EARTH_KM, distance_km, unit_vectors
from bot.model.air import Airfield

ELEVATIONS_FT = (-1400.0, 15600.0)  # Bar Yehuda -1,240 ft; Daocheng Yading 14,472 ft; some slack
SAME_PLACE_KM = 5.0  # two tables mean one field when ident and place agree
LEFT_OUT = frozenset({"closed", "balloonport"})
COLUMNS = ("ident", "name", "lat", "lon", "elevation_ft", "runway_ft", "soft_ft", "headings",
           "country", "kind", "scheduled")  # fmt: skip
Column = Sequence[str]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


class Airfields:
    """Airfields as columns, all of shape (n,); NaN is unknown. `refused` counts rejected cells."""

    def __init__(self, table: Mapping[str, Column]) -> None:
        lat, lon = _numbers(table["lat"]), _numbers(table["lon"])
        good = (np.abs(lat) <= 90) & (np.abs(lon) <= 180)
        keep = np.flatnonzero(good)
        picked = keep.tolist() if not good.all() else None
        elevation = _numbers(table["elevation_ft"])[keep]
        mad = (elevation < ELEVATIONS_FT[0]) | (elevation > ELEVATIONS_FT[1])
        elevation[mad] = np.nan
        self.refused = {"position": int((~good).sum()), "elevation": int(mad.sum())}
        self.lat_deg, self.lon_deg, self.elevation_ft = lat[keep], lon[keep], elevation
        self.runway_ft = _numbers(table["runway_ft"])[keep]  # longest hard runway
        self.soft_ft = _numbers(table["soft_ft"])[keep]  # longest other runway
        self.scheduled = (np.array(table["scheduled"], dtype="U1") == "1")[keep]
        self.idents, self.names, self.kinds, self.countries, self.headings = (
            [table[k][i] for i in picked] if picked else list(table[k])
            for k in ("ident", "name", "kind", "country", "headings")
        )
        self.heliport = np.array([kind == "heliport" for kind in self.kinds], dtype=bool)
        self.row_of = {ident: i for i, ident in enumerate(self.idents)}
        # A plain tree builds in half the time of a balanced one and answers as fast here.
        self._tree = cKDTree(unit_vectors(self.lat_deg, self.lon_deg), balanced_tree=False)

    def __len__(self) -> int:
        return len(self.idents)

    def __contains__(self, ident: str) -> bool:
        return ident in self.row_of

    def at(self, row: int) -> Airfield:
        """The airfield in a row."""
        return Airfield(
            self.idents[row], self.names[row], float(self.lat_deg[row]), float(self.lon_deg[row]),
            _known(self.elevation_ft[row]), _known(self.runway_ft[row]), self.countries[row],
            self.kinds[row],
        )  # fmt: skip

    def get(self, ident: str) -> Airfield | None:
        """The airfield with this ident, or None."""
        row = self.row_of.get(ident)
        return None if row is None else self.at(row)

    def near(self, lat_deg: float, lon_deg: float, km: float) -> list[tuple[Airfield, float]]:
        """Every airfield within `km`, with its distance in km, nearest first."""
        rows = self.rows_within(lat_deg, lon_deg, km)
        found = [(self.at(r), distance_km(lat_deg, lon_deg, float(self.lat_deg[r]),
                                          float(self.lon_deg[r]))) for r in rows]  # fmt: skip
        return sorted(found, key=lambda pair: pair[1])

    def rows_within(self, lat_deg: float, lon_deg: float, km: float) -> Rows:
        """Rows of the airfields within `km`, in no order."""
        here = unit_vectors(lat_deg, lon_deg)
        return np.asarray(self._tree.query_ball_point(here, chord(km)), dtype=np.intp)

    def rows_around(self, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike,
                    km: Sequence[float]) -> tuple[Rows, Rows]:  # fmt: skip
        """`rows_within` of many places (n,): which place, and a row near it."""
        return around(self._tree, unit_vectors(lat_deg, lon_deg), [chord(k) for k in km])

    def nearest(self, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike, k: int = 1,
                within_km: float = math.inf) -> tuple[Floats, Rows]:  # fmt: skip
        """The k nearest of each place: distances in km and rows, shape (n, k).

        Where fewer than k lie within `within_km` the distance is inf and the row -1.
        """
        places = np.atleast_2d(unit_vectors(lat_deg, lon_deg))
        far = chord(within_km) if within_km < math.inf else math.inf
        found, rows = self._tree.query(places, k=range(1, k + 1), distance_upper_bound=far)
        km = 2 * EARTH_KM * np.arcsin(np.minimum(found / 2, 1))
        km[~np.isfinite(found)] = np.inf
        return km, np.where(np.isfinite(found), rows, -1)

    def suggest(self, text: str) -> list[str]:
        """Idents that a misspelt ident or a name may mean, likeliest first; at most three."""
        wanted = text.strip()
        idents = self._like_ident(wanted.upper())
        if len(wanted) <= 4:
            return idents[:3]
        return list(dict.fromkeys([*self._like_name(wanted.casefold()), *idents]))[:3]

    def _like_ident(self, wanted: str) -> list[str]:
        """One slip away: a letter wrong, missing, extra or swapped; same region first."""
        near = [i for i in self.idents if abs(len(i) - len(wanted)) <= 1 and _one_slip(i, wanted)]
        return sorted(near, key=lambda i: (i[:2] != wanted[:2], *self._rank(i)))

    def _like_name(self, wanted: str) -> list[str]:
        inside = [i for i, name in self._folded if wanted in name]
        if not inside:
            words = {w for _, name in self._folded for w in name.replace("-", " ").split()}
            close = set(difflib.get_close_matches(wanted, words, 3, 0.75))
            inside = [i for i, n in self._folded if close & set(n.replace("-", " ").split())]
        return sorted(inside, key=self._rank)[:3]

    def _rank(self, ident: str) -> tuple[float, str]:
        return -float(np.nan_to_num(self.runway_ft[self.row_of[ident]])), ident

    @cached_property
    def _folded(self) -> list[tuple[str, str]]:
        pairs = zip(self.idents, self.names, self.heliport, strict=True)
        return [(i, name.casefold()) for i, name, pad in pairs if not pad]

    @property
    def country_names(self) -> Mapping[str, str]:
        """ISO 3166-1 alpha-2 code to English name."""
        return country_names()


@cache
def country_names() -> Mapping[str, str]:
    """ISO 3166-1 alpha-2 code to English name."""
    text = _data("airfields-countries.csv").decode("utf-8")
    return {row["iso"]: row["name"] for row in csv.DictReader(io.StringIO(text))}


def load(extra: Iterable[Airfield] = ()) -> Airfields:
    """The table that comes with the program; `extra` overrides fields by ident, or adds them.

    Raises InputError when an extra field has an impossible place.
    """
    given = list(extra)
    return Airfields(_with(_columns(), given)) if given else _shipped()


def from_csv(path: Path, known: Airfields | None = None) -> Airfields:
    """An OurAirports-shaped table (`ident, type, name, latitude_deg, ...`) instead of the own one.

    It has no runways: those of `known` are used where ident and place agree. Raises InputError
    naming the file and the missing columns.
    """
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as exc:
        raise InputError(f"{path}: cannot be read as a table of airfields: {exc}") from exc
    reader = csv.DictReader(io.StringIO(text))
    needed = {"ident", "latitude_deg", "longitude_deg"}
    if missing := needed - set(reader.fieldnames or ()):
        raise InputError(f"{path}:1: no column {', '.join(sorted(missing))}; found "
                         f"{', '.join(reader.fieldnames or ['nothing'])}")  # fmt: skip
    rows = [_from_ourairports(r, known) for r in reader if r.get("type") not in LEFT_OUT]
    if not rows:
        raise InputError(f"{path}: holds no airfield")
    return Airfields(dict(zip(COLUMNS, zip(*rows, strict=True), strict=True)))


def chord(km: float) -> float:
    """The straight line through the unit sphere that spans `km` along its surface."""
    return 2 * math.sin(min(km / (2 * EARTH_KM), math.pi / 2))


def around(tree: cKDTree, places: Floats, chords: Sequence[float]) -> tuple[Rows, Rows]:
    """Points of a tree of unit vectors round each of these (n, 3): which one, and the point."""
    found = tree.query_ball_point(places, chords)
    counts = np.fromiter(map(len, found), np.intp, len(found))
    points = np.fromiter(chain.from_iterable(found), np.intp, int(counts.sum()))
    return np.repeat(np.arange(len(found)), counts), points


def _data(name: str) -> bytes:
    return resources.files("bot").joinpath("data", name).read_bytes()


@cache  # reading it takes most of a verb's start; nobody writes to a table
def _shipped() -> Airfields:
    return Airfields(_columns())


def _columns() -> dict[str, Column]:
    text = gzip.decompress(_data("airfields.csv.gz")).decode("utf-8")
    rows = list(csv.reader(io.StringIO(text)))
    return dict(zip(rows[0], zip(*rows[1:], strict=True), strict=True))


def _with(table: dict[str, Column], extra: list[Airfield]) -> Mapping[str, Column]:
    place = {ident: i for i, ident in enumerate(table["ident"])}
    wide = {name: list(column) for name, column in table.items()}
    for field in extra:
        if not (abs(field.lat_deg) <= 90 and abs(field.lon_deg) <= 180):
            raise InputError(f"airfield {field.ident}: no such place {field.lat_deg}, "
                             f"{field.lon_deg}")  # fmt: skip
        told = {"ident": field.ident, "name": field.name, "lat": str(field.lat_deg),
                "lon": str(field.lon_deg), "elevation_ft": _text(field.elevation_ft),
                "runway_ft": _text(field.runway_ft), "country": field.country,
                "kind": field.kind}  # fmt: skip
        told = {name: value for name, value in told.items() if value}
        row = place.get(field.ident)
        for name, column in wide.items():
            if row is None:
                column.append(told.get(name, ""))
            elif name in told:
                column[row] = told[name]
        place.setdefault(field.ident, len(wide["ident"]) - 1)
    return wide


def _from_ourairports(row: Mapping[str, str], known: Airfields | None) -> tuple[str, ...]:
    here = known.row_of.get(row["ident"]) if known else None
    runway = soft = headings = ""
    if known is not None and here is not None:
        try:
            apart = distance_km(float(row["latitude_deg"]), float(row["longitude_deg"]),
                                float(known.lat_deg[here]), float(known.lon_deg[here]))  # fmt: skip
        except ValueError:
            apart = math.inf
        if apart <= SAME_PLACE_KM:
            runway, soft = _text(known.runway_ft[here]), _text(known.soft_ft[here])
            headings = known.headings[here]
    scheduled = "1" if row.get("scheduled_service") in ("yes", "1") else ""
    return (row["ident"], row.get("name") or row["ident"], row["latitude_deg"],
            row["longitude_deg"], row.get("elevation_ft") or "", runway, soft, headings,
            row.get("iso_country") or "", row.get("type") or "", scheduled)  # fmt: skip


def _one_slip(a: str, b: str) -> bool:
    if len(a) == len(b):
        differ = [i for i in range(len(a)) if a[i] != b[i]]
        if len(differ) == 2 and differ[1] == differ[0] + 1:
            return a[differ[0]] == b[differ[1]] and a[differ[1]] == b[differ[0]]
        return len(differ) == 1
    short, long = sorted((a, b), key=len)
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))


def _numbers(column: Column) -> Floats:
    try:
        return np.array([c or "nan" for c in column], dtype=np.float64)
    except ValueError:
        return np.array([_number(c) for c in column], dtype=np.float64)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _text(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else str(float(value))
