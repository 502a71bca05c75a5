"""What is shipped for running Airbridge as a service, judged without a running systemd."""

import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

# After a change of dependencies: uv pip compile -q --generate-hashes --no-header --no-annotate
#   --python-version 3.11 -c requirements.lock pyproject.toml -o deploy/requirements.lock
ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNIT = (DEPLOY / "airbridge.service").read_text("utf-8")


def pins(path: Path) -> dict[str, set[str]]:
    """'name==version' -> its hashes, from a locked requirements file."""
    found: dict[str, set[str]] = {}
    for line in path.read_text("utf-8").splitlines():
        if pin := re.match(r"([a-z0-9._-]+==\S+)", line):
            found[pin[1]] = hashes = set()
        elif digest := re.search(r"sha256:[0-9a-f]{64}", line):
            hashes.add(digest[0])
    return found


def test_what_is_deployed_is_what_is_tested() -> None:
    """Every package of the service has the version that the tests run, its own files only."""
    service, everything = pins(DEPLOY / "requirements.lock"), pins(ROOT / "requirements.lock")
    assert service
    assert all(hashes for hashes in service.values())
    assert {pin: everything.get(pin) for pin in service} == service


def test_the_service_gets_all_that_the_program_needs() -> None:
    """Each dependency in pyproject.toml is locked for the service; no test tool is."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {pin.partition("==")[0] for pin in pins(DEPLOY / "requirements.lock")}
    needed = {re.split(r"[^A-Za-z0-9._-]", text)[0].lower() for text in project["dependencies"]}
    assert needed <= names
    assert not names & {"pytest", "mypy", "ruff", "hypothesis"}


def test_the_lock_names_no_registry() -> None:
    """The lock holds names, versions and hashes only."""
    assert "://" not in (DEPLOY / "requirements.lock").read_text("utf-8")


@pytest.mark.parametrize("name", ["airbridge", "airbridge-backup", "install.sh"])
def test_scripts_are_well_formed_and_want_root(name: str) -> None:
    """Each script parses, may be executed, and stops at once for an ordinary user."""
    path = DEPLOY / name
    assert path.stat().st_mode & 0o111
    shell = path.read_text("utf-8").splitlines()[0].removeprefix("#!")
    subprocess.run([shell, "-n", path], check=True)
    assert "id -u" in path.read_text("utf-8")


@pytest.mark.parametrize("name", ["airbridge", "airbridge-backup"])
def test_verbs_run_as_the_service_does(name: str) -> None:
    """A verb's transient unit has the service's user, folders and credential, word for word."""
    wanted = set(re.findall(r"--property=(\S+)", (DEPLOY / name).read_text("utf-8")))
    own = {"User=airbridge", "WorkingDirectory=/var/lib/airbridge"}  # the unit's name; its %S
    assert {"DynamicUser=yes", "StateDirectory=airbridge"} <= wanted
    assert wanted - own <= set(UNIT.splitlines())


@pytest.fixture
def rewritten(tmp_path: Path) -> Path:
    """The unit with the program's path replaced by one that exists everywhere."""
    path = tmp_path / "airbridge.service"
    path.write_text(UNIT.replace("/opt/airbridge/venv/bin/airbridge", "/bin/true"))
    return path


@pytest.mark.real
def test_systemd_understands_every_line(rewritten: Path, need: Callable[..., str]) -> None:
    """`verify` prints nothing: it exits 0 on misspelt keys and only mentions them."""
    verify = need("systemd-analyze", "systemd")
    done = subprocess.run(
        [verify, "verify", rewritten], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.real
def test_the_unit_is_hardened(rewritten: Path, need: Callable[..., str]) -> None:
    """systemd's own estimate of the unit's exposure is at most 1.5 of 10."""
    analyze = need("systemd-analyze", "systemd")
    command = [analyze, "security", "--offline=true", "--threshold=15", "--no-pager", rewritten]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout.splitlines()[-1]
