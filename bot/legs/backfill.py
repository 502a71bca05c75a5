"""Recordings to legs, in one process or several.

Each process reads its share of the aircraft (`address % jobs`), so that nothing has to be passed
between them but finished legs; what is open at the end of a batch is carried. A file that cannot
be read is told once and skipped.
"""

import gc
import multiprocessing
import queue
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from bot import airfields
from bot.airfields import Airfields
from bot.errors import InputError
from bot.legs.history import History, Left, finished
from bot.legs.readers import Noted, Recording, Skipped
from bot.model.air import Leg, Positions

WAIT_S = 1.0
FEW = 10_000  # legs: some 20 MB
SKEW_S = 60.0  # snapshots repeat positions, and round their ages
RARELY = (200_000, 20, 100)  # garbage collector thresholds


@dataclass(frozen=True, slots=True)
class Task:
    """What to read, and with which airfields (None: the own table)."""

    paths: tuple[Path, ...]
    airports: Path | None = None
    start: datetime | None = None
    jobs: int = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """Bytes read since the last word, by one process."""

    size: int


Item = list[Leg] | Skipped | Noted | Progress


def run(task: Task) -> Iterator[Item]:
    """Legs as they are found, with what was skipped and how far it is. Raises InputError."""
    recording = Recording.open(task.paths, task.start)  # a wrong path is told before any work
    if task.airports is not None:
        airfields.from_csv(task.airports)
    left, kept = [], _Kept()
    for item in _share(task, recording, 0) if task.jobs <= 1 else _spread(task):
        if isinstance(item, Left):
            left.append(item)
        elif isinstance(item, list):
            yield kept.passed(item)
        else:
            yield item
    yield _sorted(kept.legs + finished(_fields(task), left))


class _Kept:
    """What few recordings give comes in one order at the end; what many give, as it is found."""

    def __init__(self) -> None:
        self.legs: list[Leg] = []
        self._many = False

    def passed(self, legs: list[Leg]) -> list[Leg]:
        """These legs, and those that were kept, when there are too many to wait; else none."""
        self.legs += legs
        self._many = self._many or len(self.legs) > FEW
        if not self._many:
            return []
        legs, self.legs = self.legs, []
        return legs


def _fields(task: Task) -> Airfields:
    known = airfields.load()
    return airfields.from_csv(task.airports, known) if task.airports else known


def _share(task: Task, recording: Recording, k: int) -> Iterator[Item | Left]:
    history = History(_fields(task))
    # a backfill makes no cycles; looking for them among its tuples takes a fifth of the time
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARELY)
    late = _Late()
    for item in recording.batches((k, task.jobs)):
        if isinstance(item, Skipped | Noted):
            if k == 0 or not item.shared:
                yield item
            continue
        if item.done is None:
            late.see(item.positions)
        legs = history.add(item.positions)
        if item.done is not None:
            legs += history.flush(item.done)
        yield _sorted(legs)
        yield Progress(item.size)
    yield _sorted(history.close())
    yield history.leave()
    if late.rows:
        yield Noted(f"{late.rows} positions came after later ones of the same aircraft and were "
                    "left out: give one day, or one file, at a time")  # fmt: skip


class _Late:
    """Counts what cannot be used: the files are too large to be sorted, and not in order."""

    def __init__(self) -> None:
        self.rows = 0
        self._last: dict[int, float] = {}

    def see(self, p: Positions) -> None:
        """The next batch; each may be in any order within itself."""
        if not len(p):
            return
        addresses, row = np.unique(p.icao24, return_inverse=True)
        known = addresses.tolist()
        before = np.array([self._last.get(a, -np.inf) for a in known])
        self.rows += int((p.time_s < before[row] - SKEW_S).sum())
        np.maximum.at(before, row, p.time_s)
        self._last.update(zip(known, before.tolist(), strict=True))


def _sorted(legs: list[Leg]) -> list[Leg]:
    return sorted(legs, key=lambda leg: (leg.icao24, leg.first_seen))


def _spread(task: Task) -> Iterator[Item | Left]:
    context = multiprocessing.get_context("spawn")
    results: Any = context.Queue(maxsize=64)
    workers = [context.Process(target=_work, args=(task, k, results), daemon=True)
               for k in range(task.jobs)]  # fmt: skip
    for worker in workers:
        worker.start()
    left = len(workers)
    try:
        while left:
            try:
                item = results.get(timeout=WAIT_S)
            except queue.Empty:
                _all_well(workers)
                continue
            if item is None:
                left -= 1
            elif isinstance(item, str):
                raise InputError(item)
            else:
                yield item
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()
        results.close()


def _all_well(workers: Sequence[Any]) -> None:
    """A process that was killed (out of memory) must not leave the others waiting for ever."""
    dead = [w for w in workers if w.exitcode not in (None, 0)]
    if dead:
        raise InputError(f"a reading process ended with code {dead[0].exitcode}; try fewer --jobs")


def _work(task: Task, k: int, results: Any) -> None:
    try:
        for item in _share(task, Recording.open(task.paths, task.start), k):
            results.put(item)
    except InputError as exc:
        results.put(str(exc))
    results.put(None)
