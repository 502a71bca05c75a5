"""Other people's rules, written anew from their published descriptions, for comparison.

Each takes the reports of one aircraft (sorted) and the airfields and gives legs in our shape. They
get what they would get in use: the same reports, the same table of airfields.

- OpenSky (Schäfer et al.; `flights` tables): a flight ends at a gap of 10 min or more with slow or
  low flight around it; the ends are the nearest airport within 15 km horizontally of the last
  positions when below about 6 km (30 km in the relaxed form).
- OPDI (EUROCONTROL PRU): flights split at 30 min gaps, departure and arrival where the track is
  inside 10 NM and 5,000 ft of an airport at its ends.
- plane-notify: per fix, 'landed' when silent for some minutes after being below 15,000 ft, take-off
  when it appears below it; nearest airport, whatever the distance.
- first and last surface report (the naive rule).
"""

import csv
import subprocess
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bot.airfields import Airfields
from bot.model.air import End, How, Icao24, Leg, Positions, hex_of

Rule = Callable[[Positions, Airfields], list[Leg]]


def _when(t: float) -> datetime:
    return datetime.fromtimestamp(float(t), UTC)


def _end(ident: str | None) -> End:
    return End(ident, How.UNKNOWN if ident is None else How.PROJECTED, 1.0 if ident else 0.0)


def _leg(p: Positions, a: int, b: int, origin: str | None, destination: str | None) -> Leg:
    return Leg(f"{p.icao24[a]}-{a}", hex_of(int(p.icao24[a])), _when(p.time_s[a]),
               _when(p.time_s[b]), _end(origin), _end(destination))  # fmt: skip


def _nearest(fields: Airfields, p: Positions, i: int, km: float, pads: bool = False) -> str | None:
    found, rows = fields.nearest(p.lat_deg[i], p.lon_deg[i], 12, km)
    for one, row in zip(found[0], rows[0], strict=True):
        if np.isfinite(one) and (pads or not fields.heliport[row]):
            return fields.idents[row]
    return None


def _pieces(p: Positions, gap_s: float) -> list[tuple[int, int]]:
    cut = np.flatnonzero(np.diff(p.time_s) > gap_s)
    return list(zip([0, *(cut + 1)], [*cut, len(p) - 1], strict=True))


def _air(p: Positions, a: int, b: int) -> tuple[int, int] | None:
    rows = a + np.flatnonzero(~p.on_ground[a : b + 1])
    return (int(rows[0]), int(rows[-1])) if len(rows) > 2 else None


def opensky(p: Positions, fields: Airfields) -> list[Leg]:
    """Gap over 10 min and slow or low around it, or a ground spell; nearest airport in 15 km."""
    alt, gs = np.nan_to_num(p.altitude_ft, nan=0.0), np.nan_to_num(p.ground_speed_kt, nan=400.0)
    gap = np.diff(p.time_s) > 600
    easy = (gs[:-1] < 250) | (gs[1:] < 250) | (alt[:-1] < 8000) | (alt[1:] < 8000)
    lands = p.on_ground[1:] & ~p.on_ground[:-1]
    cut = np.flatnonzero((gap & easy) | lands)
    out = []
    for a, b in zip([0, *(cut + 1)], [*cut, len(p) - 1], strict=True):
        air = _air(p, a, b)
        if air is None:
            continue
        near = [_nearest(fields, p, i, 15) if not alt[i] > 19_700 else None for i in air]
        out.append(_leg(p, *air, *near))
    return out


def opdi(p: Positions, fields: Airfields) -> list[Leg]:
    """30 min gaps; an end is the nearest airport within 10 NM when the fix is below 5,000 ft."""
    out = []
    for a, b in _pieces(p, 1800):
        # ground spells split as well: the flight is what lies between them
        air = ~p.on_ground[a : b + 1]
        edges = np.flatnonzero(np.diff(np.concatenate([[0], air.astype(int), [0]])))
        for begin, end in zip(edges[::2] + a, edges[1::2] + a - 1, strict=True):
            if end - begin >= 2:
                out.append(_leg(p, begin, end, _low(p, fields, begin), _low(p, fields, end)))
    return out


def _low(p: Positions, fields: Airfields, i: int) -> str | None:
    ident = _nearest(fields, p, i, 18.52)
    if ident is None or np.isnan(p.altitude_ft[i]):
        return ident if np.isnan(p.altitude_ft[i]) else None
    floor = fields.elevation_ft[fields.row_of[ident]]
    return ident if p.altitude_ft[i] - np.nan_to_num(floor) < 5000 else None


def plane_notify(p: Positions, fields: Airfields) -> list[Leg]:
    """Silent for 5 min after a fix below 15,000 ft: landed near; heard again: took off there."""
    alt = np.where(p.on_ground, 0, p.altitude_ft)
    gap = np.diff(p.time_s) > 300
    down = p.on_ground[1:] & ~p.on_ground[:-1]
    cut = np.flatnonzero((gap & (alt[:-1] < 15_000)) | down)
    out = []
    for a, b in zip([0, *(cut + 1)], [*cut, len(p) - 1], strict=True):
        air = _air(p, a, b)
        if air is None:
            continue
        near = [_nearest(fields, p, i, 20_000) if alt[i] < 15_000 else None for i in air]
        out.append(_leg(p, *air, *near))
    return out


def surface_only(p: Positions, fields: Airfields) -> list[Leg]:
    """30 min gaps; the ends are the fields of the first and the last surface report."""
    out = []
    for a, b in _pieces(p, 1800):
        air = _air(p, a, b)
        ground = a + np.flatnonzero(p.on_ground[a : b + 1])
        if air is None:
            continue
        ends = (
            [_nearest(fields, p, int(i), 15) for i in ground[[0, -1]]]
            if len(ground)
            else [None] * 2
        )
        out.append(_leg(p, *air, *ends))
    return out


RULES: dict[str, Rule] = {
    "OpenSky rule (10 min gap, slow; 15 km)": opensky,
    "OPDI rule (30 min gap; 10 NM, 5,000 ft)": opdi,
    "plane-notify (15,000 ft, silent; nearest)": plane_notify,
    "first and last surface report": surface_only,
}


def run(rule: Rule, p: Positions, fields: Airfields) -> list[Leg]:
    """The rule over every aircraft of sorted reports."""
    first = np.flatnonzero(np.concatenate([[True], p.icao24[1:] != p.icao24[:-1]]))
    last = np.append(first[1:], len(p))
    out: list[Leg] = []
    for a, b in zip(first, last, strict=True):
        out += rule(p.take(np.arange(a, b)), fields)
    return out


def traffic(python: str, p: Positions, fields: Airfields) -> list[Leg]:
    """The `traffic` library in the interpreter `python`, which must have it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        columns = {n: getattr(p, n) for n in p.__dataclass_fields__}
        np.savez(
            folder / "reports.npz", **{k: v for k, v in columns.items() if v.dtype.kind != "S"}
        )
        with (folder / "fields.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(
                ["icao", "iata", "name", "country", "latitude", "longitude", "altitude"]
            )
            for i in np.flatnonzero(~fields.heliport):
                writer.writerow([fields.idents[i], "", "", "", fields.lat_deg[i],
                                 fields.lon_deg[i], 0])  # fmt: skip
        script = Path(__file__).with_name("traffic_peer.py")
        subprocess.run([python, str(script), "reports.npz", "fields.csv", "legs.csv"], cwd=folder,
                       check=True, capture_output=True)  # fmt: skip
        with (folder / "legs.csv").open(newline="") as file:
            return [Leg(f"{r[0]}-{r[1]}", Icao24(r[0]), _when(float(r[1])), _when(float(r[2])),
                        _end(r[3]), _end(r[4])) for r in csv.reader(file)]  # fmt: skip
