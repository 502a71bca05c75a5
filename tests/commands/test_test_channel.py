"""`airbridge test-channel`: one message to every address, and what to do when it fails."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import app, cli
from bot.commands import try_channel as verb
from bot.errors import Moved, Stopped, TryLater, Undeliverable
from bot.model.watch import Address
from bot.store import open_store
from tests.fake_telegram import TOKEN, Chat, FakeTelegram, flood, refusal
from tests.telegram_rules import photo_of


@pytest.fixture
def server() -> Iterator[FakeTelegram]:
    with FakeTelegram() as fake:
        yield fake


@pytest.fixture
def config(tmp_path: Path, server: FakeTelegram) -> str:
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    path = tmp_path / "config.yaml"
    path.write_text(
        "feeds: [{name: adsb-lol, kind: v2, url: 'https://api.adsb.lol'}]\n"
        f"telegram: {{token_file: token, api: '{server.api}'}}\n"
        "audiences:\n"
        "  desk: [{telegram: {chat: -100123, topic: 7}}, console]\n"
        "  press: [{telegram: '@press'}]\n"
        "watches: [{name: W, from: [OSLK], to: [HLLB], audience: [desk]}]\n"
    )
    return str(path)


def test_every_address_gets_one(
    server: FakeTelegram, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """All audiences, each address once, with a picture that the server takes."""
    assert cli.main(["-c", config, "test-channel"]) == 0
    out = capsys.readouterr().out
    assert [told.method for told in server.told] == ["sendPhoto"] * 2
    assert server.told[0].thread == 7
    assert "telegram:-100123/7: sent, message 1" in out
    assert "telegram:@press: sent, message 2" in out
    assert "🔧 Test message" in out


def test_one_audience_can_be_named(
    server: FakeTelegram, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only that one is told; a misspelt one is named with those there are."""
    assert cli.main(["-c", config, "test-channel", "press"]) == 0
    assert len(server.told) == 1
    assert cli.main(["-c", config, "test-channel", "pres"]) == 2
    assert "no audience “pres”" in capsys.readouterr().err


def test_failures_say_what_to_do(
    server: FakeTelegram, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One dead chat does not keep the others from their message; the exit code tells."""
    server.chats = {"-100123": Chat(-100123, dead="Forbidden: bot was kicked from the group chat"),
                    "@press": Chat(-1009)}  # fmt: skip
    assert cli.main(["-c", config, "test-channel"]) == 1
    out = capsys.readouterr().out
    assert "telegram:-100123/7: not sent. Telegram: Forbidden: bot was kicked" in out
    assert "Add the bot to that chat" in out
    assert "telegram:@press: sent" in out
    server.fault("sendPhoto", flood(5))
    assert cli.main(["-c", config, "test-channel", "press"]) == 1
    assert "Try again in 6 s" in capsys.readouterr().out


def test_a_disabled_chat_is_taken_into_use_again(
    server: FakeTelegram, config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A chat that the service gave up, and that takes the test message, is alive again."""
    address, now = Address("telegram", "@press"), datetime(2024, 12, 26, tzinfo=UTC)
    folder = tmp_path / "airbridge-data"
    folder.mkdir()
    store = open_store(folder / app.DATABASE, now=now)
    with store.begin() as tx:
        store.disable_chat(tx, address, "Forbidden", now)
    store.close()
    server.fault("sendPhoto", refusal("Forbidden: bot was kicked from the channel chat", 403))
    assert cli.main(["-c", config, "test-channel", "press"]) == 1
    assert "in use again" not in capsys.readouterr().out
    assert cli.main(["-c", config, "test-channel", "press"]) == 0
    assert "telegram:@press: was disabled, is in use again" in capsys.readouterr().out
    assert cli.main(["-c", config, "test-channel", "press"]) == 0
    assert "in use again" not in capsys.readouterr().out


def test_every_error_has_advice() -> None:
    """Whatever a channel raises, its owner is told what to do."""
    told = [verb.advice(error) for error in (
        Stopped("x", 600.0), Moved("x", "-1007"), TryLater("x"), TryLater("x", 5.0),
        Undeliverable("x", True), Undeliverable("x"),
    )]  # fmt: skip
    assert len(set(told)) == len(told)
    assert "-1007" in told[1]


def test_the_picture_is_one() -> None:
    """The hand-made PNG is what a server takes for a photo."""
    assert photo_of(verb.png())
