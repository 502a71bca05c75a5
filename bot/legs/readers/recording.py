"""What a path holds, and its positions as a stream of batches.

Trace files of several days are read aircraft by aircraft, so that a flight over midnight stays
whole; a tar is streamed member by member and never unpacked to disk. `shard` (k, n) keeps only
addresses with `address % n == k`, for one process of n.
"""

import io
import re
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from bot import columns
from bot.errors import InputError
from bot.legs.readers import raw, sbs, snapshots, states, traces
from bot.model.air import Positions

BATCH_ROWS = 400_000  # positions in memory at once; larger is no faster
TRACE = re.compile(r"trace_(?:full|recent)_(~?[0-9a-f]{6})\.json$")
NOW = re.compile(rb'"now"\s*:\s*([0-9]+(?:\.[0-9]+)?)')
PART = re.compile(r"\.tar\.a[a-z]$")
UNREAD = (".md", ".txt.sha256", ".sha256")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that could not be read, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Positions; `done`: addresses of which nothing more will come (None: all may come again)."""

    positions: Positions
    done: tuple[int, ...] | None
    size: int  # bytes read for it, for the progress bar


Item = Batch | Skipped


@dataclass(frozen=True, slots=True)
class Recording:
    """Readable files under the paths, by kind."""

    traces: tuple[Path, ...]
    tars: tuple[tuple[Path, ...], ...]  # the parts of each
    others: tuple[tuple[str, Path], ...]
    start: datetime | None = None

    @classmethod
    def open(cls, paths: Sequence[Path], start: datetime | None = None) -> "Recording":
        """Look at every file under the paths. Raises InputError for a path that is not there."""
        found: list[Path] = []
        for path in paths:
            if not path.exists():
                raise InputError(f"{path}: no such file or folder")
            found += sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        found = list(dict.fromkeys(p for p in found if not p.name.endswith(UNREAD)))
        trace = tuple(p for p in found if TRACE.search(p.name))
        parts = [p for p in found if PART.search(p.name)]
        tars: dict[str, list[Path]] = {}
        for part in parts:
            tars.setdefault(str(part)[:-3], []).append(part)
        rest = [p for p in found if p not in set(trace) and p not in set(parts)]
        kinds = [(_kind(p), p) for p in rest]
        whole = [(p,) for kind, p in kinds if kind == "tar"]
        others = tuple((k, p) for k, p in kinds if k != "tar")
        return cls(trace, (*whole, *(tuple(sorted(t)) for t in tars.values())), others, start)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        files = [*self.traces, *(p for t in self.tars for p in t), *(p for _, p in self.others)]
        return sum(p.stat().st_size for p in files)

    def batches(self, shard: tuple[int, int] = (0, 1)) -> Iterator[Item]:
        """Positions in batches of bounded size, and what had to be skipped."""
        alone = not self.tars and not self.others
        yield from _gathered(self._trace_files(shard), alone)
        for parts in self.tars:
            single = len(self.tars) == 1 and not self.traces and not self.others
            yield from _gathered(_members(parts, shard), single)
        yield from self._rest(shard)

    def _trace_files(self, shard: tuple[int, int]) -> Iterator[Item]:
        by_hex: dict[str, list[Path]] = {}
        for path in self.traces:
            match = TRACE.search(path.name)
            if match and _mine(match[1], shard):
                by_hex.setdefault(match[1], []).append(path)
        for name, paths in by_hex.items():
            days = []
            for path in paths:
                item = _trace(str(path), partial(path.read_bytes), path.stat().st_size)
                if isinstance(item, Skipped):
                    yield item
                else:
                    days.append(item)
            if days:
                p = columns.joined([d.positions for d in days])
                yield Batch(p, (int(name.lstrip("~"), 16),), sum(d.size for d in days))

    def _rest(self, shard: tuple[int, int]) -> Iterator[Item]:
        """Snapshots in the order of their clocks, then tables and logs."""
        snaps = [(_now(p), p) for kind, p in self.others if kind == "snapshot"]
        files = [("snapshot", p) for _, p in sorted(snaps)]
        files += [(k, p) for k, p in self.others if k != "snapshot"]
        held: list[Batch] = []
        for kind, path in files:
            try:
                for p in _read(kind, path, self.start):
                    mine = p if shard[1] == 1 else p.take(p.icao24 % shard[1] == shard[0])
                    held.append(Batch(mine, None, path.stat().st_size if not held else 0))
                    if sum(len(b.positions) for b in held) > BATCH_ROWS:
                        yield _together(held, None)
                        held = []
            except InputError as exc:
                yield Skipped(str(path), str(exc))
        if held:
            yield _together(held, None)


def _together(held: Sequence[Batch], done: tuple[int, ...] | None) -> Batch:
    return Batch(columns.joined([b.positions for b in held]), done, sum(b.size for b in held))


def _gathered(items: Iterator[Item], alone: bool) -> Iterator[Item]:
    """Small batches to large ones. `alone`: nothing else will tell of the same aircraft."""
    held: list[Batch] = []
    rows = 0
    for item in items:
        if isinstance(item, Skipped):
            yield item
            continue
        held.append(item)
        rows += len(item.positions)
        if rows > BATCH_ROWS:
            yield _together(held, _done(held, alone))
            held, rows = [], 0
    if held:
        yield _together(held, _done(held, alone))


def _done(held: list[Batch], alone: bool) -> tuple[int, ...] | None:
    return tuple(a for b in held for a in b.done or ()) if alone else None


def _mine(address: str, shard: tuple[int, int]) -> bool:
    return not address.startswith("~") and int(address, 16) % shard[1] == shard[0]


def _trace(name: str, read: "partial[bytes]", size: int) -> Batch | Skipped:
    try:
        data = raw.inflate(read(), name)
        p = traces.parse(data, name)
    except InputError as exc:
        return Skipped(name, str(exc))
    except OSError as exc:
        return Skipped(name, f"{name}: cannot be read: {exc.strerror or exc}")
    return Batch(p, tuple(p.icao24[:1].tolist()), size)


class _Parts(io.RawIOBase):
    """Split archives read as one, in order."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self._file = self._paths.pop(0).open("rb")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while True:
            got = self._file.readinto(buffer)
            if got or not self._paths:
                return got
            self._file.close()
            self._file = self._paths.pop(0).open("rb")

    def close(self) -> None:
        self._file.close()
        super().close()


def _members(parts: Sequence[Path], shard: tuple[int, int]) -> Iterator[Item]:
    name = str(parts[0])
    try:
        with (
            io.BufferedReader(_Parts(parts), 1 << 20) as stream,
            tarfile.open(fileobj=stream, mode="r|*") as tar,
        ):
            for member in tar:
                match = TRACE.search(member.name)
                if match is None or not member.isfile() or not _mine(match[1], shard):
                    continue
                file = tar.extractfile(member)
                if file is not None:
                    yield _trace(f"{name}:{member.name}", partial(file.read), member.size)
    except (tarfile.TarError, OSError, EOFError) as exc:
        yield Skipped(name, f"{name}: the archive is damaged: {exc}")


def _kind(path: Path) -> str:
    """What a file is, from its first bytes."""
    start = raw.head(path)
    if start[257:262] == b"ustar" or path.name.endswith((".tar", ".tgz", ".tar.gz")):
        return "tar"
    if start[:4] == b"PAR1":
        return "parquet"
    text = start.lstrip()
    if text[:4] == b"MSG," or re.match(rb"(?:AIR|ID|STA|CLK|SEL),", text):
        return "sbs"
    if text[:1] == b"{":
        if re.search(rb'"(?:now|aircraft|ac|states)"\s*:', text):
            return "snapshot"
        return "trace" if b'"trace"' in text or b'"icao"' in text else "table"
    return "table" if text[:1] == b"[" else "csv"


def _now(path: Path) -> float:
    match = NOW.search(raw.head(path))
    return float(match[1]) if match else 0.0


def _read(kind: str, path: Path, start: datetime | None) -> Iterator[Positions]:
    if kind == "parquet":
        yield from states.read_parquet(path)
    elif kind == "csv":
        yield from states.read_csv(path)
    else:
        data, name = raw.read(path), str(path)
        if kind == "snapshot":
            yield snapshots.parse(data, name)
        elif kind == "sbs":
            yield sbs.parse(data, name, start)
        elif kind == "trace":
            yield traces.parse(data, name)
        else:
            yield states.parse_json(data, name)
