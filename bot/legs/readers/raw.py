"""Bytes of a file: plain or gzip, whatever its name says."""

import zlib
from pathlib import Path
from typing import BinaryIO, cast

from isal import igzip
from isal.igzip_lib import IsalError

from bot.errors import InputError

GZIP = b"\x1f\x8b"
# what reading a broken gzip raises
DAMAGED = cast("tuple[type[Exception], ...]", (OSError, EOFError, IsalError))


def inflate(data: bytes, name: str) -> bytes:
    """The data, unpacked when it is gzip. Raises InputError when that is damaged or cut short."""
    if data[:2] != GZIP:
        return data
    try:
        return bytes(igzip.decompress(data))  # type: ignore[no-untyped-call]
    except DAMAGED as exc:
        raise InputError(f"{name}: damaged gzip: {exc}") from exc


def beginning(data: bytes) -> bytes:
    """What can be unpacked of a gzip that was cut short; all of what is none. Empty when it is
    damaged otherwise: then nothing of it can be trusted."""
    if data[:2] != GZIP:
        return data
    try:
        return zlib.decompressobj(31).decompress(data)
    except zlib.error:
        return b""


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


def read(path: Path) -> bytes:
    """A whole file, unpacked. Raises InputError."""
    try:
        data = path.read_bytes()
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
