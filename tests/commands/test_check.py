"""`airbridge check`, as its user runs it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import cli

ROOT = Path(__file__).parents[2]
Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Check:
    """The verb with no secrets in its environment: exit code, standard output and error."""
    for name in [name for name in os.environ if name.startswith(("TELEGRAM", "AIRBRIDGE"))]:
        monkeypatch.delenv(name)

    def run(*words: str, cwd: Path = ROOT) -> tuple[int, str, str]:
        monkeypatch.chdir(cwd)
        code = cli.main(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_the_shipped_configuration_is_explained(check: Check) -> None:
    """The shipped file has no mistakes, and reads as what it is about."""
    code, out, err = check("check")
    assert (code, err) == (0, "")
    assert out.startswith("config.yaml has no mistakes. In words:\n\nWhat is watched:\n")
    assert "Hmeimim (OSLK) → al-Khadim (HL59), Benina (HLLB) and eastern-libya" in out
    assert "adsb-lol: " in out
    assert "desk: the console" in out
    assert all(len(line) <= 100 for line in out.splitlines())


def test_as_its_user_runs_it(tmp_path: Path) -> None:
    """The whole program in its own process: mistakes on standard error, exit code 2."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", "check", "nowhere.yaml"], cwd=tmp_path, text=True,
        capture_output=True, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "nowhere.yaml: cannot be read: No such file or directory\n"


def test_mistakes_go_to_standard_error(check: Check, tmp_path: Path) -> None:
    """Mistakes are printed one a line on standard error, nothing on standard output, exit 2."""
    (tmp_path / "bad.yaml").write_text("feeds: [{name: a, kind: x}]\nwathces: []\n")
    code, out, err = check("check", "bad.yaml", cwd=tmp_path)
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "bad.yaml:1: audiences: found nothing, expected at least one entry",
        "bad.yaml:1: feeds[1].kind: found 'x', expected one of: v2, opensky, readsb, recorded",
        "bad.yaml:2: wathces: no such key; did you mean watches?",
    ]


@pytest.mark.parametrize("way", ["option", "environment", "word"])
def test_the_file_can_be_named_in_three_ways(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """--config, $AIRBRIDGE_CONFIG, or a word behind the verb."""
    path = tmp_path / "mine.yaml"
    path.write_text((ROOT / "config.yaml").read_text("utf-8"), "utf-8")
    if way == "environment":
        monkeypatch.setenv("AIRBRIDGE_CONFIG", str(path))
    words = {"option": ("--config", str(path), "check"), "word": ("check", str(path))}
    code, out, _ = check(*words.get(way, ("check",)), cwd=tmp_path)
    assert code == 0
    assert out.startswith(f"{path} has no mistakes.")


def test_a_missing_token_does_not_stop_an_explanation(check: Check, tmp_path: Path) -> None:
    """Only the service can see its credential: here its absence is said, not an error."""
    text = (ROOT / "config.yaml").read_text("utf-8")
    path = tmp_path / "config.yaml"
    path.write_text(text.replace("    # - {telegram:", "    - {telegram:"), "utf-8")
    code, out, _ = check("check", str(path))
    assert code == 0
    assert "Telegram: no bot token" in out


def test_check_is_light() -> None:
    """Checking a file loads neither the detectors' nor the painters' nor the couriers' "
    "libraries."""
    code = (
        "import sys, argparse; from bot.commands import check; "
        "parser = argparse.ArgumentParser(); check.add_arguments(parser); "
        "code = check.run(parser.parse_args(['config.yaml'])); "
        "heavy = {'sklearn', 'matplotlib', 'telegram', 'sqlalchemy', 'requests', 'apscheduler'}; "
        "sys.exit(code or ' '.join(heavy & set(sys.modules)) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
