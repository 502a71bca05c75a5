"""`airbridge chats`: from a message to the YAML line, by the real client on a real port."""

import argparse
import functools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import airfields, cli
from bot.channels.telegram_listen import Heard, hear
from bot.commands import chats
from bot.errors import Stopped, TryLater
from tests.fake_telegram import TOKEN, FakeTelegram, Fault

DESK = {"id": -1001234, "type": "supergroup", "title": "Desk"}


LOAD = functools.cache(airfields.load)


@pytest.fixture(autouse=True)
def _table_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of airfields is the same in every test, and takes a second to read."""
    monkeypatch.setattr(airfields, "load", LOAD)


@pytest.fixture
def server() -> Iterator[FakeTelegram]:
    with FakeTelegram() as fake:
        yield fake


@pytest.fixture
def config(tmp_path: Path, server: FakeTelegram) -> Path:
    """A configuration as its owner has it before any chat is known."""
    (tmp_path / "token").write_text(TOKEN + "\n")
    (tmp_path / "token").chmod(0o600)
    path = tmp_path / "config.yaml"
    path.write_text(
        f"feeds: [{{name: adsb-lol, kind: v2, url: 'https://api.adsb.lol'}}]\n"
        f"telegram: {{token_file: token, api: '{server.api}'}}\n"
        "audiences: {desk: [console]}\n"
        "watches: [{name: W, from: [OSLK], to: [HLLB], audience: [desk]}]\n"
    )
    return path


def test_a_message_becomes_a_yaml_line(
    server: FakeTelegram, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Chat and topic id arrive as an entry for an audience, each once; the rest is comment."""
    for text in ("hello", "hello\nagain \x1b[31m"):
        server.say(text, DESK, thread=7)
    server.say("hi", {"id": 55, "type": "private", "first_name": "Ann"})
    assert cli.main(["--config", str(config), "chats"]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "# Desk (supergroup), topic 7: Ann wrote “hello again �[31m”",
        "- telegram: {chat: -1001234, topic: 7}",
        "# Ann (private): Ann wrote “hi”",
        "- telegram: {chat: 55}",
    ]
    assert "Write to @airbridge_bot" in told.err


def test_being_added_to_a_group_is_enough(server: FakeTelegram) -> None:
    """The service message of joining tells the id too; what names no chat is passed over."""
    me = {"id": 123456789, "is_bot": True, "first_name": "Airbridge"}
    old, new = {"user": me, "status": "left"}, {"user": me, "status": "member"}
    server.update(poll={"id": "1", "question": "?", "options": [], "total_voter_count": 0,
                        "is_closed": False, "is_anonymous": True, "type": "regular",
                        "allows_multiple_answers": False, "allows_revoting": True,
                        "members_only": False})  # fmt: skip
    waker = threading.Timer(0.3, lambda: server.update(my_chat_member={
        "chat": DESK, "from": {"id": 7, "is_bot": False, "first_name": "Ann"}, "date": 1735247000,
        "old_chat_member": old, "new_chat_member": new,
    }))  # fmt: skip
    waker.start()
    names: list[str] = []
    found = hear(TOKEN, api=server.api, timeout_s=20, on_ready=names.append)
    waker.join()
    assert found == (Heard(-1001234, None, "supergroup", "Desk", "Ann", ""),)
    assert names == ["airbridge_bot"]
    assert chats.yaml_line(found[0]) == "- telegram: {chat: -1001234}"


def test_nobody_wrote(
    server: FakeTelegram, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After the time is up: exit 1, and what may be the matter."""
    assert cli.main(["--config", str(config), "chats", "--timeout", "0.2"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "nobody wrote" in told.err


def test_what_was_heard_stays_for_the_service(server: FakeTelegram) -> None:
    """Listening confirms nothing that was heard."""
    server.say("/why", DESK)
    for _ in range(2):
        assert hear(TOKEN, api=server.api, timeout_s=20, on_ready=lambda _: None)


def test_failures_have_words(server: FakeTelegram) -> None:
    """A wrong token, a second listener, a dead line: each its own clear error, no token in it."""
    with pytest.raises(Stopped, match="BotFather"):
        hear("1:wrong", api=server.api, timeout_s=9, on_ready=lambda _: None)
    with pytest.raises(TryLater, match="Telegram"):
        hear(TOKEN, api="http://127.0.0.1:9", timeout_s=9, on_ready=lambda _: None)
    server.fault("getUpdates", Fault(409, {
        "ok": False, "error_code": 409, "description": "Conflict: terminated by other getUpdates"
    }))  # fmt: skip
    with pytest.raises(TryLater, match="another program listens"):
        hear(TOKEN, api=server.api, timeout_s=9, on_ready=lambda _: None)
    server.fault("getMe", Fault(200, {"ok": False}))
    with pytest.raises(TryLater, match="makes no sense"):
        hear(TOKEN, api=server.api, timeout_s=9, on_ready=lambda _: None)


def test_a_token_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a file the environment may give it; without either the verb says where to put it."""
    nowhere = tmp_path / "none.yaml"
    monkeypatch.delenv("TELEGRAM_TOKEN", raising=False)
    assert cli.main(["--config", str(nowhere), "chats"]) == 2
    assert "no bot token; expected telegram.token_file" in capsys.readouterr().err
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    assert chats.token(nowhere).token == TOKEN


@pytest.mark.parametrize("text", ["0", "-1", "soon", "nan", "1e9"])
def test_timeouts_are_checked(text: str) -> None:
    """A wait that makes no sense is refused by name."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    chats.add_arguments(parser)
    with pytest.raises(argparse.ArgumentError, match=r"expected seconds"):
        parser.parse_args([f"--timeout={text}"])
