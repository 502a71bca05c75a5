"""`airbridge legs` from end to end."""

import csv
import errno
import gzip
import io
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bot.cli import main
from bot.legs.rows import COLUMNS, rows
from bot.model.air import End, How, Icao24, Leg

DATA = Path(__file__).parent / "data"
TRACE = DATA / "traces" / "trace_full_ac671b.json"


def table(text: str) -> list[dict[str, str]]:
    """CSV text as rows."""
    return list(csv.DictReader(io.StringIO(text)))


def test_a_trace_as_csv(capsys: pytest.CaptureFixture[str]) -> None:
    """One airliner's day: four legs, their ends, ISO times, empty cells for what is unknown."""
    assert main(["legs", str(TRACE)]) == 0
    legs = table(capsys.readouterr().out)
    assert [(g["origin"], g["destination"]) for g in legs] == [
        ("", "KMSP"), ("KMSP", "KGEG"), ("KGEG", "KMSP"), ("KMSP", "KDEN"),
    ]  # fmt: skip
    assert [g["callsign"] for g in legs] == ["DAL1812", "DAL2418", "DAL1615", "DAL2927"]
    assert legs[0]["origin_how"] == "unknown"
    assert legs[0]["takeoff"] == legs[0]["origin_confidence"] == ""
    landing = datetime.fromisoformat(legs[0]["landing"])
    truth = datetime.fromisoformat("2025-02-05T01:12:26Z")
    assert abs((landing - truth).total_seconds()) < 5
    assert (legs[1]["destination_how"], legs[2]["origin_how"]) == ("stop", "stop")
    assert legs[3]["registration"] == "N899DN"
    assert tuple(legs[0]) == COLUMNS


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_every_format_holds_the_same(tmp_path: Path, form: str) -> None:
    """CSV, JSON lines and parquet carry the same legs."""
    out = tmp_path / f"legs.{form}"
    assert main(["legs", str(TRACE), "--format", form, "-o", str(out)]) == 0
    if form == "parquet":
        found = [g["destination"] for g in pq.read_table(out).to_pylist()]
    elif form == "jsonl":
        found = [json.loads(line)["destination"] for line in out.read_text().splitlines()]
    else:
        found = [g["destination"] for g in table(out.read_text())]
    assert found == ["KMSP", "KGEG", "KMSP", "KDEN"]


def test_a_broken_file_is_named_counted_and_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The good file's legs are written, the bad one is named, and the exit code is 1."""
    (tmp_path / "trace_full_ac671b.json").write_bytes(TRACE.read_bytes())
    (tmp_path / "trace_full_aaaaaa.json").write_bytes(b"<html>")
    assert main(["legs", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert len(table(told.out)) == 4
    assert "trace_full_aaaaaa.json" in told.err
    assert "1 file could not be read" in told.err


def test_since_and_until_choose_by_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    """Legs that began in the span are written, the others are not."""
    main(["legs", str(TRACE), "--since", "2025-02-05T03:00Z", "--until", "2025-02-05T15:00Z"])
    assert [g["callsign"] for g in table(capsys.readouterr().out)] == ["DAL2418", "DAL1615"]


def test_several_processes_give_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """`--jobs 2` writes the legs of one process."""
    folder = str(DATA / "traces")
    main(["legs", folder])
    alone = table(capsys.readouterr().out)
    main(["legs", folder, "--jobs", "2"])
    both = table(capsys.readouterr().out)
    assert sorted(alone, key=lambda g: g["id"]) == sorted(both, key=lambda g: g["id"])


def test_an_own_table_of_airports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With `--airports` only its idents are named."""
    head = "ident,type,name,latitude_deg,longitude_deg,elevation_ft,iso_country\n"
    path = tmp_path / "airports.csv.gz"
    text = head + "MINE,large_airport,Minneapolis,44.88,-93.2167,841,US\n"
    path.write_bytes(gzip.compress(text.encode()))
    main(["legs", str(TRACE), "--airports", str(path)])
    legs = table(capsys.readouterr().out)
    assert {g["origin"] for g in legs} | {g["destination"] for g in legs} <= {"", "MINE"}
    assert legs[0]["destination"] == "MINE"


@pytest.mark.parametrize(
    "words", [["nowhere.json"], [str(TRACE), "--airports", "nowhere.csv"],
              [str(TRACE), "--format", "parquet"], [str(TRACE), "-o", "/nowhere/x.csv"],
              [str(TRACE), "-o", "/nowhere/x.parquet"], [str(TRACE), "-o", "/dev/full"],
              [str(TRACE), "--since", "2025-02-06", "--until", "2025-02-05"]],
)  # fmt: skip
def test_what_cannot_be_done_is_said_at_once(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong path or output is one clear line and exit code 2."""
    assert main(["legs", *words]) == 2
    assert capsys.readouterr().err.startswith("airbridge: ")


def test_least_confidence_blanks_a_field_but_keeps_the_leg() -> None:
    """Below `--min-confidence` the ident and its confidence are empty; how it was known stays."""
    t = datetime.fromisoformat("2025-01-01T00:00:00+00:00")
    leg = Leg(
        "x", Icao24("154076"), t, t, End("OSLK", How.SURFACE, 0.99), End("HL59", How.STOP, 0.7)
    )
    row = next(rows([leg], 0.9))
    assert (row["origin"], row["destination"], row["destination_how"]) == ("OSLK", None, "stop")


def test_less_confidence_names_more_but_never_a_side_at_cruise() -> None:
    """With a lower `--min-confidence` the likeliest field is named where one may be named."""
    t = datetime.fromisoformat("2025-01-01T00:00:00+00:00")
    guess = (("HL59", 0.5), ("HLLB", 0.3))
    leg = Leg(
        "x", Icao24("154076"), t, t, End(None, How.UNKNOWN, 0.0, "Libya", guess),
        End(None, How.STOP, 0.0, "Libya", guess),
    )  # fmt: skip
    usual, more = next(rows([leg])), next(rows([leg], 0.4))
    assert (usual["destination"], usual["destination_area"]) == (None, "Libya")
    assert (more["destination"], more["destination_how"], more["destination_confidence"],
            more["destination_area"]) == ("HL59", "stop", 0.5, None)  # fmt: skip
    assert (more["origin"], more["origin_how"], more["origin_area"]) == (None, "unknown", "Libya")


def test_a_failed_run_leaves_the_output_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong path, or a wrong table of airports, neither clears a file nor prints a header."""
    out = tmp_path / "legs.csv"
    out.write_text("kept")
    assert main(["legs", str(tmp_path / "none"), "-o", str(out)]) == 2
    assert main(["legs", str(TRACE), "--airports", str(tmp_path / "none"), "-o", str(out)]) == 2
    assert main(["legs", str(TRACE), "--airports", str(tmp_path / "none")]) == 2
    assert (out.read_text(), capsys.readouterr().out) == ("kept", "")


def test_the_ending_of_the_file_tells_the_format(tmp_path: Path) -> None:
    """`-o legs.jsonl` writes JSON lines without being told twice."""
    out = tmp_path / "legs.jsonl"
    assert main(["legs", str(TRACE), "-o", str(out)]) == 0
    assert out.read_text().startswith("{")


@pytest.mark.parametrize("jobs", ["0", "-1", "two"])
def test_a_number_of_processes_that_is_none(jobs: str) -> None:
    """`--jobs` takes a number from 1 on."""
    with pytest.raises(SystemExit, match="2"):
        main(["legs", str(TRACE), f"--jobs={jobs}"])


STRAYS = {"README": b"Two days over Minneapolis.\n", "notes.txt": b"a, b\n1, 2\n",
          "truth.csv": b"icao24,origin,destination,takeoff\nac671b,KMSP,KGEG,1\n",
          "map.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "_SUCCESS": b"",
          "settings.json": b'{"a": {"b": 1}}', ".cache/x.json": b"{", ".hidden": b"\0"}  # fmt: skip
BROKEN = {"aircraft_1.json": b"<html>busy</html>", "empty.csv": b"",
          "states.csv.gz": b"\x1f\x8bxx", "noise.json": bytes(range(256)),
          "day.tar": b"not a tar", "list.json": b"[1, 2",
          "positions.jsonl.gz": gzip.compress(b'{"now":1,"hex":"a7f42"}\n{"now":2}\n')}  # fmt: skip


def test_strays_in_a_folder_are_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Words, tables of something else, pictures beside recordings: named, and no failure."""
    for name, data in {**STRAYS, "trace_full_ac671b.json": TRACE.read_bytes()}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    assert main(["legs", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert len(table(told.out)) == 4
    assert told.err.count("no recording: ") == 5
    assert "and 1 more" in told.err
    assert not any(word in told.err for word in (".cache", ".hidden"))


@pytest.mark.parametrize("name", STRAYS)
def test_a_stray_given_by_name_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """What the user named himself should have been a recording."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(STRAYS[name])
    assert main(["legs", str(tmp_path / name)]) == 1
    assert f"skipped {tmp_path / name}: " in capsys.readouterr().err


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_recording_in_a_folder_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """What is named as a recording and is none is broken, even in a folder."""
    (tmp_path / "trace_full_ac671b.json").write_bytes(TRACE.read_bytes())
    (tmp_path / name).write_bytes(BROKEN[name])
    assert main(["legs", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert len(table(told.out)) == 4
    assert f"skipped {tmp_path / name}: " in told.err


def test_nothing_to_read_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder without any recording is not a success."""
    (tmp_path / "README").write_bytes(STRAYS["README"])
    assert main(["legs", str(tmp_path)]) == 1
    assert "no recording of an aircraft was found" in capsys.readouterr().err


def test_a_folder_that_may_not_be_looked_into_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies in it is not silently missing: the folder is named, the rest is read."""
    closed = tmp_path / "closed"
    closed.mkdir()
    (tmp_path / "trace_full_ac671b.json").write_bytes(TRACE.read_bytes())
    scan = os.scandir

    def guarded(path: str) -> Iterator["os.DirEntry[str]"]:
        if Path(path) == closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert main(["legs", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert len(table(told.out)) == 4
    assert f"{closed}: cannot be read" in told.err
