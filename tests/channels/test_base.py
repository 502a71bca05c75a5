"""What no channel may leak."""

import io
import logging

from bot.channels.base import RedactTokens, redact
from tests.fake_telegram import TOKEN

SECRET = TOKEN.partition(":")[2]


def test_tokens_are_hidden_in_addresses_and_in_the_open() -> None:
    """A token goes, with or without an address round it; times and chat ids stay."""
    assert redact(f"https://api.telegram.org/bot{TOKEN}/getMe") == (
        "https://api.telegram.org/bot<token>/getMe"
    )
    assert SECRET not in redact(f"token {TOKEN!r} was rejected")
    assert redact("http://127.0.0.1/bot1:T/getMe") == "http://127.0.0.1/bot<token>/getMe"
    plain = "26 Dec 18:05:00, chat -1001234567890/7, port 127.0.0.1:8081"
    assert redact(plain) == plain


def test_a_handler_with_the_filter_tells_no_token() -> None:
    """Message, arguments and traceback are cleaned; nothing is dropped."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactTokens())
    logger = logging.getLogger("test.redact")
    logger.addHandler(handler)
    try:
        logger.warning("asked url=%s", f"https://api.telegram.org/bot{TOKEN}/getMe")
        try:
            raise ValueError(f"bad token {TOKEN}")
        except ValueError:
            logger.exception("failed")
        logger.warning("fine n=%d", 3)
    finally:
        logger.removeHandler(handler)
    told = stream.getvalue()
    assert SECRET not in told
    assert "bot<token>/getMe" in told
    assert "ValueError: bad token <token>" in told
    assert "fine n=3" in told
