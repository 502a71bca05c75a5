"""The tables that come with the program, from `bot/data`."""

import csv
import gzip
import io
from collections.abc import Iterator
from importlib import resources


def content(name: str) -> bytes:
    """A shipped file, unpacked."""
    raw = resources.files("bot").joinpath("data", name).read_bytes()
    return gzip.decompress(raw) if name.endswith(".gz") else raw


def rows(name: str) -> Iterator[list[str]]:
    """The rows of a shipped CSV file, without its header."""
    reader = csv.reader(io.StringIO(content(name).decode("utf-8")))
    next(reader)
    return reader
