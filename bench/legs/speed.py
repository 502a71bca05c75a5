"""How fast and how large: live ticks, trace archives, memory, scaling. CPU seconds, not clock."""

import gc
import gzip
import json
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from bot.airfields import Airfields
from bot.geo import distances_km
from bot.legs import backfill
from bot.legs.history import History
from bot.legs.live import LiveLegs
from bot.legs.readers import Batch, Recording, snapshots
from bot.model.air import Leg, Positions

DATA = Path("tests/legs/data")
AIRCRAFT = 17_000
WORLD_DAY = 110e6  # points of a day of the whole world
Sizes = dict[str, float]


def best(f: Callable[[], object], times: int = 5) -> float:
    """Least CPU seconds of several runs: the others had company."""
    found = []
    for _ in range(times):
        begin = time.process_time()
        f()
        found.append(time.process_time() - begin)
    return min(found)


# ------------------------------------------------------------------------------------ live ticks


def snapshot(now: float, shift: float) -> bytes:
    """The real snapshots tiled to 17,000 addresses, every aircraft a little further on."""
    planes = []
    for k in (1, 2, 3):
        told = json.loads((DATA / f"aircraft_{k}.json").read_text())
        planes += [a for a in told["aircraft"] if "lat" in a and a["hex"][0] != "~"]
    out = []
    for i in range(AIRCRAFT):
        a = dict(planes[i % len(planes)])
        a["hex"] = f"{0x100000 + i * 7:06x}"
        angle = np.radians(a.get("track", 0))
        step = a.get("gs", 0) / 3600 * shift / 60
        a["lat"] = round(a["lat"] + float(np.cos(angle)) * step + i % 60 - 30, 6)
        a["lon"] = round(a["lon"] + float(np.sin(angle)) * step + i % 90, 6)
        out.append(a)
    return json.dumps({"now": now, "aircraft": out}).encode()


def plain_tick(data: bytes, state: dict[str, dict[str, object]]) -> int:
    """The same in stdlib json and a dictionary an aircraft, cutting only."""
    told = json.loads(data)
    now, legs = told["now"], 0
    for a in told["aircraft"]:
        if "lat" not in a or a["hex"].startswith("~"):
            continue
        t = now - a.get("seen_pos", 0)
        ground = a.get("alt_baro") == "ground"
        old = state.get(a["hex"])
        if old is None:
            old = state[a["hex"]] = {"first": t, "ground": ground, "top": 0.0, "n": 0}
        elif t <= old["t"]:  # type: ignore[operator]
            continue
        elif ground != old["ground"] or t - old["t"] > 1800:  # type: ignore[operator]
            legs += 1
            old["first"] = t
        old.update(t=t, lat=a["lat"], lon=a["lon"], alt=a.get("alt_baro"), gs=a.get("gs"),
                   track=a.get("track"), ground=ground,
                   call=(a.get("flight") or "").strip())  # fmt: skip
        old["top"] = max(old["top"], a.get("gs") or 0.0)  # type: ignore[call-overload]
        old["n"] += 1  # type: ignore[operator]
    return legs


def ticks(fields: Airfields) -> Sizes:
    """CPU of a tick of 17,000 aircraft, ours and the plain one, and of a small tick."""
    frames = [(1_700_000_000.0 + 60 * k, snapshot(1_700_000_000.0 + 60 * k, 60 * k))
              for k in range(8)]  # fmt: skip
    live, ours, plain = LiveLegs(fields), [], []
    state: dict[str, dict[str, object]] = {}
    for now, data in frames:
        begin = time.process_time()
        live.tick(snapshots.parse(data, "x"), now)
        middle = time.process_time()
        plain_tick(data, state)
        ours.append(middle - begin)
        plain.append(time.process_time() - middle)
    small = LiveLegs(fields)
    p = snapshots.parse(frames[0][1], "x")
    rows = np.arange(25)
    begin = time.process_time()
    for k in range(400):
        q = p.take(rows)
        q.time_s[:] += 60 * k
        small.tick(q, 1_700_000_000.0 + 60 * k)
    one = (time.process_time() - begin) / 400
    return {"snapshot_mb": len(frames[0][1]) / 1e6, "tick_ms": 1e3 * float(np.median(ours[1:])),
            "plain_ms": 1e3 * float(np.median(plain[1:])),
            "tick_ratio": float(np.median(plain[1:]) / np.median(ours[1:])),
            "small_tick_ms": 1e3 * one}  # fmt: skip


# --------------------------------------------------------------------------------- trace archives


def archive(folder: Path, files: int) -> int:
    """Real traces under distinct addresses; the points written."""
    texts = []
    for path in sorted((DATA / "traces").glob("trace_full_*.json")):
        raw = path.read_bytes()
        texts.append(json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw))
    # the weights give 1,800 points a file, as in an archive of the whole world
    weights = [len(t["trace"]) for t in texts]
    big, rest = texts[int(np.argmax(weights))], [t for t in texts if len(t["trace"]) > 60]
    points = 0
    for i in range(files):
        told = dict(big if i % 10 < 7 else rest[i % len(rest)])
        address = f"{0x200000 + i * 3:06x}"
        told["icao"] = address
        sub = folder / address[-2:]
        sub.mkdir(exist_ok=True)
        (sub / f"trace_full_{address}.json").write_bytes(
            gzip.compress(json.dumps(told).encode(), 6)
        )
        points += len(told["trace"])
    return points


def stock(path: Path, fields: Airfields | None) -> int:
    """gzip, json and a loop over the points that cuts; with `fields` it also names the ends."""
    told = json.loads(gzip.decompress(path.read_bytes()))
    base, legs, first, last, top = told["timestamp"], [], None, None, 0.0
    for row in told["trace"]:
        t, lat, lon, alt, gs = base + row[0], row[1], row[2], row[3], row[4]
        ground = alt == "ground"
        if last is not None and (t - last[0] > 1800 or ground != last[3]):
            if first is not None and not last[3]:
                legs.append((first, last, top))
            first, top = None, 0.0
        if first is None:
            first = (t, lat, lon, ground)
        if gs is not None and gs > top:
            top = gs
        last = (t, lat, lon, ground)
    if first is not None and last is not None and not last[3]:
        legs.append((first, last, top))
    if fields is not None:
        for a, b, _ in legs:
            for end in (a, b):
                km = distances_km(
                    fields.lat_deg, fields.lon_deg, np.array(end[1]), np.array(end[2])
                )
                int(km.argmin())
    return len(legs)


def archives(fields: Airfields, files: int = 120) -> Sizes:
    """Points a CPU second, gzip to legs, ours and stock; and linearity."""
    gc.collect()
    gc.freeze()  # as a backfill does
    gc.set_threshold(*backfill.RARELY)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        points = archive(folder, files)
        paths = sorted(folder.rglob("*.json"))
        half = folder.parent / (folder.name + "-half")
        half.mkdir()
        half_points = archive(half, files // 2)

        history = History(fields)

        def ours(where: Path) -> int:
            return sum(len(legs) for legs in _read(where, history))

        runs = [(best(lambda: ours(folder), 1), best(lambda: ours(half), 1),
                 best(lambda: [stock(p, None) for p in paths], 1),
                 best(lambda: [stock(p, fields) for p in paths], 1)) for _ in range(5)]  # fmt: skip
        ours_s, half_s, bare_s, named_s = (min(column) for column in zip(*runs, strict=True))
        shutil.rmtree(half)
    rate = points / ours_s
    return {"points": points, "points_a_file": points / files, "mpts_per_cpu_s": rate / 1e6,
            "against_bare": bare_s / ours_s, "against_named": named_s / ours_s,
            "world_day_min_two_cores": WORLD_DAY / rate / 60 / 2,
            "twice_the_files": 2 * (ours_s / points) / (half_s / half_points)}  # fmt: skip


def _read(where: Path, history: History) -> Iterator[list[Leg]]:
    """What a backfill does, without loading the airfields anew each time."""
    for item in Recording.open([where]).batches():
        if isinstance(item, Batch):
            yield history.add(item.positions)
            yield history.flush(item.done)


# ----------------------------------------------------------------------------------------- memory


def memory(fields: Airfields, aircraft: int = 20_000, count: int = 1440) -> Sizes:
    """Resident size with 20,000 aircraft, and how much it grows over a day of ticks."""
    rng = np.random.default_rng(1)
    live = LiveLegs(fields)
    lat, lon = rng.uniform(-50, 60, aircraft), rng.uniform(-180, 180, aircraft)
    course = rng.uniform(0, 360, aircraft)
    early = 0.0
    legs: list[Leg] = []
    for k in range(count):
        now = 1_700_000_000.0 + 60 * k
        # an aircraft flies two hours, is silent for one, and begins anew: the state of a busy day
        phase = (k + np.arange(aircraft) % 180) % 180
        on = np.flatnonzero(phase < 120)
        way = phase[on] * 0.12
        p = Positions.of(0x100000 + on * 11, np.full(len(on), now), lat[on] + way * 0.3,
                         (lon[on] + way + 180) % 360 - 180, altitude_ft=np.full(len(on), 33000.0),
                         ground_speed_kt=np.full(len(on), 440.0), track_deg=course[on])  # fmt: skip
        legs = live.tick(p, now)
        if k == count // 3:
            early = _resident_mb()
    late = _resident_mb()
    return {"resident_mb": late, "growth_mb": late - early, "aircraft": float(len(live)),
            "state_mb": len(live.dump()) / 1e6, "last_legs": float(len(legs))}  # fmt: skip


def _resident_mb() -> float:
    text = Path("/proc/self/statm").read_text().split()
    return int(text[1]) * resource.getpagesize() / 1e6
