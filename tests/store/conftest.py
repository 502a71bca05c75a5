"""Every test of the store runs on a SQLite file, and with `-m real` on PostgreSQL too."""

import getpass
import importlib.util
import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.store import Store, open_store
from tests.nouns import at

NOW = at("2024-12-26 12:00")
NUMBERS = itertools.count()


class Postgres:
    """A throw-away server that listens on a socket only."""

    def __init__(self, initdb: str) -> None:
        self.bin = Path(initdb).resolve().parent
        # not below the test's folder: a socket's path may have 107 characters
        self.home = Path(tempfile.mkdtemp(prefix="pg-"))
        self.as_user = ["runuser", "-u", "postgres", "--"] if getpass.getuser() == "root" else []
        if self.as_user:
            shutil.chown(self.home, "postgres", "postgres")
        self.call("initdb", "-D", f"{self.home}/data", "-U", "bot", "-A", "trust", "--no-sync",
                  "-E", "UTF8", "--locale=C.UTF-8")  # fmt: skip
        options = f"-c listen_addresses= -c unix_socket_directories={self.home} -c fsync=off"
        self.call("pg_ctl", "-D", f"{self.home}/data", "-w", "-l", f"{self.home}/log",
                  "-o", options, "start")  # fmt: skip

    def call(self, program: str, *words: str) -> None:
        subprocess.run([*self.as_user, self.bin / program, *words], check=True, cwd="/",
                       stdout=subprocess.DEVNULL)  # fmt: skip

    def url(self) -> str:
        """A new database."""
        name = f"bot{next(NUMBERS)}"
        self.call("createdb", "-h", str(self.home), "-U", "bot", name)
        return f"postgresql+psycopg://bot:hush@/{name}?host={self.home}"

    def stop(self) -> None:
        self.call("pg_ctl", "-D", f"{self.home}/data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.home)


@pytest.fixture(scope="session")
def _servers() -> Iterator[list[Postgres]]:
    servers: list[Postgres] = []
    yield servers
    for server in servers:
        server.stop()


@pytest.fixture
def postgres(
    need: Callable[[str, str], str], request: pytest.FixtureRequest, _servers: list[Postgres]
) -> Postgres:
    """The server, started once."""
    if importlib.util.find_spec("psycopg") is None:
        text = "psycopg is missing: pip install 'psycopg[binary]'"
        (pytest.fail if request.config.getoption("--real") else pytest.skip)(text)
    initdb = need("initdb", "postgresql")
    if not _servers:
        _servers.append(Postgres(initdb))
    return _servers[0]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.real)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where to open a new database."""
    if request.param == "sqlite":
        return str(tmp_path / "airbridge.db")
    server: Postgres = request.getfixturevalue("postgres")
    return server.url()


@pytest.fixture
def store(target: str) -> Iterator[Store]:
    """A new store."""
    with closing(open_store(target, now=NOW)) as opened:
        yield opened
