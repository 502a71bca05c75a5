"""Bytes of a file: plain or gzip, whatever its name says.

Promises: however much a small file unpacks to, and however long a line is, no more of it comes
into memory than `MOST` and `LINE_MOST` allow; beyond that is an InputError that names the file.
"""

import io
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from isal import igzip, isal_zlib
from isal.igzip_lib import IsalError

from bot.errors import InputError

GZIP = b"\x1f\x8b"
# what reading a broken gzip raises
DAMAGED = cast("tuple[type[Exception], ...]", (OSError, EOFError, IsalError))


# Of a file that is read whole, unpacked. A day's trace with a row each second has 30 MB, all
# aircraft in the air at once 20 MB in one snapshot; this leaves room for eight times that.
MOST = 256 << 20
# Of a line of a table or log. A row of states has under 1 kB; as much as `csv` takes in one field.
LINE_MOST = 128 << 10


class TooMuch(InputError):
    """A file that would not fit into memory."""


def inflate(data: bytes, name: str) -> bytes:
    """The data, unpacked when it is gzip. Raises InputError when that is damaged or cut
    short, TooMuch when it is more than `MOST`."""
    packed = data[:2] == GZIP and len(data) <= MOST
    found = _unpacked(data, name) if packed else data
    if len(found) > MOST:
        raise TooMuch(f"{name}: more than {MOST >> 20} MB unpacked, the most that is read at once")
    return found


def _unpacked(data: bytes, name: str) -> bytes:
    """As much as shows whether it is too much."""
    one = isal_zlib.decompressobj(31)
    try:
        found = bytes(one.decompress(data, MOST + 1))
        if len(found) > MOST or (one.eof and not one.unused_data):
            return found
        # several members, or filled up with zeros
        return bytes(igzip.IGzipFile(fileobj=io.BytesIO(data)).read(MOST + 1))  # type: ignore[no-untyped-call]
    except DAMAGED as exc:
        raise InputError(f"{name}: damaged gzip: {exc}") from exc


def beginning(data: bytes) -> bytes:
    """What can be unpacked of a gzip that was cut short, as far as `MOST`; all of what is none.
    Empty when it is damaged otherwise: then nothing of it can be trusted."""
    if data[:2] != GZIP:
        return data
    try:
        return zlib.decompressobj(31).decompress(data, MOST)
    except zlib.error:
        return b""


class Lined(io.BufferedIOBase):
    """A stream that ends with an InputError where a line does not end in time."""

    def __init__(self, path: Path) -> None:
        self._stream, self.name = stream(path), str(path)
        self.passed = 0  # bytes
        self._line = 0  # bytes since a line ended, a buffer more or less

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1, /) -> bytes:
        data = cast("io.BufferedReader", self._stream).read1(size)
        self.passed += len(data)
        self._line = 0 if b"\n" in data or b"\r" in data else self._line + len(data)
        if self._line > LINE_MOST:
            raise InputError(f"{self.name}: a line of more than {LINE_MOST >> 10} kB: no table "
                             "or log")  # fmt: skip
        return data

    def close(self) -> None:
        self._stream.close()
        super().close()


def text(lined: Lined, encoding: str) -> io.TextIOWrapper:
    """A stream as text, line by line; what cannot be decoded becomes a mark. Reading it raises
    InputError, and DAMAGED."""
    return io.TextIOWrapper(lined, encoding, "replace", newline="")


def stream(path: Path) -> BinaryIO:
    """A file to read bit by bit, unpacked. Raises InputError; reading it may raise DAMAGED."""
    if magic(path)[:2] == GZIP:
        return cast("BinaryIO", igzip.open(path, "rb"))  # type: ignore[no-untyped-call]
    return path.open("rb")


def magic(path: Path) -> bytes:
    """The first bytes as they are. Raises InputError."""
    try:
        with path.open("rb") as file:
            return file.read(8)
    except OSError as exc:
        raise InputError(f"{path}: cannot be read: {exc.strerror or exc}") from exc


def taken(path: Path) -> bytes:
    """The bytes of a file as they are, or as many as show that it is too large."""
    with path.open("rb") as file:
        return file.read(MOST + 1)


def read(path: Path) -> bytes:
    """A whole file, unpacked. Raises InputError."""
    try:
        data = taken(path)
    except OSError as exc:
        raise InputError(f"{path}: cannot be read: {exc.strerror or exc}") from exc
    return inflate(data, str(path))


def head(path: Path, size: int = 4096) -> bytes:
    """The first bytes of a file, unpacked; empty when it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(size * 4)
    except OSError:
        return b""
    if data[:2] != GZIP:
        return data[:size]
    try:
        return bytes(zlib.decompressobj(31).decompress(data, size))
    except zlib.error:
        return b""
