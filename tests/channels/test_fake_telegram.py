"""The fake Bot API, driven by the unmodified client: what tests and people rely on."""

import asyncio
import json
import urllib.parse
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from telegram import (
    Bot,
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    ReplyParameters,
    Update,
)
from telegram import error as tg
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from tests.channels.conftest import png
from tests.fake_telegram import BAD_GATEWAY, TOKEN, Chat, FakeTelegram, Fault, flood

DESK = -100123
KEYS = InlineKeyboardMarkup([[InlineKeyboardButton("Ack", callback_data="ack")]])


def drive(server: FakeTelegram, act: Callable[[Bot], Awaitable[Any]], token: str = TOKEN) -> Any:
    """Run `act` with an initialised, unmodified bot."""

    async def inside() -> Any:
        async with Bot(token, f"{server.api}/bot") as bot:
            return await act(bot)

    return asyncio.run(inside())


def test_an_application_starts(server: FakeTelegram) -> None:
    """getMe has the shape that the client insists on."""
    me = drive(server, lambda bot: bot.get_me())
    assert me.is_bot
    assert me.username == "airbridge_bot"


def test_a_wrong_token_is_refused(server: FakeTelegram) -> None:
    """401, as for a revoked token."""
    with pytest.raises(tg.InvalidToken):
        drive(server, lambda bot: bot.get_me(), token="1:wrong")


def test_json_and_urlencoded_are_accepted(server: FakeTelegram) -> None:
    """Other clients than the library may post JSON or forms."""
    fields = {"chat_id": "-100123", "text": "<b>hi</b>", "parse_mode": "HTML"}
    for data, kind in (
        (json.dumps(fields).encode(), "application/json"),
        (urllib.parse.urlencode(fields).encode(), "application/x-www-form-urlencoded"),
    ):
        request = urllib.request.Request(
            f"{server.api}/bot{TOKEN}/sendMessage", data, {"Content-Type": kind}
        )
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer)["result"]["text"] == "hi"


def test_dates_are_seconds_and_topics_are_echoed(server: FakeTelegram) -> None:
    """A message comes back with a sane date, its thread, and the words behind its markup."""
    sent = drive(
        server,
        lambda bot: bot.send_message(DESK, "<i>a &amp; b</i>", "HTML", message_thread_id=7),
    )
    assert sent.text == "a & b"
    assert sent.message_thread_id == 7
    assert sent.is_topic_message
    assert 2000 < sent.date.year < 2200


@pytest.mark.parametrize(
    "html",
    ["<b>open", "shut</b>", "<b><i>crossed</b></i>", "<script>x</script>", "1 < 2", "<p>no</p>",
     '<a href="x" onclick="y">z</a>', "<br/>", "<b"],
)  # fmt: skip
def test_markup_is_judged(server: FakeTelegram, html: str) -> None:
    """Unknown, crossed and unclosed tags are refused as the real server does."""
    with pytest.raises(tg.BadRequest, match="parse entities"):
        drive(server, lambda bot: bot.send_message(DESK, html, "HTML"))


def test_lengths_count_after_parsing_in_utf16(server: FakeTelegram) -> None:
    """4,096 and 1,024 units of what is shown; markup is free, an emoji is two."""

    async def act(bot: Bot) -> None:
        await bot.send_message(DESK, "<b>" + "📈" * 2048 + "</b>", "HTML")
        await bot.send_photo(DESK, png(), caption="<b>" + "x" * 1024 + "</b>", parse_mode="HTML")
        with pytest.raises(tg.BadRequest, match="too long"):
            await bot.send_message(DESK, "📈" * 2048 + "x")
        with pytest.raises(tg.BadRequest, match="too long"):
            await bot.send_photo(DESK, png(), caption="x" * 1025)
        with pytest.raises(tg.BadRequest, match="empty"):
            await bot.send_message(DESK, "<b> </b>", "HTML")

    drive(server, act)


def test_albums(server: FakeTelegram) -> None:
    """Two to ten pictures, uploaded as attachments, each a message of its own."""

    async def act(bot: Bot) -> None:
        media = [InputMediaPhoto(png(), caption="<b>one</b>", parse_mode="HTML")]
        with pytest.raises(tg.BadRequest, match="2 to 10"):
            await bot.send_media_group(DESK, media)
        sent = await bot.send_media_group(DESK, [*media, InputMediaPhoto(png(80, 20))])
        assert [m.caption for m in sent] == ["one", None]
        with pytest.raises(tg.BadRequest, match=r"(?i)image_process_failed"):
            await bot.send_media_group(DESK, [*media, InputMediaPhoto(b"GIF89a")])

    drive(server, act)
    assert [len(told.photos) for told in server.told] == [1, 1]


def test_edits(server: FakeTelegram) -> None:
    """An edit without a keyboard removes it; one that changes nothing is refused; answers, too."""

    async def act(bot: Bot) -> None:
        sent = await bot.send_message(DESK, "one", reply_markup=KEYS)
        with pytest.raises(tg.BadRequest, match="not modified"):
            await bot.edit_message_text("one", DESK, sent.message_id, reply_markup=KEYS)
        await bot.edit_message_text("two", DESK, sent.message_id)
        assert server.told[0].markup is None
        await bot.edit_message_reply_markup(DESK, sent.message_id, reply_markup=KEYS)
        assert server.told[0].markup is not None
        photo = await bot.send_photo(DESK, png(), caption="a")
        await bot.edit_message_caption(DESK, photo.message_id, caption="b")
        assert server.told[1].text == "b"
        await bot.delete_message(DESK, sent.message_id)
        with pytest.raises(tg.BadRequest, match="not found"):
            await bot.edit_message_text("three", DESK, sent.message_id)
        assert await bot.answer_callback_query("17", "done")
        with pytest.raises(tg.BadRequest):
            await bot.answer_callback_query("17", "x" * 201)
        await bot.set_my_commands([BotCommand("why", "why it fired")])

    drive(server, act)
    assert server.commands == [{"command": "why", "description": "why it fired"}]


def test_replies(server: FakeTelegram) -> None:
    """A reply to nothing is refused, unless sending without is allowed."""

    async def act(bot: Bot) -> None:
        with pytest.raises(tg.BadRequest, match="to be replied not found"):
            await bot.send_message(DESK, "x", reply_parameters=ReplyParameters(99))
        await bot.send_message(DESK, "x", reply_parameters=ReplyParameters(
            99, allow_sending_without_reply=True))  # fmt: skip

    drive(server, act)
    assert server.told[0].reply_to is None


def test_chats_have_rules(server: FakeTelegram) -> None:
    """Unknown, dead, migrated chats and missing topics answer as the real server does."""
    server.chats = {
        "1": Chat(1, dead="Forbidden: bot was blocked by the user"),
        "-2": Chat(-2, moved_to=-1002),
        "-3": Chat(-3, topics={5}),
    }

    async def act(bot: Bot) -> None:
        with pytest.raises(tg.BadRequest, match="Chat not found"):
            await bot.send_message(9, "x")
        with pytest.raises(tg.Forbidden, match="blocked"):
            await bot.send_message(1, "x")
        with pytest.raises(tg.ChatMigrated) as moved:
            await bot.send_message(-2, "x")
        assert moved.value.new_chat_id == -1002
        with pytest.raises(tg.BadRequest, match="thread not found"):
            await bot.send_message(-3, "x", message_thread_id=6)
        await bot.send_message(-3, "x", message_thread_id=5)

    drive(server, act)


def test_faults_happen_as_ordered(server: FakeTelegram) -> None:
    """Each fault meets one call; before and after processing look alike to the client."""

    async def act(bot: Bot) -> None:
        server.fault("sendMessage", flood(2), BAD_GATEWAY)
        with pytest.raises(tg.RetryAfter):
            await bot.send_message(DESK, "x")
        with pytest.raises(tg.NetworkError, match="502"):
            await bot.send_message(DESK, "x")
        for abort, arrived in (("before", 0), ("after", 1)):
            server.fault("sendMessage", Fault(abort=abort))
            with pytest.raises(tg.NetworkError, match=r"RemoteProtocolError|ReadError"):
                await bot.send_message(DESK, "x")
            assert len(server.told) == arrived
        server.fault("sendMessage", Fault(delay_s=0.5))
        with pytest.raises(tg.TimedOut):
            await bot.send_message(DESK, "x", read_timeout=0.1)

    drive(server, act)


def test_updates_wait_wake_and_are_confirmed(server: FakeTelegram) -> None:
    """getUpdates blocks until something happens, and forgets what is confirmed."""

    async def act(bot: Bot) -> None:
        assert await bot.get_updates(timeout=0) == ()
        waiting = asyncio.ensure_future(bot.get_updates(timeout=20))
        await asyncio.sleep(0.1)
        async with Bot(TOKEN, f"{server.api}/bot") as other:
            with pytest.raises(tg.Conflict):
                await other.get_updates(timeout=20)
        server.say("hello", {"id": DESK, "type": "supergroup", "title": "Desk"}, thread=7)
        (update,) = await waiting
        assert update.message is not None
        assert update.message.text == "hello"
        assert len(await bot.get_updates(timeout=0)) == 1
        assert await bot.get_updates(offset=update.update_id + 1, timeout=0) == ()

    drive(server, act)


def test_an_application_hears_and_survives_an_outage(server: FakeTelegram) -> None:
    """The library's own updater gets over a 502 of getUpdates and hears what is said after it."""
    heard = []

    async def act() -> None:
        done = asyncio.Event()

        async def on_text(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
            assert update.message is not None
            heard.append(update.message.text)
            done.set()

        app = Application.builder().token(TOKEN).base_url(f"{server.api}/bot").build()
        app.add_handler(MessageHandler(filters.TEXT, on_text))
        server.fault("getUpdates", BAD_GATEWAY)
        async with app:
            assert app.updater is not None
            await app.updater.start_polling(poll_interval=0.01)
            await app.start()
            server.say("/why", {"id": 7, "type": "private", "first_name": "Ann"})
            await asyncio.wait_for(done.wait(), 20)
            await app.updater.stop()
            await app.stop()

    asyncio.run(act())
    assert heard == ["/why"]
