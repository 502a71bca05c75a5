"""`airbridge chats`: wait for a message to the bot and print its chat for config.yaml."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import ConfigError

if TYPE_CHECKING:
    from bot.channels.telegram_listen import Heard
    from bot.config import TelegramSettings

TIMEOUT_S = 120.0
SHOWN = 60  # characters of what was written


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own options."""
    parser.add_argument("--timeout", type=_seconds, default=TIMEOUT_S, metavar="SECONDS",
                        help=f"how long to wait (default: {TIMEOUT_S:.0f})")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """0: a chat was heard, its YAML line is on standard output; 1: nobody wrote."""
    from bot.channels.telegram_listen import hear

    settings = token(args.config)

    def ready(name: str) -> None:
        print(f"Write to @{name} now, in the chat or topic that it shall use; in a group begin "
              f"with a slash: /start@{name}. Waiting {args.timeout:.0f} s ...",
              file=sys.stderr, flush=True)  # fmt: skip

    heard = hear(settings.token, api=settings.api, timeout_s=args.timeout, on_ready=ready)
    for one in heard:
        print(f"# {described(one)}\n{yaml_line(one)}")
    if not heard:
        print("airbridge: nobody wrote. Is the bot a member of the group, or an administrator of "
              "the channel? In groups it hears only what begins with a slash.",
              file=sys.stderr)  # fmt: skip
    return 0 if heard else 1


def token(path: Path) -> "TelegramSettings":
    """The bot's token: the configuration's, or without a file TELEGRAM_TOKEN."""
    from bot import airfields, config

    if path.exists():
        found = config.load(path, airfields.load(), need_secrets=False).telegram
    else:
        given = os.environ.get("TELEGRAM_TOKEN", "").strip()
        found = config.TelegramSettings(given) if given else None
    if found is None:
        wanted = "telegram.token_file in the configuration, or TELEGRAM_TOKEN in the environment"
        raise ConfigError([f"{path}: telegram: no bot token; expected {wanted}"])
    return found


def yaml_line(heard: "Heard") -> str:
    """An entry of an audience."""
    topic = f", topic: {heard.topic}" if heard.topic else ""
    return f"- telegram: {{chat: {heard.chat}{topic}}}"


def described(heard: "Heard") -> str:
    """'Desk (supergroup), topic 7: Ann wrote “hello”', on one harmless line."""
    from bot.channels.spell import clean

    topic = f", topic {heard.topic}" if heard.topic else ""
    said = f": {heard.who or 'somebody'} wrote “{heard.text[:SHOWN]}”" if heard.text else ""
    return " ".join(clean(f"{heard.title} ({heard.kind}){topic}{said}").split())


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"found “{text}”, expected seconds, at most a day")
    return seconds
