"""What paths hold, and their positions as a stream of batches.

Trace files are read aircraft by aircraft (`tracks`), so that a flight over midnight stays whole;
tables, logs and snapshots of the same aircraft are joined to them. `shard` (k, n) keeps only
addresses with `address % n == k`, for one process of n.
"""

import os
import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path

import numpy as np

from bot import columns
from bot.errors import InputError
from bot.legs.readers import formats, tracks
from bot.legs.readers.archive import TRACE, Archive
from bot.legs.readers.items import NO_ROOM, Batch, Item, NoRecording, Noted, Skipped
from bot.model.air import Positions

BATCH_ROWS = 400_000  # positions in memory at once; larger is no faster
HELD_ROWS = 1_000_000  # of tables, logs and snapshots, before they are read on in order: 80 MB
PART = re.compile(r"\.tar\.a[a-z]$")
UNREAD = (".md", ".txt.sha256", ".sha256")
Shard = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Recording:
    """Readable files under the paths, by kind."""

    traces: tuple[tuple[str, Path], ...]  # with the address
    tars: tuple[tuple[Path, ...], ...]  # the parts of each
    others: tuple[tuple[str, Path], ...]  # with the kind
    inside: frozenset[Path] = frozenset()  # found in a folder, not given by name
    start: datetime | None = None

    @classmethod
    def open(cls, paths: Sequence[Path], start: datetime | None = None) -> "Recording":
        """Look at every file under the paths. Raises InputError for a path that is not there."""
        inside: dict[Path, bool] = {}
        for path in paths:
            if not path.exists():
                raise InputError(f"{path}: no such file or folder")
            if not (path.is_file() or path.is_dir()):
                raise InputError(f"{path}: no file (a pipe cannot be read twice; save it first)")
            inside |= dict.fromkeys(_files(path), True) if path.is_dir() else {path: False}
        traces: list[tuple[str, Path]] = []
        tars: dict[str, list[Path]] = {}
        others: list[tuple[str, Path]] = []
        for path in inside:
            if match := TRACE.search(path.name):
                traces.append((match[1], path))
            elif PART.search(path.name):
                tars.setdefault(str(path)[:-3], []).append(path)
            elif (kind := formats.kind(path)) == "tar":
                tars[str(path)] = [path]
            elif kind == "trace" and (address := formats.address(path)):
                traces.append((address, path))
            else:
                others.append((kind, path))
        return cls(tuple(traces), tuple(tuple(sorted(t)) for t in tars.values()), tuple(others),
                   frozenset(p for p, found in inside.items() if found), start)  # fmt: skip

    @property
    def size(self) -> int:
        """Bytes on disk."""
        files = [*(p for t in self.tars for p in t), *(p for _, p in self.traces + self.others)]
        return sum(map(_size, files))

    def batches(self, shard: Shard = (0, 1)) -> Iterator[Item]:
        """Positions in batches of bounded size, and what had to be skipped."""
        rest = self._rest(shard)
        held, complete = yield from _held(rest)
        if complete:
            beside = _Beside(columns.joined([b.positions for b in held]))
            yield from _gathered(map(beside.joined, self._tracks(shard)), alone=True)
            if held:
                yield Batch(beside.left(), None, sum(b.size for b in held))
        else:
            yield from _gathered(self._tracks(shard), alone=False)
            yield from _gathered(chain(held, rest), alone=False)

    def _tracks(self, shard: Shard) -> Iterator[Item]:
        archives = []
        for parts in self.tars:
            try:
                archives.append(Archive(parts))
            except InputError as exc:
                yield Skipped(str(parts[0]), str(exc), shared=True)
        yield from tracks.read(self.traces, archives, lambda address: _mine(address, shard))

    def _rest(self, shard: Shard) -> Iterator[Item]:
        """Snapshots, tables and logs in the order of their clocks, as far as that is quickly told;
        in the order of the paths where it is not."""
        k, n = shard
        for kind, path in sorted(self.others, key=lambda other: formats.begins(*other)):
            words: list[str] = []
            try:
                size = _size(path)
                for p in formats.read(kind, path, self.start, words.append):
                    yield Batch(p if n == 1 else p.take(p.icao24 % n == k), None, size)
                    size = 0
            except NoRecording as exc:
                stray = path in self.inside and not exc.named_so
                yield (
                    Noted(f"no recording: {exc}", True)
                    if stray
                    else Skipped(str(path), str(exc), True)
                )
            except InputError as exc:
                yield Skipped(str(path), str(exc), shared=True)
            except MemoryError:
                yield Skipped(str(path), f"{path}: {NO_ROOM}", shared=True)
            except OSError as exc:  # gone since it was found
                yield Skipped(str(path), f"{path}: cannot be read: {exc.strerror}", shared=True)
            yield from (Noted(word, shared=True) for word in words)


def _files(folder: Path) -> list[Path]:
    """All files in it that could be recordings: hidden ones, checksums, words are none. A folder
    that may not be looked into is among them: reading it will say so."""
    found, closed = [], []
    for base, folders, names in os.walk(folder, onerror=lambda exc: closed.append(exc.filename)):
        folders[:] = [name for name in folders if name[0] != "."]
        found += [Path(base, n) for n in names if n[0] != "." and not n.endswith(UNREAD)]
    return sorted([*filter(_is_file, found), *map(Path, closed)])


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError:  # its folder may be listed, but not entered
        return True


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # reading it will say why
        return 0


def _mine(address: str, shard: Shard) -> bool:
    return not address.startswith("~") and int(address, 16) % shard[1] == shard[0]


def _held(items: Iterator[Item]) -> Generator[Item, None, tuple[list[Batch], bool]]:
    """The first batches, until they are too many; and whether they are all."""
    held: list[Batch] = []
    rows = 0
    for item in items:
        if isinstance(item, Batch):
            held.append(item)
            rows += len(item.positions)
        else:
            yield item
        if rows > HELD_ROWS:
            return held, False
    return held, True


class _Beside:
    """Positions of many aircraft, to be joined to what else is told of each."""

    def __init__(self, positions: Positions) -> None:
        self._positions = positions
        self._order = np.argsort(positions.icao24, kind="stable")
        self._icao24 = positions.icao24[self._order]
        self._used = np.zeros(len(positions), bool)

    def joined(self, item: Item) -> Item:
        """The batch of one aircraft with all that is known of it."""
        if not isinstance(item, Batch) or item.done is None:
            return item
        begin, end = (np.searchsorted(self._icao24, item.done[0], s) for s in ("left", "right"))
        if begin == end:
            return item
        rows = self._order[begin:end]
        self._used[rows] = True
        more = [item.positions, self._positions.take(rows)]
        return replace(item, positions=columns.joined(more))

    def left(self) -> Positions:
        """What was not joined to anything."""
        return self._positions.take(~self._used)


def _together(held: Sequence[Batch], alone: bool) -> Batch:
    """One batch. Of whole aircraft in the order of their addresses: then nobody has to sort rows
    (an archive has them in the order of the last two digits)."""
    if alone:
        held = sorted(held, key=lambda b: b.done or ())
    done = tuple(a for b in held for a in b.done or ()) if alone else None
    return Batch(columns.joined([b.positions for b in held]), done, sum(b.size for b in held))


def _gathered(items: Iterator[Item], alone: bool) -> Iterator[Item]:
    """Small batches to large ones. `alone`: nothing else will tell of the same aircraft."""
    held: list[Batch] = []
    rows = 0
    for item in items:
        if not isinstance(item, Batch):
            yield item
            continue
        held.append(item)
        rows += len(item.positions)
        if rows > BATCH_ROWS:
            yield _together(held, alone)
            held, rows = [], 0
    if held:
        yield _together(held, alone)
