"""The console: plain text for terminals, journals and pipes."""

import io
from datetime import UTC, datetime

import pytest

from bot.channels.base import Channel
from bot.channels.console import ConsoleChannel
from bot.errors import TryLater
from bot.model.alert import Message, Section, Span
from bot.model.watch import Address
from tests.channels.conftest import LONG, line

HERE = Address("console")
LINK = (Span("seen "), Span("track", "", "https://adsb.lol/?icao=154076&showTrace=2024-12-26"))


class Terminal(io.StringIO):
    """A stream with somebody in front of it."""

    def isatty(self) -> bool:
        return True


def shown(message: Message, stream: io.StringIO | None = None, width: int = 60) -> str:
    stream = stream or io.StringIO()
    channel: Channel = ConsoleChannel(stream, width=width)
    assert channel.send(message, HERE).message_id == "console"
    return stream.getvalue()


def test_a_message_reads_top_down() -> None:
    """Label, title, sections, and what the pictures show."""
    rule, *rest = shown(LONG).splitlines()
    assert rule == "─" * 60
    assert rest[:5] == ["RECONSTRUCTION", "7 legs in 3 days", "", "expected 0.2", ""]
    assert "[chart.png: daily legs]" in rest


def test_no_colour_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Escapes only where a terminal looks on, and not against its owner's wish."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" not in shown(LONG)
    assert "\x1b[1m7 legs in 3 days\x1b[0m" in shown(LONG, Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown(LONG, Terminal())


def test_lines_are_wrapped_but_addresses_whole() -> None:
    """Long lines are indented where they go on; an address stays in one piece."""
    text = shown(
        Message(
            "T",
            (
                Section(
                    (LINK, line("word " * 30)),
                ),
            ),
        ),
        width=40,
    )
    assert "    https://adsb.lol/?icao=154076&showTrace=2024-12-26\n" in text
    assert max(len(row) for row in text.splitlines() if "adsb" not in row) <= 40


def test_strangers_do_not_drive_the_terminal() -> None:
    """Control characters of a callsign are shown as what they are: nothing."""
    assert "\x1b" not in shown(Message("\x1b[2J\x07", (Section((line("\x9b31m"),)),)))


def test_an_ascii_stream_is_served() -> None:
    """What the stream cannot write is replaced, not refused."""
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii") as stream:
        ConsoleChannel(stream, width=40).send(Message("Hmeimim → Libya 📈", ()), HERE)
        assert b"Hmeimim ? Libya ?" in raw.getvalue()


def test_a_closed_stream_is_tried_again() -> None:
    """A stream that is gone is no reason to lose the message."""
    stream = io.StringIO()
    stream.close()
    with pytest.raises(TryLater, match="console"):
        ConsoleChannel(stream).send(LONG, HERE)


def test_a_clock_stamps_messages() -> None:
    """Replays show simulated times."""
    stream = io.StringIO()
    clock = datetime(2024, 12, 26, 21, 40, tzinfo=UTC)
    ConsoleChannel(stream, width=40, clock=lambda: clock).send(Message("T", ()), HERE)
    assert "2024-12-26 21:40 UTC  T" in stream.getvalue()


def test_standard_output_is_found_late(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a stream it is whatever standard output is at the time."""
    ConsoleChannel(width=40).send(Message("T", ()), HERE)
    assert "T\n" in capsys.readouterr().out
