"""Recordings come back once, in the order of their own clocks, bad files named."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Garbled, Unavailable
from bot.feeds import Exhausted, Recorded
from bot.model.feed import FeedSettings
from bot.model.query import Everything, Near
from tests.feeds.wire import NOW, craft, v2_body

T0 = NOW.timestamp()


def old_body(now_s: float, **fields: Any) -> bytes:
    crafts = [{"hex": "154076", "lat": 1.0, "lon": 1.0, "seen_pos": 0, **fields}]
    return json.dumps({"now": now_s, "aircraft": crafts}).encode()


def open_folder(folder: Path) -> Recorded:
    return Recorded(FeedSettings("tape", "recorded", folder=folder))


def test_a_folder_is_replayed_in_time_order(tmp_path: Path) -> None:
    """Any shape, plain or gzip, by clock and not by name; then a clear end."""
    (tmp_path / "a.json").write_bytes(old_body(T0 + 120, altitude=33000))
    (tmp_path / "b.json").write_bytes(
        gzip.compress(json.dumps(v2_body(craft(), now_s=T0)).encode())
    )
    (tmp_path / "c.json.gz").write_bytes(gzip.compress(old_body(T0 + 60)))
    (tmp_path / "notes.txt").write_text("not a recording")
    feed = open_folder(tmp_path)
    seen = []
    while feed.next_at is not None:
        due = feed.next_at
        snapshot = feed.poll(Everything(), datetime.fromtimestamp(due, UTC))
        assert snapshot.time_s == due
        seen.append(snapshot.time_s - T0)
    assert seen == [0, 60, 120]
    with pytest.raises(Exhausted):
        feed.poll(Everything(), NOW)


def test_opensky_states_are_replayed_too(tmp_path: Path) -> None:
    """A recording of state vectors keeps its own clock and form."""
    row = ["154076", "RFF1    ", "Russian Federation", T0, T0, 28.5, 33.7, 10058.4, False, 226.4,
           259.1, 0.0, None, None, None, False, 0]  # fmt: skip
    (tmp_path / "os.json").write_text(json.dumps({"time": T0, "states": [row]}))
    feed = open_folder(tmp_path)
    assert feed.next_at == T0
    assert feed.poll(Everything(), NOW).positions.altitude_ft[0] == pytest.approx(33000, abs=1)


def test_a_bad_file_is_named_and_the_rest_follows(tmp_path: Path) -> None:
    """Truncated gzip and HTML are Garbled by name, in their place, and lose nothing else."""
    (tmp_path / "1.json").write_bytes(old_body(T0))
    (tmp_path / "2.json.gz").write_bytes(gzip.compress(old_body(T0 + 60))[:-9])
    (tmp_path / "3.json").write_bytes(b"<html>login</html>")
    (tmp_path / "4.json").write_bytes(old_body(T0 + 180))
    feed, told = open_folder(tmp_path), []
    while feed.next_at is not None:
        try:
            told.append(feed.poll(Everything(), NOW).time_s - T0)
        except Garbled as error:
            told.append(str(error))
    assert (told[0], told[3]) == (0, 180)
    assert "2.json.gz" in told[1]
    assert "3.json" in told[2]


def test_a_file_that_vanishes_is_garbled_by_name(tmp_path: Path) -> None:
    """Deleted between index and turn: said, and the replay goes on."""
    for name, at_s in (("1.json", T0), ("2.json", T0 + 60), ("3.json", T0 + 120)):
        (tmp_path / name).write_bytes(old_body(at_s))
    feed = open_folder(tmp_path)
    (tmp_path / "2.json").unlink()
    assert feed.poll(Everything(), NOW).time_s == T0
    with pytest.raises(Garbled, match=r"2\.json: No such file"):
        feed.poll(Everything(), NOW)
    assert feed.poll(Everything(), NOW).time_s == T0 + 120


def test_nothing_to_replay_is_said_at_once(tmp_path: Path) -> None:
    """An empty or missing folder is an error when it is opened."""
    with pytest.raises(Unavailable, match="no recordings"):
        open_folder(tmp_path)
    with pytest.raises(Unavailable, match="No such file"):
        open_folder(tmp_path / "gone")


def test_a_recording_from_memory_is_taken_one_by_one() -> None:
    """An endless generator works: only the next reply is ever drawn."""
    drawn = []

    def replies() -> Any:
        for i in range(1_000_000):
            drawn.append(i)
            yield T0 + 60 * i, old_body(T0 + 60 * i)

    feed = Recorded.of("demo", replies())
    assert feed.next_at == T0
    assert feed.poll(Everything(), NOW).time_s == T0
    assert feed.next_at == T0 + 60
    assert feed.name == "demo"
    assert len(drawn) == 2
    assert len(feed.poll(Near(50.0, 50.0, 10.0), NOW).positions) == 0
