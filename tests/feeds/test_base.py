"""Bounds on unpacking, judgement of clocks, and queries answered from a whole sky."""

import gzip
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Garbled, Unavailable
from bot.feeds.base import check_clock, select, unpack
from bot.model.air import Icao24, Positions
from bot.model.query import Everything, Hexes, Near

NOW = datetime(2024, 12, 26, 20, 0, tzinfo=UTC)


@given(st.binary(max_size=300), st.integers(0, 3))
def test_plain_and_gzip_unpack_to_the_same(body: bytes, members: int) -> None:
    """Gzip, in several members too, is told by its bytes; anything else passes as it is."""
    if body.startswith(b"\x1f\x8b"):
        return
    packed = b"".join(gzip.compress(body) for _ in range(members)) or body
    assert unpack(packed, 10_000, "test") == body * max(members, 1)


def test_a_bomb_is_refused_at_the_limit() -> None:
    """A small gzip that would become huge stops at the limit; one just inside it passes."""
    bomb = gzip.compress(bytes(1_000_000))
    assert len(unpack(bomb, 1_000_000, "test")) == 1_000_000
    with pytest.raises(Garbled, match="more than 999999 bytes"):
        unpack(bomb, 999_999, "test")
    with pytest.raises(Garbled, match="more than 10 bytes"):
        unpack(bytes(11), 10, "test")


@pytest.mark.parametrize("cut", [3, 12, 20, -1, -9])
def test_truncated_gzip_is_garbled(cut: int) -> None:
    """A gzip that breaks off anywhere is an error, not a shorter reply."""
    with pytest.raises(Garbled, match="gzip"):
        unpack(gzip.compress(b"some words that pack badly 1234567890")[:cut], 10_000, "test")


def test_damaged_gzip_is_garbled() -> None:
    """A flipped byte is noticed."""
    body = bytearray(gzip.compress(bytes(range(256)) * 40))
    body[60] ^= 0xFF
    with pytest.raises(Garbled, match="gzip"):
        unpack(bytes(body), 100_000, "test")


@pytest.mark.parametrize(("off_s", "word"), [(-600, "behind"), (600, "ahead of")])
def test_a_reply_that_is_not_about_the_present_is_no_look(off_s: float, word: str) -> None:
    """A clock ten minutes off means frozen data or a wrong clock; one minute is tolerated."""
    check_clock(NOW.timestamp() + off_s / 10, NOW, "feed")
    with pytest.raises(Unavailable, match=f"10 min {word} ours"):
        check_clock(NOW.timestamp() + off_s, NOW, "feed")


def test_a_query_is_answered_from_a_whole_sky() -> None:
    """Everything, a circle, or named airframes: each gives its rows and no others."""
    sky = Positions.of([0xA, 0xB, 0xC], [0, 0, 0], [50.0, 50.0, 10.0], [0.0, 2.0, 0.0])
    assert list(select(sky, Everything()).icao24) == [0xA, 0xB, 0xC]
    assert list(select(sky, Near(50.0, 0.0, 100.0)).icao24) == [0xA, 0xB]
    assert list(select(sky, Near(50.0, 0.0, 60.0)).icao24) == [0xA]
    assert list(select(sky, Hexes((Icao24("00000c"),))).icao24) == [0xC]
