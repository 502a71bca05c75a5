"""How fast the store takes legs, looks and tracks, and how fast it answers.

    python bench/store/run.py [--legs 100000] [--url postgresql+psycopg://...]

Prints one line a question: what, how many, CPU seconds (the machine may be busy), rows a second.
Side by side with bare sqlite3 (`executemany` of the same rows, no duplicates looked for) as the
limit of what is possible.
"""

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from bot.model.air import Callsign, End, How, Icao24, Leg, Positions
from bot.model.query import Look, Outcome
from bot.store import Store, open_store
from bot.store.legs import Row, _row

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FLEET = 8000


def legs(count: int) -> list[Leg]:
    """A month of legs of a large fleet, with candidates at both ends."""
    fields = [f"X{i:03}" for i in range(900)]
    made = []
    for i in range(count):
        start = NOW + timedelta(seconds=i * 30 * 86400 / count)
        a, b = fields[i % 900], fields[(i * 7 + 3) % 900]
        origin = End(a, How.LOW, 0.93, None, ((a, 0.93), (b, 0.04)), 35.4, 35.9, 1200.0)
        destination = End(b, How.STOP, 0.81, None, ((b, 0.81), (a, 0.1)), 32.0, 21.2, 900.0)
        made.append(
            Leg(f"{i % FLEET:06x}-{i}", Icao24(f"{i % FLEET:06x}"), start,
                start + timedelta(hours=2), origin, destination, start,
                start + timedelta(hours=2), Callsign("RFF8254"), "RA-82038", "A124", True,
                "adsb-lol", True)
        )  # fmt: skip
    return made


def timed(what: str, count: int, work: Callable[[], object]) -> None:
    start = time.process_time()
    work()
    took = time.process_time() - start
    print(f"{what:<44}{count:>9,}{took:>9.3f} s{count / took:>12,.0f} /s")


def put(store: Store, given: list[Leg], batch: int) -> None:
    for start in range(0, len(given), batch):
        with store.begin() as tx:
            store.put_legs(tx, given[start : start + batch])


def bare(path: Path, given: list[Leg]) -> None:
    """The limit: the same columns by sqlite3 alone, from objects to disk."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        names = Row._fields
        db.execute(f"CREATE TABLE legs ({', '.join(names)}, PRIMARY KEY (id))")
        for index in ("start_s", "icao24, start_s", "source"):
            db.execute(f"CREATE INDEX i{index[:3]} ON legs ({index})")
        marks = ", ".join("?" * len(names))
        db.executemany(f"INSERT INTO legs VALUES ({marks})",
                       map(_row, given))  # fmt: skip
        db.commit()


def writing(store: Store, given: list[Leg]) -> None:
    count = len(given)
    timed("put_legs, new, 50,000 a transaction", count, lambda: put(store, given, 50_000))
    timed("put_legs, the same again", count, lambda: put(store, given, 50_000))
    revised = [replace(leg, callsign=Callsign("RFF1")) for leg in given]
    timed("put_legs, all revised", count, lambda: put(store, revised, 50_000))
    later = [
        replace(
            leg,
            id="t" + leg.id,
            takeoff=leg.first_seen + timedelta(days=60),
            first_seen=leg.first_seen + timedelta(days=60),
        )
        for leg in given[:5000]
    ]
    timed("put_legs, a tick of 20 a transaction", len(later), lambda: put(store, later, 20))
    looks = [Look("lol", "near:1,2,250", NOW + timedelta(seconds=10 * i), Outcome.OK, 50)
             for i in range(20_000)]  # fmt: skip

    def look() -> None:
        for start in range(0, len(looks), 10):
            with store.begin() as tx:
                store.add_looks(tx, looks[start : start + 10])

    timed("add_looks, 10 a transaction", len(looks), look)
    n = 17_000
    sky = Positions.of(np.arange(n), np.full(n, NOW.timestamp()), np.zeros(n), np.zeros(n))

    def world() -> None:
        with store.begin() as tx:
            store.add_positions(tx, sky)

    timed("add_positions, a world snapshot", n, world)


def reading(store: Store) -> None:
    month = timedelta(days=30)
    timed("legs of a month", len(store.legs(NOW, NOW + month)),
          lambda: store.legs(NOW, NOW + month))  # fmt: skip
    frames = [f"{i:06x}" for i in range(200)]
    timed("legs_of one airframe, a month", 200,
          lambda: [store.legs_of(frame, NOW, NOW + month) for frame in frames])  # fmt: skip
    timed("changed_legs, nothing new", 200,
          lambda: [store.changed_legs(10**9) for _ in range(200)])  # fmt: skip
    timed("last_looks", 1, store.last_looks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--legs", type=int, default=100_000)
    parser.add_argument("--url", default="")
    args = parser.parse_args()
    given = legs(args.legs)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "airbridge.db"
        timed("bare sqlite3, insert only", len(given), lambda: bare(Path(folder) / "b", given))
        with closing(open_store(args.url or path, now=NOW)) as store:
            writing(store, given)
            reading(store)
        if path.exists():
            print(f"{'file':<44}{path.stat().st_size / 1e6:>9.1f} MB")
        timed("open_store, with its check", 1,
              lambda: open_store(args.url or path, now=NOW).close())  # fmt: skip


if __name__ == "__main__":
    main()
