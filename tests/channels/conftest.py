"""A Bot API on a real port, and a channel to it."""

import struct
import zlib
from collections.abc import Iterator

import pytest

from bot.channels.telegram import TelegramChannel, connected
from bot.model.alert import Line, Message, Picture, Section, Span
from tests.fake_telegram import TOKEN, FakeTelegram


@pytest.fixture
def server() -> Iterator[FakeTelegram]:
    with FakeTelegram() as fake:
        yield fake


@pytest.fixture
def channel(server: FakeTelegram) -> Iterator[TelegramChannel]:
    with connected(TOKEN, server.api) as telegram:
        yield telegram


def png(width: int = 60, height: int = 40) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = zlib.compress((b"\0" + b"\x88" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def line(text: str) -> Line:
    return (Span(text),)


CHART, MAP = Picture("chart.png", png(), "daily legs"), Picture("map.png", png(), "the path")
SHORT = Message(
    title="3 legs so far today",
    sections=(Section((line("By chance about once in 40 years"),), essential=True),),
)
LONG = Message(
    title="7 legs in 3 days",
    sections=(
        Section((line("expected 0.2"),), essential=True),
        Section(tuple(line(f"leg {i} " + "x" * 60) for i in range(30)), "Legs"),
    ),
    pictures=(CHART, MAP),
    label="RECONSTRUCTION",
)
