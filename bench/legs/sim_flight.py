"""One simulated flight: a path over the ground and a profile over time, runway to runway."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bot.geo import distance_nm, great_circle

STEP_S = 5.0


@dataclass(frozen=True, slots=True)
class Kind:
    """What an aircraft of a kind does. Speeds kt true, heights ft, gradients ft/NM."""

    letter: str
    types: tuple[str, ...]
    cruise_kt: tuple[float, float]
    cruise_ft: tuple[float, float]
    up: tuple[float, float]
    down: tuple[float, float]
    final_kt: float
    legs_nm: tuple[float, float]
    pause_min: tuple[float, float]


KINDS = {
    "J": Kind("J", ("A320", "B738", "A21N", "E190", "B77W", "A333"), (420, 490), (29000, 41000),
              (250, 480), (270, 345), 140, (180, 2600), (35, 130)),
    "T": Kind("T", ("AT72", "DH8D", "B190"), (230, 300), (14000, 25000), (220, 420), (260, 380),
              115, (70, 450), (25, 90)),
    "B": Kind("B", ("C56X", "GLEX", "E55P", "F2TH"), (390, 480), (33000, 45000), (320, 560),
              (280, 370), 120, (120, 2300), (40, 700)),
    "M": Kind("M", ("IL76", "A124", "C17", "C130", "A400", "IL62"), (300, 450), (20000, 36000),
              (220, 420), (260, 345), 140, (250, 2300), (50, 420)),
    "L": Kind("L", ("C172", "PA28", "SR22", "DA40"), (85, 165), (1500, 9500), (300, 600),
              (280, 600), 65, (8, 180), (10, 240)),
    "R": Kind("R", ("EC35", "B06", "S76", "R44"), (85, 140), (500, 3000), (500, 1200),
              (400, 1000), 50, (4, 90), (4, 120)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Path:
    """A flight second by second: arrays (n,) every `STEP_S`; t=0 is lift-off."""

    t: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    alt: np.ndarray
    gs: np.ndarray
    track: np.ndarray
    touches: np.ndarray  # bool: wheels on a runway in passing


def step_out(lat: float, lon: float, bearing: float, nm: float) -> tuple[float, float]:
    """The place so far away in that direction."""
    d = nm / 3440.07
    p = np.radians(lat)
    b = np.radians(bearing)
    q = np.arcsin(np.sin(p) * np.cos(d) + np.cos(p) * np.sin(d) * np.cos(b))
    dl = np.arctan2(np.sin(b) * np.sin(d) * np.cos(p), np.cos(d) - np.sin(p) * np.sin(q))
    return float(np.degrees(q)), float((lon + np.degrees(dl) + 180) % 360 - 180)


def runway(headings: str, rng: np.random.Generator) -> float:
    """The heading of take-off or landing."""
    known = [float(h) for h in headings.split()]
    one = rng.choice(known) if known else rng.uniform(0, 180)
    return float((one + 180 * rng.integers(2)) % 360)


def loop(lat: float, lon: float, rng: np.random.Generator, nm: float, turns: int) -> list[tuple]:
    """Corners of a racetrack."""
    b = rng.uniform(0, 360)
    out = []
    for _ in range(turns):
        for off, far in ((0, nm), (35, nm * 1.2), (90, nm * 0.5), (0, 0.1)):
            out.append(step_out(lat, lon, b + off, far))
    return out


def corners(a: tuple, b: tuple, kind: Kind, rng: np.random.Generator, extra: str,
            via: tuple | None) -> list[tuple]:  # fmt: skip
    """The path's corners; a and b are (lat, lon, runway heading)."""
    small = kind.letter in "LR"
    out_nm, in_nm = (0.7, 1.5) if small else (rng.uniform(2, 6), rng.uniform(5, 12))
    nm = distance_nm(a[0], a[1], b[0], b[1])
    points = [a[:2]]
    if kind.letter != "R":
        points.append(step_out(a[0], a[1], a[2], out_nm))
    start, end = points[-1], step_out(b[0], b[1], b[2] + 180, in_nm)
    if kind.letter == "R":
        end = b[:2]
    if nm > 25:
        line = great_circle(*start, *end, 41)
        for f in sorted(rng.uniform(0.1, 0.9, rng.integers(0, 4))):
            at = line[int(f * 40)]
            side = rng.normal(0, 0.035 if rng.random() < 0.75 else 0.1) * nm
            points.append(step_out(at[0], at[1], rng.uniform(0, 360), abs(side)))
    if via is not None:  # it meant to land there
        points.append(step_out(*via, rng.uniform(0, 360), rng.uniform(8, 40)))
    if extra == "loiter":
        far = nm * 0.2 + rng.uniform(10, 150) * (0.15 if small else 1)
        centre = step_out(*start, rng.uniform(0, 360), far)
        points += loop(*centre, rng, 3 if small else rng.uniform(10, 40), int(rng.integers(2, 12)))
    if extra == "hold":
        at = step_out(*end, rng.uniform(0, 360), rng.uniform(5, 25))
        points += loop(*at, rng, 4 if not small else 1, int(rng.integers(1, 6)))
    if not small and rng.random() < 0.5:  # a downwind leg
        abeam = step_out(*b[:2], b[2] + rng.choice([-90, 90]), rng.uniform(4, 8))
        points += [abeam, step_out(*abeam, b[2] + 180, in_nm)]
    if kind.letter != "R":
        points.append(end)
    return [*points, b[:2]]


def trace(points: list[tuple], spacing_nm: float = 0.25) -> tuple[np.ndarray, np.ndarray]:
    """Corners to a rounded line: points (lat, lon) and their distance along it, NM."""
    pieces = []
    for p, q in pairwise(points):
        nm = distance_nm(*p, *q)
        pieces.append(great_circle(*p, *q, max(2, int(nm / spacing_nm) + 1))[:-1])
    line = np.concatenate([*pieces, [points[-1]]])
    lon = np.unwrap(line[:, 1], period=360)
    width = 9
    if len(line) > 3 * width:  # rounded corners
        kernel = np.ones(width) / width
        mid = slice(width, -width)
        lat2 = np.convolve(line[:, 0], kernel, "same")
        lon2 = np.convolve(lon, kernel, "same")
        line[mid, 0], lon[mid] = lat2[mid], lon2[mid]
    dlat = np.diff(line[:, 0]) * 60
    dlon = np.diff(lon) * 60 * np.cos(np.radians(line[:-1, 0]))
    along = np.concatenate([[0], np.cumsum(np.hypot(dlat, dlon))])
    return np.column_stack([line[:, 0], lon]), along


def fly(a: tuple, b: tuple, kind: Kind, rng: np.random.Generator, extra: str = "",
        via: tuple | None = None) -> Path:  # fmt: skip
    """A flight; a and b are (lat, lon, runway heading, elevation_ft)."""
    line, along = trace(corners(a, b, kind, rng, extra, via))
    total = along[-1]
    low, high = kind.cruise_ft
    top = rng.uniform(low, high)
    if kind.letter not in "LR":
        top = round(top / 1000) * 1000
    up, down = rng.uniform(*kind.up), rng.uniform(*kind.down)
    room = total * 0.9 / (1 / up + 1 / down)
    top = max(min(top, max(a[3], b[3]) + room), max(a[3], b[3]) + 300)
    rise = a[3] + along * up
    # the climb flattens with height
    rise = np.where(rise > 0.6 * top, 0.6 * top + (rise - 0.6 * top) * 0.6, rise)
    togo = total - along
    if rng.random() < 0.3:  # a level stretch on the way down
        at, length = rng.uniform(2500, 11000), rng.uniform(4, 25)
        x = at / down
        togo = np.where(togo > x + length, togo - length, np.minimum(togo, x))
    if rng.random() < 0.1:  # down early
        togo = np.maximum(togo - rng.uniform(5, 30) * (togo > 20), np.minimum(togo, 20))
    alt = np.minimum(np.minimum(rise, b[3] + togo * down), top)
    cruise = rng.uniform(*kind.cruise_kt)
    share = np.clip((alt - np.minimum(a[3], b[3])) / max(top, 1), 0, 1)
    true = kind.final_kt * 1.05 + (cruise - kind.final_kt) * share**0.6
    d_lat, d_lon = np.gradient(line[:, 0]), np.gradient(line[:, 1]) * np.cos(np.radians(line[:, 0]))
    course = np.degrees(np.arctan2(d_lon, d_lat)) % 360
    wind, source = rng.gamma(2, 22) * share, rng.uniform(0, 360)
    gs = np.maximum(true - wind * np.cos(np.radians(course - source)), 0.4 * true)
    slow = np.clip(np.minimum(along, togo) / 2.0, 0.6, 1)
    gs = np.maximum(gs * slow, 30)
    seconds = np.concatenate([[0], np.cumsum(np.diff(along) / ((gs[1:] + gs[:-1]) / 2) * 3600)])
    t = np.arange(0, seconds[-1] + STEP_S, STEP_S)
    at = np.interp(t, seconds, along)
    turn = np.interp(at, along, np.unwrap(course, period=360))
    return Path(t, np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1]),
                np.interp(at, along, alt), np.interp(at, along, gs), turn % 360,
                np.zeros(len(t), bool))  # fmt: skip


def go_around(path: Path, b: tuple, kind: Kind, rng: np.random.Generator) -> Path:
    """The flight breaks off low on final, climbs, flies a wide circuit and lands."""
    low = np.flatnonzero((path.alt < b[3] + rng.uniform(200, 1500)) & (path.t > path.t[-1] / 2))
    if len(low) < 2:
        return path
    cut = low[0]
    here = (float(path.lat[cut]), float(path.lon[cut]))
    side, wide = rng.choice([-90, 90]), rng.uniform(3, 7)
    far = step_out(*here, b[2], rng.uniform(4, 9))
    down = step_out(*far, b[2] + side, wide)
    back = step_out(*down, b[2] + 180, rng.uniform(12, 22))
    line, along = trace([here, far, down, back, step_out(*back, b[2] - side, wide), b[:2]])
    total, low_ft = along[-1], path.alt[cut]
    alt = np.minimum(np.minimum(low_ft + along * 450, b[3] + 3000), b[3] + (total - along) * 318)
    speed = kind.final_kt * 1.3
    t = np.arange(STEP_S, total / speed * 3600, STEP_S)
    at = t * speed / 3600
    d_lat, d_lon = np.gradient(line[:, 0]), np.gradient(line[:, 1]) * np.cos(np.radians(here[0]))
    course = np.unwrap(np.degrees(np.arctan2(d_lon, d_lat)), period=360)
    more = Path(path.t[cut] + t, np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1]),
                np.interp(at, along, alt), np.full(len(t), speed),
                np.interp(at, along, course) % 360, np.zeros(len(t), bool))  # fmt: skip
    names = ("t", "lat", "lon", "alt", "gs", "track", "touches")
    return Path(*(np.concatenate([getattr(path, n)[:cut], getattr(more, n)]) for n in names))


def circuits(a: tuple, kind: Kind, rng: np.random.Generator) -> Path:
    """Touch-and-goes at one field; the wheels meet the runway for some seconds each time."""
    parts = []
    start = 0.0
    for k in range(int(rng.integers(2, 7))):
        side = rng.choice([-90, 90])
        far = step_out(a[0], a[1], a[2], rng.uniform(1.2, 3))
        wide = rng.uniform(0.8, 1.8)
        down = step_out(*far, a[2] + side, wide)
        back = step_out(*step_out(a[0], a[1], a[2] + 180, rng.uniform(1, 2.5)), a[2] + side, wide)
        final = step_out(*back, a[2] - side, wide)
        line, along = trace([a[:2], far, down, back, final, a[:2]], 0.1)
        total = along[-1]
        alt = a[3] + np.minimum(np.minimum(along * 500, (total - along) * 450), 900)
        speed = kind.final_kt * 1.2
        t = np.arange(0, total / speed * 3600 + STEP_S, STEP_S)
        at = np.minimum(t * speed / 3600, total)
        d_lat = np.gradient(line[:, 0])
        d_lon = np.gradient(line[:, 1]) * np.cos(np.radians(line[:, 0]))
        course = np.unwrap(np.degrees(np.arctan2(d_lon, d_lat)), period=360)
        touch = (t < 10) & (k > 0)
        parts.append(Path(t + start, np.interp(at, along, line[:, 0]),
                          np.interp(at, along, line[:, 1]), np.interp(at, along, alt),
                          np.full(len(t), speed), np.interp(at, along, course) % 360,
                          touch))  # fmt: skip
        start += t[-1] + STEP_S
    return Path(*(np.concatenate([getattr(p, n) for p in parts])
                  for n in ("t", "lat", "lon", "alt", "gs", "track", "touches")))  # fmt: skip
