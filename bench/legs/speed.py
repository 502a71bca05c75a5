"""How fast and how large: live ticks, trace archives, memory, scaling. CPU seconds, not clock."""

import gc
import gzip
import importlib.util
import json
import re
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np

from bench.legs.contest import Make, Step, contest
from bot import scan
from bot.airfields import Airfields
from bot.feeds import aircraft_json
from bot.geo import distances_km
from bot.legs import backfill
from bot.legs.history import History, finished, legs_of
from bot.legs.live import LiveLegs
from bot.legs.readers import Batch, Recording, snapshots
from bot.matching import matches
from bot.model.air import Aircraft, Leg, Positions
from bot.model.watch import Place, Spot, Watch

DATA = Path("tests/legs/data")
AIRCRAFT = 17_000
NOW = 1_700_000_000.0
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


def ticks(fields: Airfields, count: int = 9) -> Sizes:
    """CPU of a tick of 17,000 aircraft: ours, ours with machine code, the plain one; what twice
    the watches add; and a small tick."""
    frames = [(NOW + 60 * k, snapshot(NOW + 60 * k, 60 * k)) for k in range(count)]

    def ours() -> Step:
        live = LiveLegs(fields)
        return lambda k: live.tick(
            aircraft_json.parse(frames[k][1], "x").positions, frames[k][0]
        )  # fmt: skip

    def plain() -> Step:
        state: dict[str, dict[str, object]] = {}
        return lambda k: plain_tick(frames[k][1], state)

    took = contest({"ours": ours, "plain": plain, **with_code(ours)}, count)
    out = {"snapshot_mb": len(frames[0][1]) / 1e6, "bytes_each": len(frames[0][1]) / AIRCRAFT,
           "tick_ms": 1e3 * median(took["ours"]), "plain_ms": 1e3 * median(took["plain"]),
           "tick_ratio": ratio(took, "plain", "ours"),
           "small_tick_ms": 1e3 * small_tick(fields, frames[0][1])}  # fmt: skip
    forty, eighty = watched(fields, 40), watched(fields, 80)
    out["watches_ms"] = 1e3 * forty
    out["twice_the_watches"] = (median(took["ours"]) + eighty) / (median(took["ours"]) + forty)
    if "code" in took:
        out |= {"code_ms": 1e3 * median(took["code"]), "code_ratio": ratio(took, "plain", "code")}
    return out


def with_code(ours: Make) -> dict[str, Make]:
    """The same with the extra `fast`, where it is installed."""

    def make() -> Step:
        scan.compiled.load()
        return ours()

    return {"code": make} if importlib.util.find_spec("numba") else {}


def ratio(took: dict[str, list[float]], one: str, two: str) -> float:
    """How many times as long one takes as the other: turn by turn, the median."""
    return median(a / b for a, b in zip(took[one], took[two], strict=True))


def small_tick(fields: Airfields, frame: bytes, count: int = 400) -> float:
    """CPU seconds of a tick of 25 aircraft."""
    live, p, rows = LiveLegs(fields), snapshots.parse(frame, "x"), np.arange(25)
    begin = time.process_time()
    for k in range(count):
        q = p.take(rows)
        q.time_s[:] += 60 * k
        live.tick(q, NOW + 60 * k)
    return (time.process_time() - begin) / count


def watched(fields: Airfields, count: int, landed: int = 170) -> float:
    """CPU seconds of holding a tick's legs against so many watches: 17,000 aircraft that fly 100
    minutes each publish 170 a minute. The legs are of the real traces, with their beliefs."""
    legs = [
        leg
        for item in Recording.open([DATA / "traces"]).batches()
        if isinstance(item, Batch)
        for leg in legs_of(item.positions, History(fields))
    ]
    legs = [legs[i % len(legs)] for i in range(landed)]
    spots = [
        Spot(i, i, float(fields.lat_deg[k]), float(fields.lon_deg[k]))
        for k, i in enumerate(fields.idents[: 4 * count])
    ]
    watches = [
        Watch(
            f"w{k}",
            Place(tuple(spots[4 * k : 4 * k + 2])),
            Place(tuple(spots[4 * k + 2 : 4 * k + 4])),
        )
        for k in range(count)
    ]

    def identify(leg: Leg) -> Aircraft:
        return Aircraft(leg.icao24)

    return best(lambda: [matches(w, legs, identify, lambda _: None) for w in watches])


# --------------------------------------------------------------------------------- trace archives


def archive(folder: Path, files: int) -> tuple[int, int]:
    """Real traces, byte for byte but for the address: points and bytes (unpacked) written."""
    texts = []
    for path in sorted((DATA / "traces").glob("trace_full_*.json")):
        raw = path.read_bytes()
        texts.append(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    counts = [len(json.loads(t)["trace"]) for t in texts]
    # the weights give 1,800 points a file, as in an archive of the whole world
    big = int(np.argmax(counts))
    rest = [i for i, n in enumerate(counts) if n > 60]
    points = size = 0
    for i in range(files):
        which = big if i % 10 < 7 else rest[i % len(rest)]
        address = f"{0x200000 + i * 3:06x}"
        text = re.sub(
            rb'"icao":"[0-9a-f]{6}"', f'"icao":"{address}"'.encode(), texts[which], count=1
        )
        sub = folder / address[-2:]
        sub.mkdir(exist_ok=True)
        (sub / f"trace_full_{address}.json").write_bytes(gzip.compress(text, 6))
        points, size = points + counts[which], size + len(text)
    return points, size


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


def archives(fields: Airfields, files: int = 120, turns: int = 6) -> Sizes:
    """Points a CPU second, gzip to legs, ours and stock; and linearity."""
    with tempfile.TemporaryDirectory() as name:
        whole, half = Path(name, "whole"), Path(name, "half")
        whole.mkdir()
        half.mkdir()
        (points, size), (half_points, _) = archive(whole, files), archive(half, files // 2)
        paths = sorted(whole.rglob("*.json"))

        def ours(where: Path) -> Make:
            def make() -> Step:
                gc.collect()
                gc.freeze()  # as a backfill does
                gc.set_threshold(*backfill.RARELY)
                history = History(fields)
                return lambda _: sum(len(legs) for legs in _read(where, history, fields))

            return make

        def loop(named: Airfields | None) -> Make:
            return lambda: lambda _: [stock(p, named) for p in paths]

        took = contest({"ours": ours(whole), "bare": loop(None), "named": loop(fields),
                        "half": ours(half), **with_code(ours(whole))}, turns)  # fmt: skip
    rate = points / min(took["ours"])
    out = {
        "points": points,
        "points_a_file": points / files,
        "bytes_a_point": size / points,
        "mpts_per_cpu_s": rate / 1e6,
        "against_bare": ratio(took, "bare", "ours"),
        "against_named": ratio(took, "named", "ours"),
        "world_day_min_two_cores": WORLD_DAY / rate / 60 / 2,
        "twice_the_files": 2 * ratio(took, "ours", "half") * half_points / points,
    }
    if "code" in took:
        rate = points / min(took["code"])
        out |= {
            "code_mpts": rate / 1e6,
            "code_against_bare": ratio(took, "bare", "code"),
            "code_against_named": ratio(took, "named", "code"),
            "code_world_day_min": WORLD_DAY / rate / 60 / 2,
        }
    return out


def _read(where: Path, history: History, fields: Airfields) -> Iterator[list[Leg]]:
    """What a backfill does, without loading the airfields anew each time."""
    for item in Recording.open([where]).batches():
        if isinstance(item, Batch):
            yield history.add(item.positions)
            yield history.flush(item.done)
    yield finished(fields, [history.leave()])


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
