"""What every test gets: no address but loopback, and a way to ask for real components."""

import shutil
import socket
from collections.abc import Callable
from typing import Any

import pytest

LOOPBACK = {"127.0.0.1", "::1", "localhost", "0.0.0.0", ""}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--real", action="store_true", help="a missing component is a failure")


@pytest.fixture
def need(request: pytest.FixtureRequest) -> Callable[[str, str], str]:
    """`need("nginx", "nginx-light")`: the program's path, or a skip that says how to get it."""

    def want(program: str, package: str) -> str:
        path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
        if path:
            return path
        text = f"{program} is missing: apt-get install -y --no-install-recommends {package}"
        if request.config.getoption("--real"):
            pytest.fail(text)
        pytest.skip(text)

    return want


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test talks to the world: a connection beyond loopback is an error, not a hang."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in LOOPBACK:
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
