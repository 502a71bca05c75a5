"""The service as a process: real HTTP feed, real Bot API port, real signals, real kills."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fake_telegram import TOKEN, FakeTelegram, Fault
from tests.opensky_server import CLIENT, World
from tests.opensky_server import serve as serve_opensky
from tests.sky_server import serve, surge_sky

PATIENCE_S = 60.0  # for a busy machine; nothing here measures speed
CONFIG = """\
feeds:
  - {{name: sky, kind: v2, url: "{sky}", every: 1s, spacing: 0.1s}}
telegram: {{token_file: token, api: "{telegram}"}}
audiences:
  desk: [{{telegram: {{chat: -100123}}}}]
operators: [desk]
aircraft:
  transports: {{types: [IL76, A124]}}
watches:
  - name: Cairo to Cairo West
    from: [HECA]
    to: [HECW]
    aircraft: [transports]
    usual: 1 per month
    audience: [desk]
data: data
"""


def eventually(what: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    """Wait until it is true, or fail with what it was."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


class Bot:
    """`airbridge run` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"

    def start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "bot", "--config", str(self.folder / "config.yaml"), "run"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        return self.process

    def says(self, text: str) -> bool:
        return self.count(text) > 0

    def count(self, text: str) -> int:
        return self.log.read_text("utf-8").count(text)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def sky() -> Iterator[str]:
    with serve(surge_sky(time.time())) as url:
        yield url


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram() as fake:
        yield fake


@pytest.fixture
def bot(tmp_path: Path, sky: str, telegram: FakeTelegram) -> Iterator[Bot]:
    (tmp_path / "token").write_text(TOKEN + "\n")
    (tmp_path / "token").chmod(0o600)
    (tmp_path / "config.yaml").write_text(CONFIG.format(sky=sky, telegram=telegram.api))
    made = Bot(tmp_path)
    yield made
    if made.process.poll() is None:
        made.process.kill()
        made.process.wait()


def titles(telegram: FakeTelegram) -> list[str]:
    return [told.text.splitlines()[0] for told in telegram.told]


def test_it_greets_looks_reloads_and_stops(bot: Bot, telegram: FakeTelegram) -> None:
    """Started, it greets its audience once and looks; a second instance is refused; a bad new
    configuration leaves the old one running and is told; SIGTERM ends it cleanly."""
    bot.start()
    eventually(lambda: titles(telegram) == ["👋 Airbridge is watching"])
    eventually(lambda: bot.says("feed answers"))

    twin = subprocess.run(
        [sys.executable, "-m", "bot", "--config", str(bot.folder / "config.yaml"), "run"],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert twin.returncode == 4
    assert "another airbridge runs" in twin.stderr

    config = bot.folder / "config.yaml"
    good = config.read_text("utf-8")
    config.write_text(good.replace("from: [HECA]", "from: [HEXX]"), "utf-8")
    bot.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(telegram.told) == 2)
    assert "The new configuration was refused" in titles(telegram)[1]
    assert "HEXX" in telegram.told[1].text
    assert "The old configuration runs on" in telegram.told[1].text

    config.write_text(good.replace("name: Cairo to Cairo West", "name: Hop"), "utf-8")
    bot.process.send_signal(signal.SIGHUP)
    eventually(lambda: bot.says("configuration reloaded"))
    eventually(lambda: len(telegram.told) == 3)

    assert bot.stop() == 0
    assert bot.says("stopped clean=True")
    assert not bot.says(TOKEN)
    assert not bot.says("Traceback")


def test_opensky_is_asked_by_day_and_by_night(tmp_path: Path, telegram: FakeTelegram) -> None:
    """States and the last days' flights, each in its own thread; a reload asks no flights twice,
    and the stop is clean."""
    world = World(surge_sky(time.time()), credits=40_000.0)
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "opensky.json").write_text(json.dumps(CLIENT))
    with serve_opensky(world) as url:
        feed = (
            f'{{name: os, kind: opensky, url: "{url}/api", auth_url: "{url}/token", every: 2s, '
            "spacing: 0.2s, key_file: opensky.json, quota_per_day: 100000}"
        )
        lines = CONFIG.format(sky=url, telegram=telegram.api).splitlines(keepends=True)
        text = "".join([lines[0], f"  - {feed}\n", *lines[2:]])
        (tmp_path / "config.yaml").write_text(text)
        bot = Bot(tmp_path)
        bot.start()

        def asked(kind: str) -> int:
            return sum(path.startswith(f"/api/{kind}") for path in world.asked)

        try:
            eventually(lambda: asked("flights/") == 2 and asked("states/") > 2)
            (tmp_path / "config.yaml").write_text(text.replace("Cairo to Cairo West", "Hop"))
            bot.process.send_signal(signal.SIGHUP)
            eventually(lambda: bot.says("configuration reloaded"))
            seen = asked("states/")
            eventually(lambda: asked("states/") > seen + 2)
            assert asked("flights/") == 2
            assert bot.stop() == 0
        finally:
            bot.process.kill()
    assert bot.says("stopped clean=True")
    assert not bot.says("s3cr3t")
    assert not bot.says("Traceback")


def test_killed_in_the_middle_of_a_delivery(bot: Bot, telegram: FakeTelegram) -> None:
    """kill -9 between the chat's taking a message and its receipt: after the restart it is sent
    again, once, and nothing is lost; the next start greets nobody: no news."""
    telegram.fault("sendMessage", Fault(delay_s=PATIENCE_S))
    bot.start()
    eventually(lambda: any(name == "sendMessage" for name, _ in telegram.calls))
    bot.process.kill()
    bot.process.wait()
    assert len(telegram.told) == 1  # taken, but the bot cannot know
    bot.start()
    eventually(lambda: len(telegram.told) == 2)
    assert bot.stop() == 0
    assert titles(telegram) == ["👋 Airbridge is watching"] * 2

    answers = bot.count("feed answers")
    bot.start()
    eventually(lambda: bot.count("feed answers") > answers)
    assert bot.stop() == 0
    assert len(telegram.told) == 2
