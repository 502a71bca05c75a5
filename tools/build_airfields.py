"""Merge the public airfield tables into `bot/data/airfields.csv.gz`.

    python tools/build_airfields.py --airports airports.csv.gz --runways runways.csv.gz \\
        --airportsdata airportsdata.csv.gz --countries countries.csv

OurAirports (public domain) gives the fields and the runways; airportsdata (MIT) adds fields that
OurAirports lacks and a second opinion on elevations. Closed airfields, balloon ports and runways
marked closed are left out. Where the opinions on an elevation (the two tables and the runway ends)
differ by more than 300 ft, the value that two of them share is kept, else it is left unknown.
"""

import argparse
import csv
import gzip
import io
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
from scipy.spatial import cKDTree

DISAGREE_FT = 300
ELEVATIONS_FT = (-1400, 15600)  # Bar Yehuda, -1,240 ft; Daocheng Yading, 14,472 ft
DUPLICATE_KM = 3.0  # one field under two idents
HARD = ("ASP", "CON", "BIT", "PEM", "TAR", "PAV", "MAC", "COP", "COM", "BRI", "MET", "HARD")
LEFT_OUT = {"closed", "balloonport"}
Row = dict[str, str]


def rows(path: Path) -> Iterator[Row]:
    """The rows of a CSV, gzip or plain, with or without a byte order mark."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    yield from csv.DictReader(io.StringIO(text))


def number(text: str | None) -> float:
    """The number in a cell; NaN when there is none."""
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


def is_hard(surface: str) -> bool:
    """Whether a runway's surface carries a heavy aircraft ('ASPH-G', 'CON', ...)."""
    return surface.upper().strip().startswith(HARD)


def heading(runway: Row) -> float:
    """True heading of the low end, degrees; from its name when the table has none."""
    told = number(runway["le_heading_degT"])
    digits = runway["le_ident"].strip("HLRCWSTUG ")
    if not math.isnan(told) and 0 <= told <= 360:
        return told % 180
    return float(digits) * 10 % 180 if digits.isdigit() and int(digits) <= 36 else math.nan


def describe(runways: list[Row]) -> Row:
    """Longest hard and longest soft runway, headings of the main ones, and their elevation."""
    usable = [r for r in runways if r["closed"] != "1" and not math.isnan(number(r["length_ft"]))]
    usable = [r for r in usable if 200 <= number(r["length_ft"]) <= 25_000]
    hard = [number(r["length_ft"]) for r in usable if is_hard(r["surface"])]
    soft = [number(r["length_ft"]) for r in usable if not is_hard(r["surface"])]
    longest = max(hard + soft, default=0.0)
    main = {round(heading(r)) for r in usable
            if number(r["length_ft"]) >= 0.5 * longest and not math.isnan(heading(r))}  # fmt: skip
    ends = [number(r[f"{end}_elevation_ft"]) for r in usable for end in ("le", "he")]
    ends = [e for e in ends if ELEVATIONS_FT[0] <= e <= ELEVATIONS_FT[1]]
    return {
        "runway_ft": f"{max(hard):.0f}" if hard else "",
        "soft_ft": f"{max(soft):.0f}" if soft else "",
        "headings": " ".join(str(h) for h in sorted(main)),
        "ends_ft": f"{median(ends):.0f}" if ends else "",
    }


def agreed_elevation(opinions: list[float]) -> str:
    """The elevation the sources share, empty when they do not."""
    good = [o for o in opinions if ELEVATIONS_FT[0] <= o <= ELEVATIONS_FT[1]]
    for i, one in enumerate(good):
        others = good[:i] + good[i + 1 :]
        if not others or any(abs(one - other) <= DISAGREE_FT for other in others):
            return f"{one:.0f}"
    return ""


def from_ourairports(airports: Path, runways: Path) -> dict[str, Row]:
    """ident -> output row, elevation still as opinions."""
    by_ident: dict[str, list[Row]] = defaultdict(list)
    for runway in rows(runways):
        by_ident[runway["airport_ident"]].append(runway)
    found = {}
    for airport in rows(airports):
        lat, lon = number(airport["latitude_deg"]), number(airport["longitude_deg"])
        if airport["type"] in LEFT_OUT or not (abs(lat) <= 90 and abs(lon) <= 180):
            continue
        found[airport["ident"]] = {
            "ident": airport["ident"],
            "name": " ".join(airport["name"].split()),
            "lat": f"{lat:.5f}",
            "lon": f"{lon:.5f}",
            "elevation_ft": airport["elevation_ft"],
            "country": airport["iso_country"],
            "kind": airport["type"],
            "scheduled": "1" if airport["scheduled_service"] == "yes" else "",
            **describe(by_ident[airport["ident"]]),
        }
    return found


def vector(row: Row) -> list[float]:
    """The row's place on the unit sphere."""
    p, q = math.radians(float(row["lat"])), math.radians(float(row["lon"]))
    return [math.cos(p) * math.cos(q), math.cos(p) * math.sin(q), math.sin(p)]


def merge(found: dict[str, Row], airportsdata: Path, closed: set[str]) -> None:
    """Add what only airportsdata has, and settle the elevations of the rest."""
    tree = cKDTree(np.array([vector(row) for row in found.values()]))
    second: dict[str, float] = {}
    for row in rows(airportsdata):
        ident, lat, lon = row["icao"], number(row["lat"]), number(row["lon"])
        second[ident] = number(row["elevation"])
        if ident in found or ident in closed or not (abs(lat) <= 90 and abs(lon) <= 180):
            continue
        new = {"ident": ident, "name": row["name"], "lat": f"{lat:.5f}", "lon": f"{lon:.5f}",
               "elevation_ft": row["elevation"], "country": row["country"], "kind": "",
               "scheduled": "", "runway_ft": "", "soft_ft": "", "headings": "",
               "ends_ft": ""}  # fmt: skip
        if tree.query(vector(new))[0] * 6371 > DUPLICATE_KM:
            found[ident] = new
    for ident, row in found.items():
        opinions = [number(row["elevation_ft"]), number(row.pop("ends_ft")),
                    second.get(ident, math.nan)]  # fmt: skip
        row["elevation_ft"] = agreed_elevation(opinions)


def write(path: Path, table: list[Row], columns: list[str]) -> None:
    """A CSV, gzip when so named, with the same bytes for the same rows."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    data = out.getvalue().encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def main() -> None:
    """Build both files of `bot/data`."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("airports", "runways", "airportsdata", "countries"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("bot/data"))
    args = parser.parse_args()
    closed = {r["ident"] for r in rows(args.airports) if r["type"] in LEFT_OUT}
    found = from_ourairports(args.airports, args.runways)
    merge(found, args.airportsdata, closed)
    columns = ["ident", "name", "lat", "lon", "elevation_ft", "runway_ft", "soft_ft", "headings",
               "country", "kind", "scheduled"]  # fmt: skip
    write(args.out / "airfields.csv.gz", [found[k] for k in sorted(found)], columns)
    names = [{"iso": r["ISO"], "name": r["Name"]} for r in rows(args.countries)]
    write(args.out / "airfields-countries.csv", names, ["iso", "name"])


if __name__ == "__main__":
    main()
