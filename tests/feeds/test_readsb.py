"""A local receiver: by URL or file, and never a frozen sky taken for a look."""

import gzip
import json
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Garbled, Unavailable
from bot.feeds.readsb import Readsb
from bot.model.feed import FeedSettings
from bot.model.query import Everything, Near
from tests.feeds.wire import NOW, craft, http


def body(now_s: float, *crafts: dict[str, Any]) -> bytes:
    return json.dumps({"now": now_s, "messages": 1, "aircraft": list(crafts)}).encode()


def test_a_receiver_is_read_over_http(serve: Callable[..., Any]) -> None:
    """The whole file in one request; a narrower query keeps what it asks for."""
    server = serve(http(body(NOW.timestamp(), craft(), craft(hex="aaaaaa", lat=60.0))))
    url = f"{server.url}/tar1090/data/aircraft.json"
    with closing(Readsb(FeedSettings("roof", "readsb", url))) as feed:
        assert list(feed.poll(Everything(), NOW).positions.icao24) == [0x154076, 0xAAAAAA]
        near = feed.poll(Near(33.0, 28.0, 100.0), NOW)
    assert (list(near.positions.icao24), near.listed) == ([0x154076], 2)
    assert server.requests[0].startswith("GET /tar1090/data/aircraft.json ")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_receiver_is_read_from_a_file(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """Plain or gzip, whatever the name says."""
    path = tmp_path / "aircraft.json"
    path.write_bytes(pack(body(NOW.timestamp(), craft())))
    for url in (str(path), f"file://{path}"):
        assert (
            len(Readsb(FeedSettings("roof", "readsb", url)).poll(Everything(), NOW).positions) == 1
        )


def test_a_missing_or_oversized_file_is_an_error_by_name(tmp_path: Path) -> None:
    """The text names the path."""
    path = tmp_path / "aircraft.json"
    feed = Readsb(FeedSettings("roof", "readsb", str(path), max_bytes=50))
    with pytest.raises(Unavailable, match=r"aircraft\.json: No such file"):
        feed.poll(Everything(), NOW)
    path.write_bytes(body(NOW.timestamp(), craft()))
    with pytest.raises(Garbled, match="larger than 50 bytes"):
        feed.poll(Everything(), NOW)


def test_a_clock_that_stands_still_is_a_dead_decoder(tmp_path: Path) -> None:
    """The same file for half a minute is 'frozen since'; when it moves again, it is a look."""
    path = tmp_path / "aircraft.json"
    feed = Readsb(FeedSettings("roof", "readsb", str(path)))
    path.write_bytes(body(NOW.timestamp(), craft()))
    feed.poll(Everything(), NOW)
    feed.poll(Everything(), NOW + timedelta(seconds=10))
    with pytest.raises(Unavailable, match="frozen since 2024-12-26 20:00:00 UTC"):
        feed.poll(Everything(), NOW + timedelta(seconds=31))
    later = NOW + timedelta(seconds=60)
    path.write_bytes(body(later.timestamp(), craft()))
    assert len(feed.poll(Everything(), later).positions) == 1


def test_a_file_left_behind_is_not_even_looked_at_once(tmp_path: Path) -> None:
    """A decoder that died before we started left a full sky: its age gives it away."""
    path = tmp_path / "aircraft.json"
    path.write_bytes(body(NOW.timestamp() - 3600, craft()))
    with pytest.raises(Unavailable, match="60 min behind"):
        Readsb(FeedSettings("roof", "readsb", str(path))).poll(Everything(), NOW)


def test_a_clock_that_runs_backwards_still_moves(tmp_path: Path) -> None:
    """A corrected receiver clock is not a frozen one."""
    path = tmp_path / "aircraft.json"
    feed = Readsb(FeedSettings("roof", "readsb", str(path)))
    for step_s in (0, 40, 20, 60):
        path.write_bytes(body(NOW.timestamp() + step_s, craft()))
        found = feed.poll(Everything(), NOW + timedelta(seconds=40 + step_s))
        assert found.time_s == NOW.timestamp() + step_s
