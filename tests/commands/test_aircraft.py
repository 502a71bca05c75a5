"""`airbridge aircraft`: newer lists are taken whole or not at all, and airframes are told."""

import json
from pathlib import Path

import pytest

from bot import cli

CONFIG = """\
feeds:
  - {name: roof, kind: readsb, url: aircraft.json, every: 10s}
audiences: {desk: [console]}
watches:
  - {name: Anywhere to al-Khadim, to: [HL59], usual: 1 per month, audience: [desk]}
data: data
"""
TAR1090 = "155500;RA-87296;YK40;10;YAKOVLEV Yak-40;;;\n155501;RA-87297;YK40;00;;;;\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh folder with a configuration and a list to take."""
    (tmp_path / "config.yaml").write_text(CONFIG, "utf-8")
    (tmp_path / "new.csv").write_text(TAR1090, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_list_is_taken_and_used(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After an update its airframes are known, by address, registration and callsign."""
    assert cli.main(["aircraft", "update", "new.csv"]) == 0
    assert "2 aircraft" in capsys.readouterr().out
    for which in ("155500", "ra-87296"):
        assert cli.main(["aircraft", "show", which, "--format", "json"]) == 0
        (found,) = json.loads(capsys.readouterr().out)["aircraft"]
        assert (found["icao24"], found["type_code"], found["military"]) == ("155500", "YK40", "yes")
    assert cli.main(["aircraft", "show", "RFF8254"]) == 0
    assert "Russian Federation Air Force" in capsys.readouterr().out
    assert cli.main(["aircraft", "show", "whatever"]) == 2


def test_the_last_file_has_the_last_word(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Several lists become one; a broken row is named, and the exit code tells of it."""
    rows = "".join(f"{0x160000 + i:06x};;IL76;00;;;;\n" for i in range(200))
    (folder / "more.csv").write_text("155500;;YK42;00;;;;\nnoise\n" + rows, "utf-8")
    assert cli.main(["aircraft", "update", "new.csv", "more.csv"]) == 1
    assert "more.csv:2: row: found 1 fields" in capsys.readouterr().err
    assert cli.main(["aircraft", "show", "155500"]) == 0
    shown = capsys.readouterr().out
    assert "RA-87296" in shown
    assert "YK42" in shown


def test_a_wrong_list_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One wrong file among several: exit code 2, and the list in use stays as it was."""
    cli.main(["aircraft", "update", "new.csv"])
    before = (folder / "data" / "aircraft.csv").read_bytes()
    assert cli.main(["aircraft", "update", "new.csv", "config.yaml"]) == 2
    assert "config.yaml:1: header" in capsys.readouterr().err
    assert (folder / "data" / "aircraft.csv").read_bytes() == before
