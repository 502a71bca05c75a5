"""However much a file unpacks to, it costs a bounded memory: named, counted, and passed over."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli import main
from bot.errors import InputError
from bot.legs.readers import raw, sbs, states, traces
from tests.legs.test_containers import DATA, Files, folder, tar

HEX = "ac671b"
MOST = 1 << 20


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits as small as the files of a test."""
    monkeypatch.setattr(raw, "MOST", MOST)
    monkeypatch.setattr(raw, "LINE_MOST", 1 << 15)


def spaces(mb: int = 4) -> bytes:
    """A trace's or table's begin, then nothing for long."""
    return b'{"icao":"' + HEX.encode() + b'","timestamp":0,"trace":[' + b" " * (mb << 20) + b"]}"


def trace(data: bytes, name: str = HEX) -> Files:
    return [(f"traces/{name[-2:]}/trace_full_{name}.json", data)]


HOLDERS: dict[str, Callable[[Path], list[Path]]] = {
    "plain": lambda at: folder(at / "x", trace(spaces())),
    "gzip": lambda at: folder(at / "x", trace(gzip.compress(spaces()))),
    "members": lambda at: folder(at / "x", trace(gzip.compress(spaces(0)) * 2 ** 15)),
    "tar": lambda at: tar(at / "x.tar", trace(spaces())),
    "packed tar": lambda at: tar(at / "x.tar.gz", trace(spaces())),
    "gzip in a tar": lambda at: tar(at / "x.tar", trace(gzip.compress(spaces()))),
    "snapshot": lambda at: folder(at / "x", [("a.json.gz", gzip.compress(
        b'{"now":1,"aircraft":[' + b" " * (4 << 20) + b"]}"))]),
    "table": lambda at: folder(at / "x", [("a.json.gz", gzip.compress(
        b"[" + b" " * (4 << 20) + b"]"))]),
    "line": lambda at: folder(at / "x", [("a.csv.gz", gzip.compress(
        b"time,icao24,lat,lon\n" + b"1" * (4 << 20)))]),
    "header": lambda at: folder(at / "x", [("a.csv", b"time," * (4 << 18))]),
    "log": lambda at: folder(at / "x", [("a.log.gz", gzip.compress(b"MSG,3," + b"," * (4 << 20)))]),
}  # fmt: skip


@pytest.mark.parametrize("holder", HOLDERS)
def test_too_much_is_named_and_the_rest_goes_on(
    holder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line names the file and what is too much; the good trace beside it gives its leg; 1."""
    paths = HOLDERS[holder](tmp_path)
    assert main(["legs", *map(str, paths), str(DATA / "trace_full_a3c78c.json")]) == 1
    told = capsys.readouterr()
    assert "a3c78c" in told.out
    first, *rest = told.err.splitlines()
    assert first.startswith("skipped ")
    assert "more than 1 MB unpacked" in first or "a line of more than 32 kB" in first
    assert rest == ["1 file could not be read"]


def rows(n: int, odd: bytes = b"") -> bytes:
    """A trace of so many of the shortest rows, and maybe an odd one."""
    body = b",".join([b"[0,1,1]"] * n) + odd
    return b'{"icao":"' + HEX.encode() + b'","timestamp":1700000000,"trace":[' + body + b"]}"


@pytest.mark.parametrize("odd", [b"", b',[0,1,1,"odd"]'])
def test_too_many_rows_are_named_and_the_rest_goes_on(
    odd: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A small file of very many rows is refused before one is built; its neighbour counts."""
    monkeypatch.setattr(traces, "ROWS_MOST", 10_000)
    paths = folder(tmp_path / "x", trace(gzip.compress(rows(10_001, odd))))
    assert main(["legs", *map(str, paths), str(DATA / "trace_full_a3c78c.json")]) == 1
    told = capsys.readouterr()
    assert "a3c78c" in told.out
    assert "more than 10,000 rows" in told.err
    assert len(traces.parse(rows(9_990, odd), "x")) == 9_990 + bool(odd)


def test_a_row_as_long_as_a_file_is_no_row() -> None:
    """What no receiver writes as a row is not spelt out in memory; the rows beside it count."""
    long = b',[0,1,1,"odd",' + b",".join([b"{}"] * 10_000) + b"]"
    assert len(traces.parse(rows(10, long), "x")) == 10


def test_what_is_just_allowed_is_read() -> None:
    """The limit itself is no mistake, packed or plain; a byte more is one."""
    most = b" " * MOST
    for data in (most, gzip.compress(most), gzip.compress(most[:9]) + gzip.compress(most[9:])):
        assert raw.inflate(data, "x") == most
    for data in (most + b" ", gzip.compress(most + b" "), gzip.compress(most) * 2):
        with pytest.raises(InputError, match="x: more than 1 MB"):
            raw.inflate(data, "x")


def test_a_large_table_of_short_lines_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read bit by bit may be larger than what is read at once, and loses no row, however
    its rows are shared out."""
    monkeypatch.setattr(states, "CHUNK_BYTES", 100_000)
    rows = [f"3c6444,{1735200000 + i},50.0,8.0,{' ' * 80}" for i in range(20_000)]
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress("\r".join(["icao24,time,lat,lon,note", *rows]).encode()))
    parts = list(states.read_csv(path))
    assert len(parts) > 3
    assert [t for p in parts for t in p.time_s] == [1735200000 + i for i in range(20_000)]


def test_a_log_in_parts_is_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log is read the same whether its positions come at once or a few at a time; what a part
    knew of an aircraft's speed the next one knows."""
    line = "MSG,{},1,1,3C6444,1,2024/12/26,08:00:{:02}.000,,,,3000,{},{},{},{},,,,,,0"
    told = [line.format(*((4, i, 300, 90, "", "") if i % 20 == 0 else (3, i, "", "", 50, 8)))
            for i in range(60)]  # fmt: skip
    path = tmp_path / "a.log"
    path.write_text("\n".join(told))
    whole = sbs.parse(path.read_bytes(), "x")
    monkeypatch.setattr(sbs, "CHUNK", 7)
    parts = list(sbs.read(path))
    assert [len(p) for p in parts] == [7] * 8 + [1]
    assert (
        [v for p in parts for v in p.ground_speed_kt] == list(whole.ground_speed_kt) == [300] * 57
    )


def test_want_of_memory_costs_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever else takes more memory than there is ends with that file, not with the program."""

    def hungry(*_: object) -> object:
        raise MemoryError

    monkeypatch.setattr(states, "parse_json", hungry)
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"icao24": "3c6444", "time": 1, "lat": 1, "lon": 1}]))
    assert main(["legs", str(path), str(DATA / "trace_full_a3c78c.json")]) == 1
    told = capsys.readouterr()
    assert "a3c78c" in told.out
    assert f"skipped {path}: cannot be read: it takes more memory than there is" in told.err


def test_a_parquet_file_of_no_states_is_refused_by_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of more bytes than any state has are not spelt out in memory."""
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    text = ["x" * 2000] * 1000
    columns = {"icao24": ["3c6444"] * 1000, "time": [1735200000] * 1000, "lat": [50.0] * 1000,
               "lon": [8.0] * 1000, "note": text}  # fmt: skip
    parquet.write_table(pa.table(columns), path)
    assert [len(p) for p in states.read_parquet(path)] == [1000]
    monkeypatch.setattr(states, "CHUNK_BYTES", 1 << 19)
    with pytest.raises(InputError, match=r"a\.parquet: 1,000 rows have 1 MB: no table of states"):
        list(states.read_parquet(path))
