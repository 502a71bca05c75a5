"""The verbs by hand: a folder, a configuration, a local receiver's file, and what is printed."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import cli

CONFIG = """\
feeds:
  - {name: roof, kind: readsb, url: aircraft.json, every: 10s}
audiences: {desk: [console]}
operators: [desk]
aircraft: {transports: {types: [IL76, A124]}}
watches:
  - name: Hmeimim to eastern Libya
    from: [OSLK]
    to: [HL59]
    aircraft: [transports]
    usual: 1 per month
    audience: [desk]
data: data
"""
NO_FILE = "No such file or directory\n"
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """`say("status")`: exit code, standard output and error of a verb in a fresh folder."""
    (tmp_path / "config.yaml").write_text(CONFIG, "utf-8")
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        try:
            code = cli.main(words)
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 2
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def receiver(folder: Path, body: str | None = None) -> None:
    """What the roof's receiver shows now."""
    aircraft = {"hex": "154076", "t": "A124", "lat": 35.2, "lon": 34.0, "alt_baro": 30000,
                "gs": 440, "track": 259, "seen_pos": 1, "seen": 1}  # fmt: skip
    text = body or json.dumps({"now": time.time(), "aircraft": [aircraft], "messages": 1})
    (folder / "aircraft.json").write_text(text, "utf-8")


def test_once_looks_and_says_so(say: Say, tmp_path: Path) -> None:
    """One round by hand: the feed answers, nothing is unusual, status knows of the look."""
    receiver(tmp_path)
    code, out, err = say("once")
    assert (code, err) == (0, "")
    assert "roof: ok" in out
    code, out, _ = say("status", "--format", "json")
    found = json.loads(out)
    assert found["feeds"][0]["ok_24h"] == 1
    assert found["watches"][0]["watch"] == "Hmeimim to eastern Libya"


def test_once_fails_when_nobody_could_look(say: Say, tmp_path: Path) -> None:
    """A feed that answers nonsense is a failure with a name, not an empty sky."""
    receiver(tmp_path, "<html>busy</html>")
    code, out, _ = say("once")
    assert code == 1
    assert "roof: failing" in out
    _, out, _ = say("status", "--format", "json")
    assert json.loads(out)["feeds"][0]["failed_24h"] == 1


def test_status_before_anything_happened(say: Say) -> None:
    """An empty data folder is told as such, by a table fit for a terminal."""
    code, out, _ = say("status")
    assert code == 0
    assert "never asked" in out
    assert "nobody has looked yet" in out
    assert "no open alert" in out
    assert "outbox: 0 waiting" in out


def test_silence_and_its_end(say: Say) -> None:
    """A silence is set by part of a name, listed, and ended by its number."""
    assert "no silence is in force" in say("silence")[1]
    code, out, _ = say("silence", "libya", "--for", "7d", "--why", "known exercise")
    assert code == 0
    assert "Hmeimim to eastern Libya" in out
    assert "known exercise" in out
    assert "no silence is in force" in say("silence", "--end", "1")[1]
    assert say("silence", "--end", "1")[0] == 1


def test_silence_wants_to_know_for_how_long(say: Say) -> None:
    """A silence without an end would be forgotten, and so would one of a thousand years."""
    assert say("silence", "libya")[0] == 2
    assert say("silence", "--for", "7d")[0] == 2
    assert "at most 3650d" in say("silence", "libya", "--for", "99999999999d")[2]
    code, _, err = say("silence", "libya", "--for", "soon")
    assert code == 2
    assert "such as 7d or 12h" in err
    code, _, err = say("silence", "mars", "--for", "7d")
    assert code == 2
    assert "no watch matches “mars”; there are: Hmeimim to eastern Libya" in err


def test_history_is_imported_judged_and_explained(say: Say, tmp_path: Path) -> None:
    """Imported counts are a watch's past at once: `why` judges them, `chart` draws them."""
    first = datetime.now(UTC).date() - timedelta(days=60)
    rows = [f"{first + timedelta(days=k)},Hmeimim to eastern Libya,{int(k > 57) * 3},1"
            for k in range(61)]  # fmt: skip
    (tmp_path / "past.csv").write_text("\n".join(["date,watch,count,exposure", *rows]), "utf-8")
    code, out, _ = say("import", "past.csv")
    assert (code, out) == (0, "Hmeimim to eastern Libya: 61 days of history\n")
    day = str(first + timedelta(days=58))
    code, out, _ = say("why", "libya", day)
    assert code == 0
    assert f"surge on {day}: raised" in out
    code, out, _ = say("why", "libya", "--format", "json")
    assert json.loads(out)["findings"][0]["observed"] == 3
    code, out, _ = say("chart", "libya", "-o", "pictures")
    assert code == 0
    for name in ("chart.png", "map.png"):
        assert (tmp_path / "pictures" / name).read_bytes().startswith(b"\x89PNG")


def test_days_and_numbers_beyond_reason_are_wrong_usage(say: Say) -> None:
    """Asked for a day that no calendar reaches, or for no alerts at all: said, exit 2."""
    code, _, err = say("why", "libya", "9999-12-31")
    assert code == 2
    assert "expected a day YYYY-MM-DD" in err
    assert say("alerts", "--limit", "-3")[0] == 2


def test_where_pictures_cannot_be_written(say: Say, tmp_path: Path) -> None:
    """A file where a folder should be is named, without a traceback."""
    receiver(tmp_path)
    say("once")
    code, _, err = say("chart", "libya", "-o", "config.yaml")
    assert code == 2
    assert err == "airbridge: config.yaml: cannot be written: File exists\n"


def test_the_demo_clears_no_folder_but_its_own(say: Say, tmp_path: Path) -> None:
    """Sent to a folder with something else in it, it touches nothing and says what it found."""
    code, _, err = say("demo", "-o", ".")
    assert code == 2
    assert "holds config.yaml, which is not the demo's" in err
    assert (tmp_path / "config.yaml").exists()
    assert "cannot be written" in say("demo", "-o", "/proc/demo")[2]


def test_a_bad_history_changes_nothing(say: Say, tmp_path: Path) -> None:
    """A file with a mistake is refused whole, by line and field."""
    text = "date,watch,count\n2024-01-01,Hmeimim to eastern Libya,1\nsoon,x,y\n"
    (tmp_path / "past.csv").write_text(text, "utf-8")
    code, _, err = say("import", "past.csv")
    assert code == 2
    assert "past.csv:3: watch: no watch is named" in err
    (tmp_path / "past.csv").write_bytes(b"date,watch\n\xff\xfe")
    assert "past.csv:2: found a byte that is not UTF-8" in say("import", "past.csv")[2]
    assert say("import", "no.csv")[2] == "airbridge: no.csv: cannot be read: " + NO_FILE
    assert "nothing is known" in say("why", "libya", "2024-01-01")[1]


def test_alerts_before_any(say: Say) -> None:
    """No alerts is an answer."""
    assert say("alerts") == (0, "no alerts yet\n", "")
    assert json.loads(say("alerts", "--format", "json")[1]) == []


def test_replay_says_what_flew(say: Say, tmp_path: Path) -> None:
    """A folder of snapshots gives its legs; a broken file is counted; the data stays untouched."""
    folder = tmp_path / "recorded"
    folder.mkdir()
    for k in range(40):
        aircraft = {"hex": "154076", "t": "A124", "lat": 35.2 - k * 0.03, "lon": 34.0 - k * 0.14,
                    "alt_baro": 30000, "gs": 440, "track": 259, "seen_pos": 1}  # fmt: skip
        body = json.dumps({"now": 1735240000 + 60 * k, "aircraft": [aircraft]})
        (folder / f"{k:03d}.json").write_text(body, "utf-8")
    (folder / "020.json").write_text('{"now": 1735241200, "aircraft": [', "utf-8")
    code, out, _ = say("replay", "recorded")
    assert code == 1
    assert "154076" in out
    assert "1 legs, 0 alerts, 1 snapshots could not be read" in out
    assert not (tmp_path / "data" / "airbridge.sqlite").exists()
    assert say("replay", "nowhere")[0] == 2


def test_a_bad_configuration_is_told_by_every_verb(say: Say, tmp_path: Path) -> None:
    """Exit code 2 and the mistake by line, whichever verb meets it."""
    bad = CONFIG.replace("[HL59]", "[HL5X]")
    (tmp_path / "config.yaml").write_text(bad, "utf-8")
    for verb in ("status", "once", "run", "alerts"):
        code, _, err = say(verb)
        assert code == 2, verb
        assert "config.yaml:9: " in err
        assert "HL5X" in err
    (tmp_path / "config.yaml").unlink()
    assert say("status")[0] == 2


def test_status_shows_what_was_odd_about_a_feed(say: Say, tmp_path: Path) -> None:
    """A form that drifts is seen without reading the log: the look counts, and says it."""
    odd = {"hex": "154076", "lat": 35.2, "lon": 34.0, "seen_pos": 1, "gs": {"kt": 440}}
    receiver(tmp_path, json.dumps({"now": time.time(), "aircraft": [odd, {"hex": "zz"}]}))
    assert say("once")[0] == 0
    (feed,) = json.loads(say("status", "--format", "json")[1])["feeds"]
    assert feed["outcome"] == "ok"
    assert feed["detail"] == "unreadable field 1, bad address 1"
    assert "unreadable field 1" in say("status")[1]


def test_a_damaged_database_is_exit_code_3(say: Say, tmp_path: Path) -> None:
    """What is not a database is refused by name, and left as it is."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "airbridge.sqlite").write_bytes(b"not a database at all" * 100)
    code, _, err = say("status")
    assert code == 3
    assert "is not a database" in err
    assert (tmp_path / "data" / "airbridge.sqlite").read_bytes().startswith(b"not a database")


def test_coverage_names_what_was_not_seen(say: Say, tmp_path: Path) -> None:
    """One look now: the day is told as begun, the hours before as not looked at; as JSON too."""
    receiver(tmp_path)
    say("once")
    code, out, _ = say("coverage", "libya", "--days", "2", "--png", "hours.png")
    assert code == 0
    assert "so far" in out
    assert "no look: " in out
    assert (tmp_path / "hours.png").read_bytes().startswith(b"\x89PNG")
    code, out, _ = say("coverage", "--days", "3", "--json")
    (found,) = json.loads(out)
    assert [day["complete"] for day in found["days"]] == [True, True, False]
    today = found["days"][-1]
    assert today["ends"][0]["looks_ok"] == 1
    assert found["outages"][0]["why"] == "no look"
    assert "looking: 0% of a normal day so far (between" in say("why", "libya")[1]


def test_coverage_wants_to_know_what_to_draw(say: Say) -> None:
    """No watch of that name, no such number of days, no folder for the picture: said, exit 2."""
    assert say("coverage", "mars")[0] == 2
    assert "found “0”" in say("coverage", "--days", "0")[2]
    code, _, err = say("coverage", "libya", "--png", "nowhere/x.png")
    assert code == 2
    assert "nowhere/x.png: cannot be written" in err
