"""Recordings: every shape is read, every broken file named, nothing else stops."""

import csv
import gzip
import io
import json
import tarfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InputError
from bot.legs.readers import Batch, Recording, Skipped, sbs, snapshots, states, table, traces
from bot.model.air import Positions
from tests.legs.flights import T0

DATA = Path(__file__).parent / "data"
DAY = T0 - T0 % 86_400


def trace(address: str = "154076", rows: int = 5, begin: float = 0.0, day: float = DAY) -> bytes:
    """A small day trace."""
    told = [[begin + 30.0 * i, 35.0 + i / 100, 36.0, 30000, 430.1, 259.0, 0, 0, None, "adsb_icao"]
            for i in range(rows)]  # fmt: skip
    told[0][8] = {"flight": "RFF1234 ", "category": "A5"}
    return json.dumps({"icao": address, "r": "RA-82038", "t": "A124", "dbFlags": 1,
                       "timestamp": day, "trace": told}).encode()  # fmt: skip


def read(*paths: Path, start: datetime | None = None) -> tuple[Positions, list[Skipped]]:
    """Everything under the paths, and what was skipped."""
    parts, skipped = [Positions.empty()], []
    for item in Recording.open(paths, start).batches():
        if isinstance(item, Batch):
            parts.append(item.positions)
        else:
            skipped.append(item)
    names = Positions.__dataclass_fields__
    return Positions(*(np.concatenate([getattr(p, n) for p in parts]) for n in names)), skipped


def test_a_trace_to_columns() -> None:
    """Every column of a trace file arrives; the callsign is carried forward and stripped."""
    p = traces.parse(trace(), "x")
    assert p.icao24.tolist() == [0x154076] * 5
    assert p.time_s[1] == DAY + 30
    assert (p.altitude_ft[2], round(float(p.ground_speed_kt[2]), 1)) == (30000, 430.1)
    assert set(p.callsign.tolist()) == {b"RFF1234"}
    assert (p.registration[0], p.type_code[0], p.military[0]) == (b"RA-82038", b"A124", True)


def test_ground_null_and_short_rows() -> None:
    """'ground', null and rows of seven fields (older archives) are read as what they mean."""
    told = {"icao": "abcdef", "timestamp": DAY, "noRegData": True,
            "trace": [[0, 1, 2, "ground", 3.1, 10, 0], [30, 1, 2, None, None, None, 1],
                      [-40_000, 1, 2, 5, 6, 7, 0]]}  # fmt: skip
    p = traces.parse(json.dumps(told).encode(), "x")
    assert len(p) == 2, "a point of the day before is dropped"
    assert p.on_ground.tolist() == [True, False]
    assert np.isnan(p.altitude_ft).all()
    assert np.isnan(p.track_deg[0]), "on the ground it is the heading"


def test_gzip_under_the_name_json(tmp_path: Path) -> None:
    """Servers deliver gzip named .json; both are read."""
    (tmp_path / "trace_full_154076.json").write_bytes(gzip.compress(trace()))
    (tmp_path / "trace_full_154077.json").write_bytes(trace("154077"))
    p, skipped = read(tmp_path)
    assert sorted(set(p.icao24.tolist())) == [0x154076, 0x154077]
    assert not skipped


def test_the_days_of_an_aircraft_come_together(tmp_path: Path) -> None:
    """Two day folders: one batch holds both days of an aircraft, so midnight cuts nothing."""
    for day in (0, 1):
        folder = tmp_path / f"2024-12-{26 + day}" / "76"
        folder.mkdir(parents=True)
        data = trace(day=DAY + 86_400 * day)
        (folder / "trace_full_154076.json").write_bytes(gzip.compress(data))
    batches = [b for b in Recording.open([tmp_path]).batches() if isinstance(b, Batch)]
    assert len(batches) == 1
    assert batches[0].done == (0x154076,)
    assert batches[0].positions.time_s.max() > DAY + 86_400


def test_a_tar_is_streamed(tmp_path: Path) -> None:
    """A day archive, whole or split, is read without unpacking; other members are passed over."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, data in (("./traces/76/trace_full_154076.json", gzip.compress(trace())),
                           ("./heatmap/00.bin.ttf", b"\x00" * 5000),
                           ("./traces/77/trace_full_154077.json", trace("154077")),
                           ("./traces/77/trace_full_~aaaaaa.json", trace("~aaaaaa"))):  # fmt: skip
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    whole = stream.getvalue()
    (tmp_path / "day.tar").write_bytes(whole)
    p, skipped = read(tmp_path / "day.tar")
    assert sorted(set(p.icao24.tolist())) == [0x154076, 0x154077]
    split = tmp_path / "split"
    split.mkdir()
    (split / "day.tar.aa").write_bytes(whole[:3000])
    (split / "day.tar.ab").write_bytes(whole[3000:])
    q, more = read(split)
    assert (len(q), skipped, more) == (len(p), [], [])


def test_a_tar_cut_short_is_named_and_its_head_kept(tmp_path: Path) -> None:
    """A truncated archive gives the members before the damage and is reported."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for address in ("154076", "154077"):
            data = trace(address, rows=200)
            info = tarfile.TarInfo(f"./traces/trace_full_{address}.json")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    (tmp_path / "day.tar").write_bytes(stream.getvalue()[: len(trace("154076", rows=200)) + 2000])
    p, skipped = read(tmp_path)
    assert set(p.icao24.tolist()) == {0x154076}
    assert "day.tar" in skipped[0].why


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>busy</html>", trace()[:-40], gzip.compress(trace())[:-30], b'{"icao": "zz"}',
     b"[1, 2]", b'{"icao": "xyzxyz", "timestamp": 1, "trace": [[0, 1, 2]]}'],
)  # fmt: skip
def test_a_broken_trace_is_named_and_the_rest_goes_on(tmp_path: Path, data: bytes) -> None:
    """Empty, HTML, cut short, damaged gzip: skipped by name; the good file is read."""
    (tmp_path / "trace_full_aaaaaa.json").write_bytes(data)
    (tmp_path / "trace_full_154076.json").write_bytes(trace())
    p, skipped = read(tmp_path)
    assert set(p.icao24.tolist()) == {0x154076}
    assert len(skipped) == 1
    assert "trace_full_aaaaaa.json" in skipped[0].why


@given(st.binary(max_size=200))
def test_no_bytes_can_break_the_parsers(data: bytes) -> None:
    """Any bytes are positions or an InputError, never anything else."""
    for parse in (traces.parse, snapshots.parse, states.parse_json, sbs.parse):
        with suppress(InputError):
            assert isinstance(parse(data, "x"), Positions)


def test_snapshots_in_the_order_of_their_clocks(tmp_path: Path) -> None:
    """A folder of aircraft.json files, named against time, is read in time."""
    for name, source in (("c.json", 1), ("b.json", 2), ("a.json", 3)):
        data = (DATA / f"aircraft_{source}.json").read_bytes()
        (tmp_path / name).write_bytes(gzip.compress(data) if source == 2 else data)
    p, skipped = read(tmp_path)
    assert not skipped
    assert len(p) > 150
    assert p.military.any()
    starts = [json.loads((DATA / f"aircraft_{k}.json").read_bytes())["now"] for k in (1, 2, 3)]
    assert p.time_s.max() <= max(starts)
    assert abs(p.time_s[0] - starts[0]) < 120


def test_a_snapshot_that_spells_out_null() -> None:
    """A field that is null is as unknown as one that is not there; its aircraft stays."""
    plane = {"hex": "154076", "lat": 33.7, "lon": 28.5, "seen_pos": 4, "type": "mlat"}
    nulls = dict.fromkeys(("flight", "r", "t", "alt_baro", "gs", "track", "dbFlags", "category"))
    bare, told = (snapshots.parse(json.dumps({"now": 1735243200, "aircraft": [a]}).encode(), "x")
                  for a in (plane, {**plane, **nulls}))  # fmt: skip
    for name in Positions.__dataclass_fields__:
        assert getattr(bare, name).tobytes() == getattr(told, name).tobytes(), name
    assert (len(told), told.time_s[0], told.callsign[0]) == (1, 1735243196, b"")


def test_what_is_no_aircraft_is_left_out_of_a_snapshot() -> None:
    """TIS-B addresses, ground vehicles and aircraft without a position are not rows."""
    plane = {"hex": "154076", "lat": 33.7, "lon": 28.5}
    others = [{**plane, "hex": "~154076"}, {**plane, "hex": "15407"}, {**plane, "category": "C2"},
              {"hex": "154077", "lat": 33.7}, {"lat": 33.7, "lon": 1.0}]  # fmt: skip
    p = snapshots.parse(json.dumps({"now": 1735243200, "ac": [plane, *others]}).encode(), "x")
    assert p.icao24.tolist() == [0x154076]


def test_the_states_of_opensky_as_snapshot() -> None:
    """`/states/all`: metres and m/s to feet and knots, nulls unknown."""
    row = ["3c6444", "DLH4TR  ", "Germany", 1573494951, 1573494951, 8.5, 48.1, 4312.92, False,
           128.61, 180.7, -4.88, None, 4300.0, "1000", False, 0]  # fmt: skip
    empty = ["3c6445", None, "Germany", None, 1573494951, None, None, None, True, *[None] * 7, 0]
    data = json.dumps({"time": 1573494951, "states": [row, empty]}).encode()
    p = snapshots.parse(data, "x")
    assert len(p) == 1
    assert round(float(p.altitude_ft[0])) == 14150
    assert round(float(p.ground_speed_kt[0])) == 250
    assert round(float(p.vertical_rate_fpm[0])) == -961


STATES = {"time": [1573494951, 1573494961, 1573494971],
          "icao24": ["3946e4", "3946e4", "15406E"], "lat": [48.1, 48.2, None],
          "lon": [8.5, 8.5, 8.5], "velocity": [128.61, 128.61, 1.0], "heading": [180.0, 180.0, 0.0],
          "vertrate": [0.0, 0.0, 0.0], "callsign": ["AFR181L ", "", "X"],
          "onground": [False, True, False], "baroaltitude": [4312.92, 0.0, 1.0],
          "lastposupdate": [1573494950.5, 1573494900.0, 1573494971.0]}  # fmt: skip


@pytest.mark.parametrize("shape", ["csv", "csv.gz", "parquet", "json"])
def test_tables_of_state_vectors(tmp_path: Path, shape: str) -> None:
    """CSV, gzip and parquet agree; a stale position is dropped; '3946e4' stays an address."""
    path = tmp_path / f"states.{shape}"
    if shape == "parquet":
        pq.write_table(pa.table(STATES), path)
    elif shape == "json":
        rows = [dict(zip(STATES, values, strict=True))
                for values in zip(*STATES.values(), strict=True)]  # fmt: skip
        path.write_text(json.dumps(rows))
    else:
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(STATES)
        writer.writerows(zip(*STATES.values(), strict=True))
        data = out.getvalue().encode()
        path.write_bytes(gzip.compress(data) if shape.endswith("gz") else data)
    p, skipped = read(path)
    assert not skipped
    assert p.icao24.tolist() == [0x3946E4]
    assert p.time_s.tolist() == [1573494950.5]
    assert (round(float(p.altitude_ft[0])), p.callsign[0]) == (14150, b"AFR181L")


@pytest.mark.parametrize("told", [1573494951, 1573494951000, 1573494951000000, "1573494951",
                                  "2019-11-11T17:55:51Z", "2019-11-11 17:55:51+00:00",
                                  "2019-11-11 17:55:51"])  # fmt: skip
def test_times_in_any_spelling(told: object) -> None:
    """Seconds, milliseconds, microseconds, numbers as text, ISO text: one instant."""
    assert table.times([told]).tolist() == [1573494951.0]


def test_a_log_without_times_is_refused_by_name(tmp_path: Path) -> None:
    """An SBS log whose time fields are empty says so; with a start its lines get times."""
    path = tmp_path / "log.txt"
    path.write_bytes(gzip.decompress((DATA / "basestation_los_angeles.txt.gz").read_bytes()))
    _, skipped = read(path)
    assert "--start" in skipped[0].why
    assert "log.txt" in skipped[0].why
    p, none = read(path, start=datetime(2024, 1, 1, tzinfo=UTC))
    assert not none
    assert len(p) > 50
    assert np.all(np.diff(p.time_s) >= 0)
    assert 20 < p.time_s[-1] - p.time_s[0] < 600, "4,184 lines of a busy sky are about a minute"


def test_a_timed_log(tmp_path: Path) -> None:
    """Positions take speed and callsign from the aircraft's other messages, if they are fresh."""
    head = "MSG,{kind},1,1,4B1908,1,2024/12/26,08:00:{s:02d}.500,2024/12/26,08:00:{s:02d}.500,"
    lines = [
        head.format(kind=1, s=1) + "SWR40   ,,,,,,,,,,,0",
        head.format(kind=4, s=2) + ",,430,250,,,-640,,,,,0",
        head.format(kind=3, s=3) + ",30000,,,33.96,-118.25,,,0,0,0,0",
        head.format(kind=2, s=9) + ",,12,90,33.97,-118.26,,,0,0,0,-1",
    ]
    path = tmp_path / "log.txt"
    path.write_text("\n".join(lines))
    p, _ = read(path)
    assert p.callsign.tolist() == [b"SWR40"] * 2
    assert p.time_s.tolist() == [T0 + 3.5, T0 + 9.5]
    assert p.ground_speed_kt[0] == 430
    assert p.on_ground.tolist() == [False, True]


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A misspelt path is an InputError that names it."""
    with pytest.raises(InputError, match="nowhere"):
        Recording.open([tmp_path / "nowhere"])


def test_shards_are_a_partition(tmp_path: Path) -> None:
    """With two processes each aircraft is read by exactly one."""
    for k in range(9):
        (tmp_path / f"trace_full_15407{k}.json").write_bytes(trace(f"15407{k}"))
    recording = Recording.open([tmp_path])
    parts = [
        {a for b in recording.batches((k, 2)) if isinstance(b, Batch) for a in b.positions.icao24}
        for k in (0, 1)
    ]
    assert not parts[0] & parts[1]
    assert len(parts[0] | parts[1]) == 9
