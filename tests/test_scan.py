"""Machine code reads what the ordinary parsers read, bit for bit, or leaves it to them."""

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot import scan
from bot.errors import Garbled, InputError
from bot.feeds import aircraft_json, lenient
from bot.legs.readers import snapshots, traces
from bot.model.air import Positions

SKY = sorted((Path(__file__).parent / "legs" / "data").glob("aircraft_*.json"))
SKY += sorted((Path(__file__).parent / "feeds" / "data").glob("*.json"))
TRACES = sorted((Path(__file__).parent / "legs" / "data" / "traces").glob("trace_full_*.json"))
ODD: tuple[Any, ...] = (
    None, 0, -0.0, 1, -1.5, 1e300, 1e-7, 123456789012345678, 0.1 + 0.2, 10**30, True, "", "ground",
    "Ground", "x", "33000", " abc123 ", "~abc123", "ABCDEF", "ffffff", "N/A     ", "ABCDEFGHIJKLM",
    "  a b  ", "é", "\\", '"', "\u0001", "\u20ac", "C3", "c1", "mlat", "from_space", [], ["lat"],
    [1, [2, {"a": "]}"}]], {}, {"flight": "X1"}, {"a": {"b": [None, True, False]}},
)  # fmt: skip
KEYS = [*lenient.FIELDS, "xaro_rate", "aro_rate", "nav_modes", "lastPosition", "Lat", "lats"]


@pytest.fixture(scope="module")
def _compiled(request: pytest.FixtureRequest) -> None:
    if scan.compiled.code is None and not scan.compiled.load():
        text = "numba is missing: pip install 'airbridge[fast]'"
        if request.config.getoption("--real"):
            pytest.fail(text)
        pytest.skip(text)


@pytest.fixture
def both(_compiled: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`both(parse, data)`: what it gives by the ordinary way, by machine code, and whether that
    way was gone."""
    code = scan.compiled.code

    def run(parse: Any, data: bytes) -> tuple[Any, Any, bool]:
        found = []
        for c in (None, code):
            monkeypatch.setattr(scan.compiled, "code", c)
            monkeypatch.setattr(scan.compiled, "_asked", True)
            found.append(outcome(parse, data))
        went = scan.rows(data) if parse is traces.parse else scan.crafts(data)
        return found[0], found[1], went is not None

    return run


def outcome(parse: Any, data: bytes) -> Any:
    """Everything a parser says, in comparable form."""
    try:
        told = parse(data, "x")
    except (Garbled, InputError):
        return "refused"
    p = told if isinstance(told, Positions) else told.positions
    columns = {n: getattr(p, n).tolist() for n in Positions.__dataclass_fields__}
    more = () if told is p else (told.time_s, told.listed, dict(told.skipped))
    return repr(columns), more


def texts() -> Iterator[bytes]:
    for path in TRACES:
        raw = path.read_bytes()
        yield gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw


def spoilt(data: bytes, dice: random.Random) -> bytes:
    """A few bytes lost, doubled or changed."""
    out = bytearray(data)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(out))
        kind = dice.randrange(4)
        if kind == 0:
            del out[at : at + dice.randint(1, 9)]
        elif kind == 1:
            out[at:at] = out[at : at + dice.randint(1, 9)]
        elif kind == 2:
            out[at] = dice.choice(b'{}[]",:\\0123456789.-+eE \n\tnulltruefalse\x00\xff\xe9/')
        else:
            del out[at:]
        if not out:
            break
    return bytes(out)


@pytest.mark.real
def test_recordings_are_read_alike(both: Any) -> None:
    """Every real snapshot and trace goes this way, in its own spacing and without any."""
    for path in SKY:
        for data in (path.read_bytes(), json.dumps(json.loads(path.read_bytes())).encode()):
            for parse in (aircraft_json.parse, snapshots.parse):
                one, two, went = both(parse, data)
                assert one == two, path
                assert went or b'"aircraft"' not in data, path
    for data in texts():
        one, two, went = both(traces.parse, data)
        assert went
        assert one == two


@pytest.mark.real
def test_odd_values_are_read_alike(both: Any) -> None:
    """Nulls, other types, other keys, other orders, escapes, nested objects, missing fields."""
    dice = random.Random(7)
    planes = [a for path in SKY[:3] for a in json.loads(path.read_bytes())["aircraft"]]
    gone = 0
    for _ in range(1500):
        some = [dict(dice.choice(planes)) for _ in range(3)]
        for plane in some:
            for _ in range(dice.randrange(3)):
                plane[dice.choice(KEYS)] = dice.choice(ODD)
            for key in dice.sample(sorted(plane), dice.randrange(3)):
                del plane[key]
        some = [dict(dice.sample(sorted(p.items(), key=str), len(p))) for p in some]
        told = {"now": 1735243200.5, dice.choice(["aircraft", "ac"]): some}
        if dice.random() < 0.1:
            told[dice.choice(["aircraft", "ac", "msg", "total", "states"])] = dice.choice(ODD)
        separators = dice.choice([(",", ":"), (", ", ": "), (" ,\n", " :\t")])
        data = json.dumps(told, separators=separators, ensure_ascii=dice.random() < 0.5).encode()
        for parse in (aircraft_json.parse, snapshots.parse):
            one, two, went = both(parse, data)
            assert one == two, data
            gone += went
    assert gone > 500


@pytest.mark.real
def test_odd_rows_are_read_alike(both: Any) -> None:
    """Short rows, nulls, 'ground', other types, callsigns that change, vanish and come back."""
    dice = random.Random(8)
    told = [json.loads(t) for t in texts()]
    gone = 0
    for _ in range(1500):
        one_told = dict(dice.choice(told))
        rows = [list(r) for r in dice.sample(one_told["trace"], 3)]
        for row in rows:
            if dice.random() < 0.15:
                row[dice.randrange(9)] = dice.choice(ODD)
            if dice.random() < 0.2:
                del row[dice.randrange(1, len(row)) :]
            if dice.random() < 0.5 and len(row) > 8:
                row[8] = {"type": "x", "flight": dice.choice(["AB1     ", "AB2", None, *ODD])}
        one_told["trace"] = rows if dice.random() < 0.95 else dice.choice(ODD)
        data = json.dumps(one_told, ensure_ascii=dice.random() < 0.5).encode()
        one, two, went = both(traces.parse, data)
        assert one == two, data
        gone += went
    assert gone > 300


@pytest.mark.real
def test_spoilt_bytes_are_read_alike(both: Any) -> None:
    """Lost, doubled and changed bytes: never another answer, and never a step out of the bytes."""
    dice = random.Random(9)
    plane = json.loads(SKY[0].read_bytes())["aircraft"][0]
    sky = json.dumps({"now": 1735243200, "ac": [plane, {"hex": "a1b2c3", "lat": 1, "lon": 2}]})
    track = next(t for t in texts() if len(t) < 2000)
    for _ in range(4000):
        for data, parse in ((sky.encode(), aircraft_json.parse), (sky.encode(), snapshots.parse),
                            (track, traces.parse)):  # fmt: skip
            broken = spoilt(data, dice)
            one, two, _ = both(parse, broken)
            assert one == two, broken


def test_without_it_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without numba reads the ordinary way, and is not asked again and again."""
    asked = []
    fresh = scan._Compiled()
    monkeypatch.setattr(fresh, "load", lambda: asked.append(1) or False)
    monkeypatch.setattr(scan, "compiled", fresh)
    monkeypatch.setattr(scan, "PAYS", 100)
    assert scan.crafts(b" " * 60) is None
    assert not asked, "not before it pays"
    for _ in range(3):
        assert scan.rows(b" " * 60) is None
    assert asked == [1]


def test_the_room_is_given_for_what_a_document_can_hold() -> None:
    """More rows than the room has are left to the ordinary parser; rooms grow and are kept."""
    room = scan._room(10)
    assert len(room.ground) >= 10
    assert scan._room(5) is room
    assert np.shape(scan._room(20).numbers)[1] >= 20
