"""`airbridge test-channel [AUDIENCE]`: one test message with a picture to every address.

A chat that the service had disabled, and that takes the message, is taken into use again.
"""

import argparse
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.errors import ChannelError, InputError, Moved, Stopped, TryLater, Undeliverable

if TYPE_CHECKING:
    from bot.channels.base import Channel
    from bot.config import Config
    from bot.model.alert import Message
    from bot.model.watch import Address

WIDTH, HEIGHT = 480, 160  # as small as Telegram shows without blowing it up
NIGHT, DUSK, LINE = (11, 20, 34), (43, 76, 110), (255, 180, 84)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own options."""
    parser.add_argument("audience", nargs="?", metavar="AUDIENCE",
                        help="whom to send to (default: every audience)")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """0: every address took it; 1: some did not, and what to do about it was printed."""
    from bot import airfields, config

    settings = config.load(args.config, airfields.load())
    addresses = chosen(settings, args.audience)
    with channels(settings) as known:
        reached = [address for address in addresses if _sent(known[address.channel], address)]
    revive(settings, reached)
    return 0 if len(reached) == len(addresses) else 1


def _sent(channel: "Channel", address: "Address") -> bool:
    """Send, and print the receipt or what to do."""
    try:
        receipt = channel.send(message(), address)
    except ChannelError as error:
        print(f"{_named(address)}: not sent. {error}. {advice(error)}")
        return False
    note = f" ({receipt.note})" if receipt.note else ""
    print(f"{_named(address)}: sent, message {receipt.message_id}{note}")
    return True


def _named(address: "Address") -> str:
    return address.key().rstrip(":")


def revive(settings: "Config", reached: Iterable["Address"]) -> None:
    """Undo the service's verdict that a chat is finished; what is held for it goes out next."""
    from bot import app

    if not (settings.data / app.DATABASE).exists():
        return
    store = app.open_data(settings, app.clock(), thorough=False)
    try:
        with store.begin() as tx:
            back = [address for address in reached if store.enable_chat(tx, address)]
    finally:
        store.close()
    for address in back:
        print(f"{_named(address)}: was disabled, is in use again")


def chosen(settings: "Config", audience: str | None) -> tuple["Address", ...]:
    """The addresses of one audience, or of all."""
    if audience is not None and audience not in settings.audiences:
        there = ", ".join(settings.audiences)
        raise InputError(f"no audience “{audience}” in {settings.path}; there are: {there}")
    return settings.addresses((audience,) if audience else tuple(settings.audiences))


@contextmanager
def channels(settings: "Config") -> Iterator[Mapping[str, "Channel"]]:
    """Every channel that can be used, closed afterwards."""
    from bot.channels.console import ConsoleChannel

    known: dict[str, Channel] = {"console": ConsoleChannel()}
    if settings.telegram is None:
        yield known
        return
    from bot.channels.telegram import connected

    with connected(settings.telegram.token, settings.telegram.api) as telegram:
        yield {**known, "telegram": telegram}


def advice(error: ChannelError) -> str:
    """What its owner can do."""
    match error:
        case Stopped():
            return "Then run this again."
        case Moved():
            return f"Write chat: {error.address} into the configuration."
        case TryLater(after_s=float(seconds)):
            return f"Try again in {seconds:.0f} s."
        case TryLater():
            return "Check the network, then try again."
        case Undeliverable(chat_dead=True):
            return (
                "Add the bot to that chat (to a channel as an administrator; in private press "
                "Start), or find the right id with `airbridge chats`."
            )
        case _:
            return "This should not happen: please report it."


def message() -> "Message":
    """Every style that real alerts use, and a picture."""
    from bot.model.alert import Message, Picture, Section, Span

    words = (Span("Alerts of this bot will look like "), Span("this", "b"), Span(": with "),
             Span("code", "code"), Span(", "), Span("emphasis", "i"), Span(" and "),
             Span("links", "", "https://adsb.lol/"), Span("."))  # fmt: skip
    return Message(
        title="🔧 Test message",
        sections=(
            Section(
                (words, (Span("No flight was seen; nothing needs doing."),)),
            ),
        ),
        pictures=(Picture("test.png", png(), "a rising line on a night sky"),),
    )


def png() -> bytes:
    """A rising line on a night sky, made by hand: no drawing library for a test."""
    rows = b"".join(b"\0" + b"".join(_pixel(x, y) for x in range(WIDTH)) for y in range(HEIGHT))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _pixel(x: int, y: int) -> bytes:
    rise = HEIGHT * (0.85 - 0.7 * (x / WIDTH) ** 3)
    if abs(y - rise) < 2.2:
        return bytes(LINE)
    share = y / HEIGHT
    return bytes(round(a + (b - a) * share) for a, b in zip(NIGHT, DUSK, strict=True))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
