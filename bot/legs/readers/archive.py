"""Tars of trace files, whole or split, plain or packed; never unpacked to disk.

A plain tar is read like a folder: its headers once, then any member by its place. A packed one
(.tar.gz and the like) can only be read from its beginning, over and over. Promises: both name the
same members; damage is an InputError after the members before it.
"""

import io
import re
import tarfile
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Self

from bot.errors import InputError
from bot.legs.readers import raw

TRACE = re.compile(r"trace_(?:full|recent)_(~?[0-9a-f]{6})\.json$")
BUFFER = 1 << 20
PACKED = (raw.GZIP, b"BZh", b"\xfd7zXZ")  # gzip, bzip2, xz


@dataclass(frozen=True, slots=True)
class Member:
    """One trace file of an archive: whose, and where its bytes begin."""

    address: str
    name: str
    offset: int
    size: int


class _Damaged(Exception):
    pass


class _Header(tarfile.TarInfo):
    """tarfile takes a damaged header for the end of the archive, and says nothing."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            return super().frombuf(buf, encoding, errors)
        except (tarfile.InvalidHeaderError, tarfile.TruncatedHeaderError) as exc:  # type: ignore[attr-defined]
            raise _Damaged(str(exc)) from exc


class Archive:
    """The parts of one archive, in order. Raises InputError when they cannot be read."""

    def __init__(self, parts: Sequence[Path]) -> None:
        self.parts, self.name = tuple(parts), str(parts[0])
        self.packed = raw.magic(parts[0]).startswith(PACKED)

    def members(self) -> Iterator[Member]:
        """Its trace files. One is told when the next is found, so that it is whole."""
        last: Member | None = None
        for member, _ in self._walk(lambda _: False):
            if last is not None:
                yield last
            last = member
        if last is not None:
            yield last

    def contents(self, wanted: Callable[[str], bool]) -> Iterator[tuple[Member, bytes]]:
        """Its trace files of these addresses with their bytes."""
        for member, data in self._walk(wanted):
            if data is not None:
                yield member, data

    @contextmanager
    def opened(self) -> Iterator[Callable[[Member], bytes]]:
        """To read members of a plain archive in any order."""
        with io.BufferedReader(_Parts(self.parts), BUFFER) as stream:

            def read(member: Member) -> bytes:
                stream.seek(member.offset)
                return stream.read(min(member.size, raw.MOST + 1))

            yield read

    def _walk(self, wanted: Callable[[str], bool]) -> Iterator[tuple[Member, bytes | None]]:
        try:
            with (
                io.BufferedReader(_Parts(self.parts), BUFFER) as stream,
                tarfile.open(fileobj=stream, mode="r|*" if self.packed else "r:",
                             tarinfo=_Header) as tar,
            ):  # fmt: skip
                while (info := tar.next()) is not None:
                    vars(tar)["members"].clear()  # or a day's headers stay in memory
                    match = TRACE.search(info.name)
                    if match is not None and info.isfile():
                        file = tar.extractfile(info) if wanted(match[1]) else None
                        yield (Member(match[1], info.name, info.offset_data, info.size),
                               None if file is None else file.read(raw.MOST + 1))  # fmt: skip
        except (tarfile.TarError, _Damaged, OSError, EOFError) as exc:
            raise InputError(f"{self.name}: the archive is damaged: {exc}") from exc


class _Parts(io.RawIOBase):
    """Split archives read as one, in order."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._files = [path.open("rb", buffering=0) for path in paths]
        self._ends = list(accumulate(path.stat().st_size for path in paths))
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._ends[-1]}[whence]
        self._at = base + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        part = bisect_right(self._ends, self._at)
        if part == len(self._files):
            return 0
        begin = self._ends[part - 1] if part else 0
        self._files[part].seek(self._at - begin)
        got = self._files[part].readinto(buffer) or 0
        self._at += got
        return got

    def close(self) -> None:
        for file in self._files:
            file.close()
        super().close()
