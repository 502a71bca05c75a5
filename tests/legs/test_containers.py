"""The same recordings give the same rows, whatever holds them and in whichever order."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli import main
from bot.legs.readers import Batch, Recording, raw, recording, states, tracks

DATA = Path(__file__).parent / "data" / "traces"
DAY_S = 86_400.0
Files = list[tuple[str, bytes]]
Make = Callable[[Path, Files], list[Path]]


def day_files() -> Files:
    """Three aircraft over two days, flying at midnight: real days, begun at noon, cut in two."""
    out = []
    for name in ("ac671b", "a3c78c", "aab38f"):
        told = json.loads(raw.read(DATA / f"trace_full_{name}.json"))
        begin = told["timestamp"]
        middle = told["trace"][len(told["trace"]) // 2][0]
        shift = DAY_S - middle  # the middle row falls on midnight
        days: list[list[list[object]]] = [[], []]
        for row in told["trace"]:
            t = row[0] + shift
            day = int(t >= DAY_S)
            days[day].append([round(t - day * DAY_S, 2), *row[1:]])
        for day, rows in enumerate(days):
            data = json.dumps(told | {"timestamp": begin + day * DAY_S, "trace": rows}).encode()
            path = f"2025/02/{day + 4:02}/traces/{name[-2:]}/trace_full_{name}.json"
            out.append((path, gzip.compress(data, mtime=0)))
    return out


def tar(path: Path, files: Files) -> list[Path]:
    """A tar, packed as its name says, with the files in the order given."""
    packing = path.suffix[1:] if path.suffix in (".gz", ".bz2", ".xz") else ""
    with tarfile.open(path, f"w:{packing}") as out:  # type: ignore[call-overload]
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return [path]


def folder(path: Path, files: Files) -> list[Path]:
    """The files on disk."""
    for name, data in files:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return [path]


def renamed(path: Path, files: Files) -> list[Path]:
    """Loose files under names of no meaning, the later first."""
    path.mkdir()
    for i, (_, data) in enumerate(reversed(files)):
        (path / f"{i}.json").write_bytes(data)
    return [path]


def split(path: Path, files: Files) -> list[Path]:
    """A tar in three parts."""
    [whole] = tar(path.with_suffix(".whole"), files)
    data = whole.read_bytes()
    third = len(data) // 3 + 1
    path.mkdir()
    for i, end in enumerate("abc"):
        (path / f"day.tar.a{end}").write_bytes(data[i * third : (i + 1) * third])
    return [path]


def by_day(files: Files, day: str) -> Files:
    """The files of one day."""
    return [f for f in files if f"/{day}/" in f[0]]


WAYS: dict[str, Make] = {
    "days in reverse": lambda p, f: [*folder(p / "b", by_day(f, "05")),
                                     *folder(p / "a", by_day(f, "04"))],
    "loose": lambda p, f: renamed(p / "x", f),
    "tar": lambda p, f: tar(p / "x.tar", f),
    "tar in reverse": lambda p, f: tar(p / "x.tar", f[::-1]),
    "split tar in reverse": lambda p, f: split(p / "x", f[::-1]),
    "tars in reverse": lambda p, f: [*tar(p / "5.tar", by_day(f, "05")),
                                     *tar(p / "4.tar", by_day(f, "04"))],
    "tar of the first day and folder": lambda p, f: [*tar(p / "4.tar", by_day(f, "04")),
                                                     *folder(p / "x", by_day(f, "05"))],
    "tar of the second day and folder": lambda p, f: [*tar(p / "5.tar", by_day(f, "05")),
                                                      *folder(p / "x", by_day(f, "04"))],
    "packed": lambda p, f: tar(p / "x.tar.gz", f),
    "packed in reverse": lambda p, f: tar(p / "x.tar.gz", f[::-1]),
    "packed otherwise": lambda p, f: tar(p / "x.tar.xz", f),
    "packed, each day": lambda p, f: [*tar(p / "5.tar.gz", by_day(f, "05")),
                                      *tar(p / "4.tar.gz", by_day(f, "04"))],
    "packed and plain": lambda p, f: [*tar(p / "5.tar.gz", by_day(f, "05")),
                                      *tar(p / "4.tar", by_day(f, "04"))],
    "packed and folder": lambda p, f: [*tar(p / "4.tar.gz", by_day(f, "04")),
                                       *folder(p / "x", by_day(f, "05"))],
    "twice": lambda p, f: [*tar(p / "x.tar", f), *folder(p / "x", f)],
}  # fmt: skip


def legs(paths: list[Path], capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """The rows of the command, sorted."""
    assert main(["legs", *map(str, paths), *words]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    return sorted(told.out.splitlines())


@pytest.fixture(scope="module")
def files() -> Files:
    """The files, made once."""
    return day_files()


@pytest.fixture(scope="module")
def usual(files: Files, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The rows of the folder of both days, sorted."""
    base = tmp_path_factory.mktemp("usual")
    [where] = folder(base / "days", files)
    assert main(["legs", str(where), "-o", str(base / "legs.csv")]) == 0
    rows = sorted((base / "legs.csv").read_text().splitlines())
    assert len(rows) > 6
    return rows


@pytest.mark.parametrize("way", WAYS)
def test_the_container_changes_nothing(
    tmp_path: Path, files: Files, usual: list[str], way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every container and order gives the rows of the folder of both days."""
    assert legs(WAYS[way](tmp_path, files), capsys) == usual


def test_little_room_means_more_passes_and_the_same(
    tmp_path: Path, files: Files, usual: list[str], capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """With room for one aircraft a packed tar is read over and over; its rows are the same."""
    monkeypatch.setattr(tracks, "HELD_BYTES", 1)
    assert legs(tar(tmp_path / "x.tar.gz", files[::-1]), capsys) == usual
    mixed = [files[0], files[2], files[4], files[1], files[3], files[5]]
    assert legs(tar(tmp_path / "y.tar.gz", mixed), capsys) == usual


def test_two_processes_read_archives_alike(
    tmp_path: Path, files: Files, usual: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """`--jobs 2` gives the same rows of mixed archives."""
    paths = [*tar(tmp_path / "5.tar.gz", by_day(files, "05")),
             *tar(tmp_path / "4.tar", by_day(files, "04"))]  # fmt: skip
    assert legs(paths, capsys, "--jobs", "2") == usual


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz"])
@pytest.mark.parametrize("damage", ["cut", "zeros"])
def test_a_damaged_archive_is_named_once_and_its_head_kept(
    tmp_path: Path, files: Files, capsys: pytest.CaptureFixture[str], name: str, damage: str
) -> None:
    """Cut short or overwritten in its middle: what was before is used, exit code 1, one word."""
    [path] = tar(tmp_path / name, files)
    data = path.read_bytes()
    at = len(data) // 2
    path.write_bytes(
        data[:at] if damage == "cut" else data[:at] + b"\xff" * 3000 + data[at + 3000 :]
    )
    assert main(["legs", str(path)]) == 1
    told = capsys.readouterr()
    assert len(told.out.splitlines()) > 1
    assert "1 file could not be read" in told.err


def test_a_table_beside_traces_is_joined_to_them(
    tmp_path: Path, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    """One day as a trace, the other as a CSV of state vectors: no leg is cut at midnight."""
    first, second = files[:2]
    paths = [*folder(tmp_path / "x", [second]), tmp_path / "x" / "states.csv"]
    told = json.loads(gzip.decompress(first[1]))
    lines = ["icao24,timestamp,latitude,longitude,altitude,groundspeed,track,onground,callsign"]
    call = ""
    for row in told["trace"]:
        call = (row[8] or {}).get("flight", call).strip()
        ground = row[3] == "ground"
        cells = [told["icao"], told["timestamp"] + row[0], row[1], row[2],
                 "" if ground or row[3] is None else row[3], row[4] or "", row[5] or "",
                 ground, call]  # fmt: skip
        lines.append(",".join(map(str, cells)))
    paths[1].write_text("\n".join(lines))
    whole = legs(folder(tmp_path / "whole", [first, second]), capsys)
    for order in (paths, paths[::-1]):
        ends = [line.split(",")[4:6] for line in legs(order, capsys)]
        assert ends == [line.split(",")[4:6] for line in whole]


def test_an_aircraft_is_one_batch(tmp_path: Path, files: Files) -> None:
    """Whatever holds them, all days of an aircraft come together and are done with."""
    paths = [*tar(tmp_path / "4.tar.gz", by_day(files, "04")),
             *folder(tmp_path / "x", by_day(files, "05"))]  # fmt: skip
    batches = [b for b in Recording.open(paths).batches() if isinstance(b, Batch)]
    done = [a for b in batches for a in b.done or ()]
    assert sorted(done) == sorted({0xAC671B, 0xA3C78C, 0xAAB38F})


def table(path: Path, told: list[tuple[float, float]]) -> Path:
    """State vectors (time, degrees north) of one aircraft."""
    rows = [f"154076,{t},{lat},36.0,30000,430,0" for t, lat in told]
    head = "icao24,timestamp,latitude,longitude,altitude,groundspeed,track"
    path.write_text("\n".join([head, *rows]))
    return path


def test_large_tables_are_read_in_the_order_of_their_clocks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables too large to be held, the later named first: the same leg; and the rows of a table
    that is in no order at all are not lost without a word."""
    for where, name in ((recording, "HELD_ROWS"), (recording, "BATCH_ROWS"), (states, "CHUNK")):
        monkeypatch.setattr(where, name, 20)
    flight = [(1735200000.0 + 30 * i, 30 + i / 16) for i in range(120)]
    whole = legs([table(tmp_path / "whole.csv", flight)], capsys)
    parts = [table(tmp_path / "a.csv", flight[60:]), table(tmp_path / "b.csv", flight[:60])]
    assert legs(parts, capsys) == whole
    unordered = table(tmp_path / "c.csv", flight[60:] + flight[:60])
    assert main(["legs", str(unordered)]) == 0
    assert "60 positions came after later ones" in capsys.readouterr().err
