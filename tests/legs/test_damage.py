"""Damaged recordings: odd values cost their row, odd bytes their file, nothing ends in a traceback.

The mutations are of real files: a value replaced by what hostile or broken senders write, bytes
changed, cut out or doubled, the end cut off.
"""

import gzip
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import airfields
from bot.cli import main
from bot.errors import InputError
from bot.legs.history import History
from bot.legs.readers import raw, sbs, snapshots, states, traces
from bot.legs.rows import rows
from bot.model.air import Positions
from tests.legs.flights import T0

DATA = Path(__file__).parent / "data"
DAY = T0 - T0 % 86_400
ODD = ("null", "0", "-1", "1e18", "-1e12", "1735243200000", "1e999", "9" * 400, "1e-320", '"x"',
       '""', "[]", "{}", "true", "[[[]]]", '"ground"', '"NaN"', '"2024-12-26T08:00:00Z"', "NaN",
       '"0001-01-01T00:00:00+14:00"', '"\\ud800"', "4294967296", "181", "-91", '"-1"')  # fmt: skip
Parse = Callable[[bytes], Positions]


def log(data: bytes) -> Positions:
    """A log, with a start in case it has no times."""
    return sbs.parse(data, "x", datetime(2024, 12, 26, tzinfo=UTC))


def short_trace() -> bytes:
    """The first 60 rows of a real trace, as one line."""
    told = json.loads((DATA / "traces" / "trace_full_ac671b.json").read_bytes())
    return json.dumps(told | {"trace": told["trace"][:60]}).encode()


def short_sky() -> bytes:
    """Twelve aircraft of a real snapshot."""
    told = json.loads((DATA / "aircraft_1.json").read_bytes())
    return json.dumps(told | {"aircraft": told["aircraft"][:12]}).encode()


def short_log() -> bytes:
    """300 lines of a real log, given times."""
    lines = gzip.decompress((DATA / "basestation_los_angeles.txt.gz").read_bytes()).splitlines()
    told = [line.split(b",") for line in lines[:300]]
    for i, fields in enumerate(told):
        fields[6:8] = b"2024/12/26", b"08:%02d:%02d.250" % (i // 60, i % 60)
    return b"\n".join(map(b",".join, told))


STATES = json.dumps([{"icao24": "3946e4", "time": 1573494951 + 10 * i, "lat": 48.1 + i / 100,
                      "lon": 8.5, "velocity": 128.61, "heading": 180.0, "onground": False,
                      "baroaltitude": 4312.9, "callsign": "AFR181L "}
                     for i in range(8)]).encode()  # fmt: skip
FILES: dict[str, tuple[bytes, Parse]] = {
    "trace": (short_trace(), lambda data: traces.parse(data, "x")),
    "snapshot": (short_sky(), lambda data: snapshots.parse(data, "x")),
    "states": (STATES, lambda data: states.parse_json(data, "x")),
    "log": (short_log(), log),
}


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """The file with one to three kinds of damage."""
    for _ in range(draw(st.integers(1, 3))):
        i = draw(st.integers(0, len(data)))
        j = min(i + draw(st.integers(0, 30)), len(data))
        kind = draw(st.sampled_from(("value", "bytes", "twice", "cut", "end")))
        if kind == "value":  # what stands between two marks of the format
            marks = [k for k, c in enumerate(data) if c in b",:[]{}"]
            if len(marks) < 2:
                continue
            n = draw(st.integers(0, len(marks) - 2))
            odd = draw(st.sampled_from(ODD)).encode()
            data = data[: marks[n] + 1] + odd + data[marks[n + 1] :]
        elif kind == "bytes":
            data = data[:i] + draw(st.binary(max_size=8)) + data[j:]
        elif kind == "twice":
            data = data[:j] + data[i:]
        else:
            data = data[:i] + (data[j:] if kind == "cut" else b"")
    return data


@pytest.fixture(scope="module")
def builder() -> Callable[[Positions], list[dict[str, Any]]]:
    """Positions to rows, by one builder."""
    history = History(airfields.load())
    return lambda p: list(rows(history.add(p) + history.flush()))


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(draw=st.data())
def test_damage_is_an_input_error_or_legs(
    kind: str, builder: Callable[[Positions], list[dict[str, Any]]], draw: st.DataObject
) -> None:
    """A damaged real file gives rows or an InputError, through the whole builder."""
    data, parse = FILES[kind]
    with suppress(InputError):
        builder(parse(draw.draw(mutated(data))))


@pytest.mark.parametrize("unit", [1e3, 1e6, 1e9])
def test_a_timestamp_in_other_units(unit: float) -> None:
    """A trace whose clock counts milliseconds (or less) tells the times of the one in seconds."""
    told = json.loads(short_trace())
    usual = traces.parse(json.dumps(told).encode(), "x")
    other = traces.parse(json.dumps(told | {"timestamp": told["timestamp"] * unit}).encode(), "x")
    assert abs(other.time_s - usual.time_s).max() < 1e-3


@pytest.mark.parametrize("odd", [-1e12, 5e9, 253402300800, 1e30, None, "soon", [1]])
def test_a_timestamp_that_is_none_is_named(odd: object) -> None:
    """An absurd clock is an InputError that names the file and the field."""
    told = json.loads(short_trace())
    with pytest.raises(InputError, match="x: timestamp: "):
        traces.parse(json.dumps(told | {"timestamp": odd}).encode(), "x")


@pytest.mark.parametrize("row", [[30, None, 36.0, 100], [30, 35.0, "x", 100], [30, 35.0, 361, 100],
                                 [None, 1, 2], [1], {}, None, "x", [1, [], {}]])  # fmt: skip
def test_an_odd_row_costs_itself_alone(row: object) -> None:
    """A row without a time and place is left out and counted; all other rows are as they were."""
    told = json.loads(short_trace())
    usual = traces.parse(json.dumps(told).encode(), "x")
    told["trace"].insert(7, row)
    words: list[str] = []
    other = traces.parse(json.dumps(told).encode(), "x", words.append)
    for name in Positions.__dataclass_fields__:
        assert getattr(other, name).tobytes() == getattr(usual, name).tobytes(), name
    assert words == ["x: 1 of 61 rows could not be read and were left out"]


def test_a_trace_beyond_the_earth_is_named() -> None:
    """A file none of whose rows is on Earth does not vanish without a word."""
    told = {"icao": "154076", "timestamp": DAY, "trace": [[0, 91, 20, 30000], [5, 1e300, 20, 1]]}
    with pytest.raises(InputError, match="x: no row has a place on Earth"):
        traces.parse(json.dumps(told).encode(), "x")


def test_an_odd_value_costs_no_row() -> None:
    """Speed, altitude, flags, details of a wrong type are unknown; the row's place is kept."""
    told = json.loads(short_trace())
    told["trace"][3][3:9] = ["high", "fast", {}, "x", [], 5]
    words: list[str] = []
    p = traces.parse(json.dumps(told | {"r": 5, "t": None}).encode(), "x", words.append)
    assert (len(p), words) == (60, [])
    assert p.ground_speed_kt[3] != p.ground_speed_kt[3]


@pytest.mark.parametrize("packed", [True, False])
def test_a_trace_cut_short_is_named_and_its_rows_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], packed: bool
) -> None:
    """What a broken download left of a day is used; the file is named and the exit code is 1."""
    whole = (DATA / "traces" / "trace_full_ac671b.json").read_bytes()
    if packed != (whole[:2] == b"\x1f\x8b"):
        whole = gzip.compress(whole) if packed else gzip.decompress(whole)
    path = tmp_path / "trace_full_ac671b.json"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert main(["legs", str(path)]) == 1
    told = capsys.readouterr()
    assert "KMSP" in told.out
    assert "trace_full_ac671b.json" in told.err
    assert "rows are used" in told.err


def test_a_trace_with_a_hole_is_not_trusted(tmp_path: Path) -> None:
    """A gzip that is damaged, not cut short, gives nothing."""
    data = bytearray(gzip.compress(short_trace()))
    data[len(data) // 2] ^= 0xFF
    assert traces.rescued(raw.beginning(bytes(data)), "x") is None


def test_an_odd_aircraft_costs_itself_alone() -> None:
    """In a snapshot too; its odd values are unknown where its address and place can be read."""
    told = json.loads(short_sky())
    usual = snapshots.parse(json.dumps(told).encode(), "x")
    words: list[str] = []
    odd = {**told, "aircraft": [*told["aircraft"], 5, {"hex": 7}, {"hex": "154076", "lat": 33.0,
           "lon": "34", "gs": [], "flight": 9, "dbFlags": "x", "alt_baro": {}}]}  # fmt: skip
    p = snapshots.parse(json.dumps(odd).encode(), "x", words.append)
    assert len(p) == len(usual) + 1
    assert p.icao24[-1] == 0x154076
    assert words == ["x: 2 of 15 rows could not be read and were left out"]
