"""Which chats wrote to the bot: how an owner finds the id to put into config.yaml.

Listens once and confirms nothing: what was heard stays for the service to read.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from telegram import Bot, Update
from telegram import error as tg

from bot.channels.telegram_bot import close_bot, new_bot
from bot.channels.telegram_errors import NONSENSE, discreet, senseless, translate
from bot.errors import TryLater

POLL_S = 25  # one long poll; Telegram and the proxies between us keep a silent line that long
KINDS = [Update.MESSAGE, Update.CHANNEL_POST, Update.MY_CHAT_MEMBER]


@dataclass(frozen=True, slots=True)
class Heard:
    """One chat, and topic, in which something was said to the bot."""

    chat: int
    topic: int | None
    kind: str  # 'private', 'group', 'supergroup', 'channel'
    title: str
    who: str = ""
    text: str = ""


def hear(
    token: str, *, api: str = "", timeout_s: float, on_ready: Callable[[str], None]
) -> tuple[Heard, ...]:
    """The chats of the first messages to arrive, each once; () after `timeout_s`.

    `on_ready` gets the bot's user name. Raises Stopped for a wrong token, TryLater when Telegram
    cannot be asked or somebody else listens to the same bot.
    """
    return asyncio.run(_hear(new_bot(token, api), timeout_s, on_ready))


async def _hear(bot: Bot, timeout_s: float, on_ready: Callable[[str], None]) -> tuple[Heard, ...]:
    try:
        on_ready((await bot.get_me()).username or "")
        async with asyncio.timeout(timeout_s):
            return await _first(bot)
    except TimeoutError:
        return ()
    except tg.Conflict as error:
        text = "another program listens to this bot; stop it first (airbridge run? a webhook?)"
        raise TryLater(f"Telegram: {text}") from error
    except tg.TelegramError as error:
        raise translate(error) from discreet(error)
    except NONSENSE as error:
        raise senseless(error) from discreet(error)
    finally:
        await close_bot(bot)


async def _first(bot: Bot) -> tuple[Heard, ...]:
    offset = None
    while True:
        updates = await bot.get_updates(offset=offset, timeout=POLL_S, allowed_updates=KINDS)
        heard = [found for update in updates if (found := _heard(update)) is not None]
        if heard:
            return tuple({(h.chat, h.topic): h for h in heard}.values())
        offset = updates[-1].update_id + 1 if updates else offset


def _heard(update: Update) -> Heard | None:
    chat, message, user = update.effective_chat, update.effective_message, update.effective_user
    if chat is None:
        return None
    topic = message.message_thread_id if message and message.is_topic_message else None
    text = (message.text or message.caption or "") if message else ""
    who = user.full_name if user else ""
    return Heard(chat.id, topic, chat.type, chat.effective_name or "", who, text)
