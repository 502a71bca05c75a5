"""A systemd booted on a throw-away copy of this machine's root, to install and try the service in.

Needs root. Everything it writes is in memory and gone with it; it shares the network. Every
command runs inside its namespaces; only its own first process is ever killed.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
MASKED = (
    "systemd-tmpfiles-setup", "systemd-tmpfiles-setup-dev", "systemd-sysctl", "systemd-udevd",
    "systemd-udev-trigger", "systemd-random-seed", "systemd-remount-fs", "systemd-modules-load",
    "apparmor", "networking",
)  # fmt: skip
TARGET = """\
[Unit]
Description=As much of a system as a service needs
Requires=systemd-journald.service dbus.socket
After=systemd-journald.service dbus.socket
AllowIsolate=yes
"""


class Machine:
    """`run` a shell line in it, `wait` for something to come true."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def run(self, line: str, *, cwd: str = "/", check: bool = True, timeout_s: float = 60) -> str:
        """Standard output of a root shell in the machine; AssertionError names what failed."""
        command = ["nsenter", f"--target={self._pid}", "--all", "--wd=/",
                   "bash", "-c", f"cd {cwd} && {line}"]  # fmt: skip
        done = subprocess.run(command, check=False, capture_output=True, text=True,
                              timeout=timeout_s)  # fmt: skip
        assert not check or done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Make a file in it."""
        command = ["nsenter", f"--target={self._pid}", "--all", "--wd=/",
                   "install", "-D", f"--mode={mode:o}", "/dev/stdin", path]  # fmt: skip
        subprocess.run(command, input=text, text=True, check=True)

    def show(self, name: str) -> str:
        """One property of the service."""
        return self.run(f"systemctl show --value --property={name} airbridge").strip()

    def journal(self) -> str:
        """All that the machine has logged."""
        return self.run("journalctl --no-pager --output=cat")

    def wait(self, what: str, done: Callable[[], object], seconds: float = 60) -> None:
        """Until `done()`; an AssertionError with the service's log when it never is."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                log = self.run("journalctl --no-pager --unit=airbridge --lines=40", check=False)
                raise AssertionError(f"never {what}\n{log}")
            time.sleep(0.5)


@contextmanager
def booted() -> Iterator[Machine]:
    """A running machine; its processes end with the block."""
    with TemporaryDirectory(prefix="airbridge-boot.", dir="/var/tmp") as folder:
        units, empty, log = (Path(folder, name) for name in ("units", "root", "log"))
        units.mkdir()
        empty.mkdir()
        (units / "test.target").write_text(TARGET)
        for name in MASKED:
            (units / f"{name}.service").symlink_to("/dev/null")
        apart = ["--pid", "--mount", "--uts", "--ipc", "--cgroup", "--propagation", "private"]
        command = ["unshare", "--fork", "--kill-child", *apart, HERE / "boot.sh", units, empty]
        with log.open("wb") as out:
            outer = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
        try:
            machine = Machine(_first_process(outer, log))
            machine.wait("up", lambda: _is_up(machine))
            yield machine
        finally:
            outer.send_signal(signal.SIGKILL)  # --kill-child takes the machine with it
            outer.wait()


def _first_process(outer: subprocess.Popen[bytes], log: Path) -> int:
    """The machine's pid 1, as this system numbers it, once it has become systemd."""
    children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
    end = time.monotonic() + 20
    while time.monotonic() < end and outer.poll() is None:
        found = children.read_text().split()
        if found and Path(f"/proc/{found[0]}/comm").read_text() == "systemd\n":
            return int(found[0])
        time.sleep(0.1)
    raise AssertionError(f"the machine did not boot: {log.read_text()}")


def _is_up(machine: Machine) -> bool:
    state = machine.run("systemctl is-system-running 2>&1", check=False)
    return state.strip() in ("running", "degraded")


def recipe(heading: str) -> str:
    """The shell lines under a heading of deploy/README.md, for a root shell."""
    text = (HERE.parents[1] / "deploy" / "README.md").read_text("utf-8")
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))
    return "set -e\n" + lines.replace("sudo ", "")


def may_boot() -> bool:
    """Whether this process may make namespaces and mounts."""
    return os.geteuid() == 0
