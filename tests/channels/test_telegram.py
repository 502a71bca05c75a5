"""Telegram, by the unmodified client, against a Bot API on a real port."""

import asyncio
import inspect
import logging
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace

import pytest
from telegram import Bot
from telegram import error as tg
from telegram.request import HTTPXRequest

from bot.channels.telegram import TelegramChannel, connected
from bot.channels.telegram_bot import close_bot, loop_thread
from bot.channels.telegram_errors import MEANS, translate
from bot.errors import Moved, Stopped, TryLater, Undeliverable
from bot.model.alert import Message, Picture, Section, Span
from bot.model.watch import Address
from tests.channels.conftest import CHART, LONG, MAP, SHORT, line, png
from tests.fake_telegram import BAD_GATEWAY, TOKEN, Chat, FakeTelegram, Fault, flood, refusal

DESK = Address("telegram", "-100123")
TOPIC = Address("telegram", "-100123/7")


# ------------------------------------------------------------------------------ what arrives


def test_a_text_arrives_as_it_was_meant(server: FakeTelegram, channel: TelegramChannel) -> None:
    """Topic, thread, silence and link preview reach the server as asked."""
    first = channel.send(SHORT, TOPIC)
    channel.send(replace(SHORT, silent=True), TOPIC, reply_to=first.message_id)
    one, two = server.told
    assert one.text == "3 legs so far today\n\nBy chance about once in 40 years"
    assert one.html.startswith("<b>3 legs so far today</b>")
    assert (one.chat, one.thread, one.silent, one.preview) == (-100123, 7, False, False)
    assert (two.reply_to, two.silent) == (one.id, True)
    assert first.message_id == str(one.id)


def test_a_public_channel_has_a_name(server: FakeTelegram, channel: TelegramChannel) -> None:
    """@name addresses are passed on as they are."""
    channel.send(SHORT, Address("telegram", "@desk"))
    assert server.calls[0][1]["chat_id"] == "@desk"


def test_one_picture_carries_the_words(server: FakeTelegram, channel: TelegramChannel) -> None:
    """What fits a caption is one photo with everything under it."""
    channel.send(replace(SHORT, pictures=(CHART,)), DESK)
    (told,) = server.told
    assert told.method == "sendPhoto"
    assert "once in 40 years" in told.text
    assert told.photos == [CHART.png]


def test_chart_and_map_are_an_album(server: FakeTelegram, channel: TelegramChannel) -> None:
    """Two pictures are one album, captioned once; what does not fit follows as a silent reply."""
    receipt = channel.send(LONG, TOPIC)
    chart, map_, rest = server.told
    assert [chart.photos, map_.photos] == [[CHART.png], [MAP.png]]
    assert chart.text.startswith("RECONSTRUCTION\n7 legs in 3 days")
    assert map_.text == ""
    assert rest.text.startswith("RECONSTRUCTION\n\nLegs\nleg 0 ")
    assert (rest.reply_to, rest.thread, rest.silent) == (chart.id, 7, True)
    assert receipt.message_id == str(chart.id)


@pytest.mark.parametrize(
    "text",
    ["<b>&amp;</i>", 'a "quoted" <a href="x">', "👩‍✈️🏴󠁧󠁢󠁳󠁣󠁴󠁿", "الطيران", "Ђурђевак", "a&b;<",
     "\u202eABC", "lone \ud800 half", "nul \0 and esc \x1b[31m"],
)  # fmt: skip
def test_strangers_text_survives(server: FakeTelegram, channel: TelegramChannel, text: str) -> None:
    """Whatever a callsign holds, the words arrive, in markup, in caption and in links."""
    said = (Span(text, "b"), Span(" track", "", f"https://adsb.lol/?icao={text}"))
    message = Message(title=text, sections=(Section((said,)),), label=text)
    channel.send(message, DESK)
    channel.send(replace(message, pictures=(CHART,)), DESK)
    kept = text.replace("\ud800", "\ufffd").replace("\0", "\ufffd").replace("\x1b", "\ufffd")
    for told in server.told:
        assert told.text == f"{kept}\n{kept}\n\n{kept} track"


# --------------------------------------------------------------------------- what goes wrong


def test_flood_waits(server: FakeTelegram, channel: TelegramChannel) -> None:
    """A 429 says how long, and is not an error of the message."""
    server.fault("sendMessage", flood(17))
    with pytest.raises(TryLater, match="Retry in") as caught:
        channel.send(SHORT, DESK)
    assert caught.value.after_s == 18
    channel.send(SHORT, DESK)
    assert len(server.told) == 1


@pytest.mark.parametrize(
    ("fault", "arrived"),
    [(BAD_GATEWAY, 0), (refusal("Internal Server Error", 500), 0), (Fault(abort="before"), 0),
     (Fault(abort="after"), 1), (Fault(200, {"ok": False}), 0), (Fault(200, "<html>"), 0),
     (Fault(200, {"ok": True, "result": {"odd": 1}}), 0), (Fault(400, "<html>portal</html>"), 0),
     (Fault(302, "<html>sign in</html>"), 0), (refusal("Conflict", 409), 0)],
)  # fmt: skip
def test_a_lost_answer_is_asked_again(
    server: FakeTelegram, channel: TelegramChannel, fault: Fault, arrived: int
) -> None:
    """Anything but a clear no is tried again: at least once, perhaps twice, never lost."""
    server.fault("sendMessage", fault)
    with pytest.raises(TryLater):
        channel.send(SHORT, DESK)
    assert len(server.told) == arrived
    channel.send(SHORT, DESK)
    assert len(server.told) == arrived + 1


def test_a_slow_server_times_out(server: FakeTelegram) -> None:
    """The client's own time limit is an unknown outcome."""
    server.fault("sendMessage", Fault(delay_s=1))
    with loop_thread() as loop:
        bot = Bot(TOKEN, f"{server.api}/bot", request=HTTPXRequest(read_timeout=0.1))
        with pytest.raises(TryLater, match="outcome unknown"):
            TelegramChannel(bot, loop).send(SHORT, DESK)
        asyncio.run_coroutine_threadsafe(close_bot(bot), loop).result()


def test_waiting_has_an_end(server: FakeTelegram) -> None:
    """A loop that does not answer in time is an unknown outcome too."""
    server.fault("sendMessage", Fault(delay_s=1))
    with loop_thread() as loop:
        bot = Bot(TOKEN, f"{server.api}/bot", request=HTTPXRequest())
        with pytest.raises(TryLater, match="no answer in 0 s"):
            TelegramChannel(bot, loop, wait_s=0.1).send(SHORT, DESK)
        asyncio.run_coroutine_threadsafe(close_bot(bot), loop).result()


def test_nobody_there(server: FakeTelegram) -> None:
    """A closed port is temporary."""
    with connected(TOKEN, "http://127.0.0.1:9") as telegram, pytest.raises(TryLater):
        telegram.send(SHORT, DESK)


def test_closing_frees_the_courier(server: FakeTelegram, channel: TelegramChannel) -> None:
    """Shutdown interrupts a send that waits; the message stays to be sent again."""
    server.fault("sendMessage", Fault(delay_s=30))
    timer = threading.Timer(0.2, channel.close)
    timer.start()
    begun = time.monotonic()
    with pytest.raises(TryLater, match="interrupted"):
        channel.send(SHORT, DESK)
    assert time.monotonic() - begun < 10
    with pytest.raises(TryLater, match="closing"):
        channel.send(SHORT, DESK)
    timer.join()


def test_a_group_that_moved_tells_where(server: FakeTelegram, channel: TelegramChannel) -> None:
    """A migrated group answers with its new id."""
    server.chats = {"-100123": Chat(-100123, moved_to=-100777)}
    with pytest.raises(Moved) as caught:
        channel.send(SHORT, DESK)
    assert caught.value.address == "-100777"


@pytest.mark.parametrize(
    ("fault", "dead"),
    [
        (refusal("Forbidden: bot was kicked from the supergroup chat", 403), True),
        (refusal("Forbidden: bot was blocked by the user", 403), True),
        (refusal("Forbidden: the group chat was deleted", 403), True),
        (refusal("Forbidden: user is deactivated", 403), True),
        (refusal("Bad Request: chat not found"), True),
        (refusal("Bad Request: group is deactivated"), True),
        (refusal("Bad Request: need administrator rights in the channel chat"), True),
        (refusal("Bad Request: CHAT_WRITE_FORBIDDEN"), True),
        (refusal("Bad Request: bot is not in the chat"), True),
    ],
)
def test_a_finished_chat_is_said_to_be(
    server: FakeTelegram, channel: TelegramChannel, fault: Fault, dead: bool
) -> None:
    """What will never work is not tried again, and whether the whole chat is finished is told."""
    server.fault("sendMessage", fault)
    with pytest.raises(Undeliverable) as caught:
        channel.send(SHORT, DESK)
    assert caught.value.chat_dead is dead
    assert not server.told


def test_an_unknown_refusal_ends(server: FakeTelegram, channel: TelegramChannel) -> None:
    """A 400 that nobody wrote down gives up pictures, then markup, then the message: it ends."""
    server.fault("*", *[refusal("Bad Request: SOMETHING_NEW")] * 3)
    with pytest.raises(Undeliverable, match=r"(?i)something_new") as caught:
        channel.send(replace(SHORT, pictures=(CHART,)), DESK)
    assert not caught.value.chat_dead


def test_a_deleted_topic_goes_to_the_main_thread(
    server: FakeTelegram, channel: TelegramChannel
) -> None:
    """An alert for a topic that is gone arrives all the same, and the receipt says where."""
    server.chats = {"-100123": Chat(-100123, topics={1})}
    receipt = channel.send(LONG, TOPIC)
    assert [told.thread for told in server.told] == [None] * 3
    assert receipt.note == "topic gone: sent to the main thread"


def test_refused_markup_is_sent_plain_once(
    server: FakeTelegram, channel: TelegramChannel, caplog: pytest.LogCaptureFixture
) -> None:
    """Words matter more than bold type; the markup goes to the log."""
    server.fault("sendMessage", refusal("Bad Request: can't parse entities: no idea"))
    receipt = channel.send(SHORT, DESK)
    assert receipt.note == "sent as plain text"
    assert server.told[0].html == "3 legs so far today\n\nBy chance about once in 40 years"
    assert "<b>3 legs so far today</b>" in caplog.text


def test_a_caption_held_too_long_is_parted(server: FakeTelegram, channel: TelegramChannel) -> None:
    """When the server counts otherwise, the picture keeps its title and the words follow."""
    server.fault("sendPhoto", refusal("Bad Request: message caption is too long"))
    channel.send(replace(SHORT, pictures=(CHART,)), DESK)
    photo, words = server.told
    assert photo.text == "3 legs so far today"
    assert words.text == "By chance about once in 40 years"
    assert words.reply_to == photo.id


def test_a_text_held_too_long_is_shortened(server: FakeTelegram, channel: TelegramChannel) -> None:
    """Half of it arrives; the receipt says so; a server that refuses everything ends it."""
    message = Message("Title", (Section(tuple(line(f"row {i}") for i in range(300))),))
    server.fault("sendMessage", refusal("Bad Request: message is too long"))
    receipt = channel.send(message, DESK)
    assert "more lines" in server.told[0].text
    assert receipt.note.startswith("shortened")
    server.fault("sendMessage", *[refusal("Bad Request: message is too long")] * 9)
    with pytest.raises(Undeliverable):
        channel.send(message, DESK)


@pytest.mark.parametrize(
    "picture", [b"no picture", png(9_000, 2_000), b"\x89PNG\r\n\x1a\n" + b"\0" * 11_000_000]
)
def test_a_refused_picture_does_not_hold_the_words(
    server: FakeTelegram, channel: TelegramChannel, picture: bytes
) -> None:
    """Without its picture the alert still arrives."""
    receipt = channel.send(replace(SHORT, pictures=(Picture("x.png", picture, ""),)), DESK)
    (told,) = server.told
    assert told.method == "sendMessage"
    assert "without pictures" in receipt.note


def test_a_lost_first_message_is_no_obstacle(
    server: FakeTelegram, channel: TelegramChannel
) -> None:
    """A reply to a message that somebody deleted is sent on its own."""
    channel.send(SHORT, DESK, reply_to="4711")
    assert server.told[0].reply_to is None
    server.fault("sendMessage", refusal("Bad Request: message to be replied not found"))
    assert "not sent as a reply" in channel.send(SHORT, DESK, reply_to="1").note


def test_not_modified_is_success(server: FakeTelegram, channel: TelegramChannel) -> None:
    """What is already as it should be has been delivered."""
    server.fault("sendMessage", refusal("Bad Request: message is not modified"))
    assert channel.send(SHORT, DESK, reply_to="5").message_id == "5"


def test_a_half_sent_message_goes_on_where_it_stopped(
    server: FakeTelegram, channel: TelegramChannel
) -> None:
    """After the album, only the words are sent again, though quiet hours began meanwhile."""
    server.fault("sendMessage", flood(3), BAD_GATEWAY)
    for _ in range(2):
        with pytest.raises(TryLater):
            channel.send(LONG, DESK)
    receipt = channel.send(replace(LONG, silent=True), DESK)
    assert [told.method for told in server.told] == ["sendMediaGroup"] * 2 + ["sendMessage"]
    assert receipt.message_id == str(server.told[0].id)
    channel.send(LONG, DESK)
    assert len(server.told) == 6  # the same words later are a new message


def test_half_sent_messages_are_kept_apart(server: FakeTelegram, channel: TelegramChannel) -> None:
    """One chat's flood does not make another chat's message start in its middle."""
    server.fault("sendMessage", flood(3))
    with pytest.raises(TryLater):
        channel.send(LONG, DESK)
    channel.send(LONG, Address("telegram", "-100456"))
    assert [told.chat for told in server.told] == [-100123] * 2 + [-100456] * 3


@pytest.mark.parametrize("to", ["", "desk", "-100123/x", "12.5"])
def test_a_wrong_address_is_said_to_be(channel: TelegramChannel, to: str) -> None:
    """An address that can be no chat is finished."""
    with pytest.raises(Undeliverable, match="is no chat") as caught:
        channel.send(SHORT, Address("telegram", to))
    assert caught.value.chat_dead


# ------------------------------------------------------------------------------- the token


def test_a_revoked_token_stops_the_channel(server: FakeTelegram) -> None:
    """After a 401 nothing is asked again, nothing is lost, and the text says what to do."""
    with connected("987654321:another-token-that-is-not-known-here", server.api) as telegram:
        with pytest.raises(Stopped, match="BotFather") as caught:
            telegram.send(SHORT, DESK)
        assert caught.value.after_s
        server.fault("sendMessage", flood(1))
        with pytest.raises(Stopped):
            telegram.send(SHORT, DESK)
        assert "stopped" in repr(telegram)


FAILURES = [
    refusal("Unauthorized", 401),
    refusal("Not Found", 404),
    Fault(502, f'<a href="https://api.telegram.org/bot{TOKEN}/sendMessage">moved</a>'),
    Fault(302, f"see https://portal/?from=https://api.telegram.org/bot{TOKEN}/sendMessage"),
    Fault(200, f"<html>{TOKEN}</html>"),
    refusal(f"Bad Request: cannot reach /bot{TOKEN}/sendMessage"),
    refusal(f"Forbidden: {TOKEN}", 403),
    Fault(abort="before"),
]


@pytest.mark.parametrize("fault", FAILURES)
def test_the_token_is_told_to_nobody(
    server: FakeTelegram, channel: TelegramChannel, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    """No log line of any level, no error text, no traceback and no repr holds the token."""
    caplog.set_level(logging.DEBUG)
    server.fault("sendMessage", fault, fault)
    with pytest.raises((TryLater, Undeliverable)) as caught:
        channel.send(SHORT, DESK)
    told = "".join(traceback.format_exception(caught.value))
    secret = TOKEN.partition(":")[2]
    assert secret not in told
    assert secret not in caplog.text + repr(channel) + repr(caught.value)


# --------------------------------------------------------------------------- the whole table


def test_every_error_of_the_library_is_mapped() -> None:
    """An error that a new release exports must be given its meaning here."""
    exported = {getattr(tg, name) for name in tg.__all__}
    assert exported == set(MEANS)
    classes = {c for _, c in inspect.getmembers(tg, inspect.isclass) if c.__module__ == tg.__name__}
    assert classes <= set(MEANS)


def samples() -> Iterator[tuple[tg.TelegramError, type[Exception]]]:
    yield tg.RetryAfter(5), TryLater
    yield tg.ChatMigrated(-1007), Moved
    yield tg.InvalidToken(), Stopped
    yield tg.EndPointNotFound("no such method"), Stopped
    yield tg.Forbidden("bot was blocked by the user"), Undeliverable
    yield tg.BadRequest("something odd"), Undeliverable
    yield tg.TimedOut(), TryLater
    yield tg.NetworkError("reset"), TryLater
    yield tg.Conflict("two pollers"), TryLater
    yield tg.PassportDecryptionError("no"), Undeliverable
    yield tg.TelegramError("no idea"), TryLater


@pytest.mark.parametrize(("error", "means"), list(samples()))
def test_what_each_error_means(error: tg.TelegramError, means: type[Exception]) -> None:
    """A BadRequest is final though the library calls it a network error; a timeout is not."""
    assert type(translate(error)) is means
