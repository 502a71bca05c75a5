"""The service as its operator meets it: installed, started, killed, starved, stopped, upgraded.

On a real systemd in a throw-away machine (machine.py), with a moving sky and a Bot API on this
host's loopback. Opt-in (`-m real`), root only, some minutes: it really installs.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.machine import Machine, booted, may_boot, recipe
from tests.fake_telegram import TOKEN, FakeTelegram
from tests.sky_server import serve, surge_sky

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
CONFIG = "/etc/airbridge/config.yaml"
CONFIG_TEXT = """\
feeds:
  - {{name: roof, kind: readsb, url: "{sky}/data/aircraft.json", every: 5s}}
telegram: {{api: "{telegram}"}}
audiences: {{desk: [{{telegram: {{chat: -1001234567890}}}}, console]}}
operators: [desk]
watches:
  - {{name: Hmeimim to al-Khadim, from: [OSLK], to: [HL59], usual: 1 per month, audience: [desk]}}
"""
LOOKS = """/opt/airbridge/venv/bin/python -c '
import sqlite3
db = sqlite3.connect("file:/var/lib/airbridge/airbridge.sqlite?mode=ro", uri=True)
print(db.execute("SELECT count(*) FROM looks").fetchone()[0])'"""


@pytest.fixture(scope="module")
def telegram() -> Iterator[FakeTelegram]:
    """A Bot API that takes every chat and only the right token."""
    with FakeTelegram() as server:
        yield server


@pytest.fixture(scope="module")
def machine(telegram: FakeTelegram) -> Iterator[Machine]:
    """A machine with the service installed and started as deploy/README.md says."""
    if not may_boot():
        pytest.skip("booting a machine needs root")
    with serve(surge_sky(time.time())) as sky, booted() as made:
        config = CONFIG_TEXT.format(sky=sky, telegram=telegram.api)
        made.write(CONFIG, config)  # before the installation, which must leave it alone
        made.run("deploy/install.sh", cwd=str(ROOT), timeout_s=800)
        assert made.run(f"cat {CONFIG}") == config
        made.write("/etc/credstore/airbridge.telegram_token", TOKEN + "\n", 0o600)
        made.run("airbridge check && systemctl enable --now airbridge", timeout_s=300)
        yield made


@pytest.fixture
def running(machine: Machine) -> Machine:
    """The service, active and looking."""
    machine.run("systemctl reset-failed airbridge; systemctl start airbridge", timeout_s=300)
    machine.wait("looking", lambda: looks(machine) > 0)
    return machine


def looks(machine: Machine) -> int:
    """How many polls are stored."""
    return int(machine.run(LOOKS))


def test_it_starts_reads_its_credential_and_speaks(
    running: Machine, telegram: FakeTelegram
) -> None:
    """Started, it greets its audience through Telegram: the token came as a credential, which
    belongs to the service's own user and nobody else."""
    running.wait("greeted", lambda: telegram.told)
    kept = "/run/credentials/airbridge.service/telegram_token"
    assert running.run(f"stat --format='%a %U' {kept}") == "400 airbridge\n"
    assert running.run("stat --format='%a %U' /var/lib/airbridge/") == "700 airbridge\n"
    assert running.show("StatusText") == "watching"


def test_the_token_is_nowhere_to_be_read(running: Machine, telegram: FakeTelegram) -> None:
    """Neither the journal, nor the environment, nor any file of the service holds the token,
    also after Telegram could not be reached."""
    secret = TOKEN.partition(":")[2]
    assert secret not in running.journal()
    assert secret not in running.run("tr '\\0' '\\n' < /proc/$(systemctl show -P MainPID "
                                     "airbridge)/environ")  # fmt: skip
    assert running.run(f"grep -rl {secret} /var/lib/private /var/cache/private; true") == ""


def test_killed_it_comes_back_with_all_it_knew(running: Machine, telegram: FakeTelegram) -> None:
    """kill -9: started again after a few seconds, every look still there, nobody greeted twice."""
    before, told, pid = looks(running), len(telegram.told), running.show("MainPID")
    running.run("systemctl kill --kill-whom=main --signal=KILL airbridge")
    running.wait("restarted", lambda: running.show("MainPID") not in (pid, "0"))
    running.wait("active", lambda: running.show("ActiveState") == "active", 120)
    assert looks(running) >= before
    running.wait("looking again", lambda: looks(running) > before)
    assert len(telegram.told) == told


def test_stopped_it_ends_cleanly_within_ten_seconds(running: Machine) -> None:
    """systemctl stop: over within 10 s, exit status 0, nothing killed."""
    begun = time.monotonic()
    running.run("systemctl stop airbridge")
    assert time.monotonic() - begun < 10
    assert running.show("Result") == "success"
    assert running.show("ExecMainCode") == "1"  # exited, not killed
    assert running.show("ExecMainStatus") == "0"


def test_starved_of_progress_it_is_restarted(running: Machine) -> None:
    """A process that no longer says WATCHDOG=1 is ended and started anew."""
    running.write("/etc/systemd/system/airbridge.service.d/quick.conf",
                  "[Service]\nWatchdogSec=30\n")  # fmt: skip
    running.run("systemctl daemon-reload && systemctl restart airbridge", timeout_s=300)
    pid = running.show("MainPID")
    running.run("systemctl kill --kill-whom=main --signal=STOP airbridge")
    running.wait("restarted", lambda: running.show("MainPID") not in (pid, "0"), 120)
    running.wait("active", lambda: running.show("ActiveState") == "active", 120)
    assert "Watchdog timeout" in running.journal()
    running.run("rm -r /etc/systemd/system/airbridge.service.d && systemctl daemon-reload")


def test_it_beats_while_it_works(running: Machine) -> None:
    """A healthy service feeds the watchdog by itself, on time."""
    first = int(running.show("WatchdogTimestampMonotonic"))
    running.wait("beaten", lambda: int(running.show("WatchdogTimestampMonotonic")) > first, 45)


def test_a_bad_configuration_changes_nothing_on_reload(running: Machine) -> None:
    """A reload with a mistake leaves the service running; a start with it is not retried."""
    good, pid = running.run(f"cat {CONFIG}"), running.show("MainPID")
    try:
        running.write(CONFIG, good + "wtaches: []\n")
        running.run("systemctl reload airbridge")
        running.wait("reported", lambda: "wtaches" in running.journal())
        assert (running.show("ActiveState"), running.show("MainPID")) == ("active", pid)
        running.run("systemctl restart airbridge", check=False, timeout_s=300)
        assert running.show("ActiveState") == "failed"
        assert running.show("ExecMainStatus") == "2"
    finally:
        running.write(CONFIG, good)


def test_verbs_see_what_the_service_sees(running: Machine) -> None:
    """`airbridge status` runs as the service's user on its data, and leaves it usable."""
    assert json.loads(running.run("airbridge status --format json"))
    running.run("systemctl stop airbridge && airbridge status")
    running.run("systemctl start airbridge", timeout_s=300)
    strangers = "find /var/lib/private/airbridge ! -user airbridge"
    assert running.run(strangers) == ""


def test_a_backup_made_while_running_restores(running: Machine) -> None:
    """The recipes of deploy/README.md: backed up, forgotten, restored, everything is back."""
    kept = looks(running)  # before: it goes on looking while and after it is copied
    running.run(recipe("Backup"), cwd="/root")
    running.run("systemctl stop airbridge && rm /var/lib/private/airbridge/airbridge.sqlite*")
    running.run("systemctl start airbridge", timeout_s=300)
    running.run(recipe("Restore"), cwd="/root", timeout_s=300)
    assert looks(running) >= kept


def test_installed_again_it_is_upgraded_in_place(running: Machine) -> None:
    """A second run replaces the program, keeps configuration and data, and restarts the service;
    the version before stays for going back."""
    config, kept, pid = running.run(f"cat {CONFIG}"), looks(running), running.show("MainPID")
    running.run("deploy/install.sh", cwd=str(ROOT), timeout_s=800)
    assert running.run(f"cat {CONFIG}") == config
    assert running.show("MainPID") not in (pid, "0")
    assert looks(running) >= kept
    assert len(running.run("ls /opt/airbridge/releases").split()) == 2


def test_uninstalled_it_leaves_only_what_is_yours(running: Machine) -> None:
    """The README's recipes take everything away: first the program, then the data."""
    program, data = recipe("Uninstall").split("rm -rf /etc/airbridge", 1)
    running.run(program)
    gone = "/opt/airbridge /usr/local/bin/airbridge* /etc/systemd/system/airbridge.service"
    assert running.run(f"ls -d {gone} 2>/dev/null; true") == ""
    assert "airbridge.sqlite" in running.run("ls /etc/airbridge /var/lib/private/airbridge")
    running.run("rm -rf /etc/airbridge" + data)
    yours = "/etc/airbridge /etc/credstore/airbridge* /var/{lib,cache}/{,private/}airbridge"
    assert running.run(f"ls -d {yours} 2>/dev/null; true") == ""
