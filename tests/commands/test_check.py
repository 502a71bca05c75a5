"""`airbridge check`, as its user runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def check(*words: str, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    """The verb in its own process, with no secrets in its environment."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("TELEGRAM", "AIRBRIDGE"))}
    return subprocess.run(
        [sys.executable, "-m", "bot", "check", *words], cwd=cwd, text=True, capture_output=True,
        timeout=60, env={**clean, "PYTHONPATH": str(ROOT), **env}, check=False,
    )  # fmt: skip


def test_the_shipped_configuration_is_explained() -> None:
    """The shipped file has no mistakes, and reads as what it is about."""
    done = check()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("config.yaml has no mistakes. In words:\n\nWhat is watched:\n")
    assert "Hmeimim (OSLK) → al-Khadim (HL59), Benina (HLLB) and eastern-libya" in done.stdout
    assert "adsb-lol: " in done.stdout
    assert "desk: the console" in done.stdout
    assert all(len(line) <= 100 for line in done.stdout.splitlines())


def test_mistakes_go_to_standard_error(tmp_path: Path) -> None:
    """Mistakes are printed one a line on standard error, nothing on standard output, exit 2."""
    (tmp_path / "bad.yaml").write_text("feeds: [{name: a, kind: x}]\nwathces: []\n")
    done = check("bad.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "bad.yaml:1: audiences: found nothing, expected at least one entry",
        "bad.yaml:1: feeds[1].kind: found 'x', expected one of: v2, opensky, readsb, recorded",
        "bad.yaml:2: wathces: no such key; did you mean watches?",
    ]


def test_a_missing_file_is_said() -> None:
    """No traceback for a file that is not there."""
    done = check("/nowhere/config.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "/nowhere/config.yaml: cannot be read: No such file or directory\n"


@pytest.mark.parametrize("way", ["option", "environment", "word"])
def test_the_file_can_be_named_in_three_ways(tmp_path: Path, way: str) -> None:
    """--config, $AIRBRIDGE_CONFIG, or a word behind the verb."""
    path = tmp_path / "mine.yaml"
    path.write_text((ROOT / "config.yaml").read_text("utf-8"), "utf-8")
    if way == "environment":
        done = check(cwd=tmp_path, AIRBRIDGE_CONFIG=str(path))
    else:
        done = check(*(["--config", str(path)] if way == "option" else [str(path)]), cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith(f"{path} has no mistakes.")


def test_a_missing_token_does_not_stop_an_explanation(tmp_path: Path) -> None:
    """Only the service can see its credential: here its absence is said, not an error."""
    text = (ROOT / "config.yaml").read_text("utf-8")
    path = tmp_path / "config.yaml"
    path.write_text(text.replace("    # - {telegram:", "    - {telegram:"), "utf-8")
    done = check(str(path))
    assert done.returncode == 0
    assert "Telegram: no bot token" in done.stdout


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
