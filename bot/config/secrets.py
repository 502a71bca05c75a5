"""Where secrets come from: a file, then the service's credential folder, then the environment.

Never from YAML. No message of this module repeats a secret, nor the name of a file that cannot
be read (somebody may have pasted the secret itself there); the line number finds it.
"""

import json
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from bot.config.mistakes import Mistakes, Wrong
from bot.config.table import Table
from bot.config.tree import TOKEN
from bot.errors import ConfigError
from bot.model.watch import Address

SECRET_BYTES_MAX = 4096  # a key is a line; a larger file is the wrong file
_CHAT = re.compile(r"(-?[1-9]\d{0,18}|@[A-Za-z][A-Za-z0-9_]{3,31})(?:/([1-9]\d{0,18}))?", re.ASCII)


class Secrets:
    """Finds secrets for one configuration file."""

    def __init__(self, folder: Path, env: Mapping[str, str], mistakes: Mistakes) -> None:
        self._folder, self._env, self._mistakes = folder, env, mistakes

    def find(
        self, table: Table | None, key: str, credential: str, variable: str = "",
        form: "Form | None" = None,
    ) -> str | None:  # fmt: skip
        """The secret, or None when nobody gave one. A named file that fails is a mistake; `form`
        (default: one line) turns a file's text into the secret, or raises Wrong."""
        spot = table.spot(key) if table else None
        if table is not None and spot is not None:
            name = spot.text()
            try:
                return self._read(self._folder / name, form or one_line) if name else None
            except Wrong as exc:
                table.wrong(key, str(exc))
                return None
        found = self._credential(credential, form or one_line)
        return found or self._env.get(variable, "").strip() or None

    def _credential(self, name: str, form: "Form") -> str | None:
        folder = self._env.get("CREDENTIALS_DIRECTORY")
        if not folder or not (Path(folder) / name).is_file():
            return None
        try:
            return self._read(Path(folder) / name, form)
        except Wrong as exc:
            self._mistakes.add(1, f"credential {name}", str(exc))
            return None

    def _read(self, path: Path, form: "Form") -> str:
        try:
            mode = path.stat().st_mode
            with path.open("rb") as file:
                raw = file.read(SECRET_BYTES_MAX + 1)
        except (OSError, ValueError) as exc:
            reason = getattr(exc, "strerror", None) or "not a file name"
            raise Wrong(f"the file it names cannot be read: {reason}") from exc
        text = form("" if len(raw) > SECRET_BYTES_MAX else raw.decode("ascii", "replace").strip())
        if mode & stat.S_IROTH:
            self._mistakes.warn(f"{path.name} can be read by every user of this machine: "
                                f"chmod 600 {path.name}")  # fmt: skip
        return text


Form = Callable[[str], str]
"""A file's text to the secret in it; raises Wrong, without repeating any of it."""


def one_line(text: str) -> str:
    """A key or token as it is."""
    if not text or not text.isprintable() or " " in text or "\ufffd" in text:
        raise Wrong("the file it names holds no key, expected one line with nothing else")
    return text


def opensky_client(text: str) -> str:
    """The credentials file of OpenSky's account page, `{"clientId": ..., "clientSecret": ...}`."""
    try:
        given = json.loads(text)
        names = [given[name] for name in ("clientId", "clientSecret")]
    except (ValueError, KeyError, TypeError, RecursionError):
        names = []
    if len(names) != 2 or not all(isinstance(name, str) and name.strip() for name in names):
        # without its cause: a decoder's error quotes the file
        raise Wrong("the file it names is no OpenSky credentials file, expected the JSON of its "
                    "account page, with clientId and clientSecret") from None  # fmt: skip
    return json.dumps({"clientId": names[0].strip(), "clientSecret": names[1].strip()})


def telegram_token(text: str) -> bool:
    """Whether this has the shape of a bot token ('1:T' passes: self-hosted servers differ)."""
    return bool(TOKEN.fullmatch(text) or re.fullmatch(r"\d+:[A-Za-z0-9_-]+", text))


def chat_address(chat: str, topic: str = "") -> Address:
    """A Telegram address from what a human writes; Wrong when it is none."""
    found = _CHAT.fullmatch(f"{chat}/{topic}" if topic else chat)
    if found is None:
        raise Wrong("expected a chat id such as -1001234567890 (`airbridge chats` shows it) or "
                    "the @name of a public channel")  # fmt: skip
    return Address("telegram", found[0])


def telegram_address(env: Mapping[str, str]) -> Address | None:
    """`TELEGRAM_CHAT` ('-100123', '-100123/7', '@channel') for the demo and by hand.

    None when it is not set. Raises ConfigError when it is no chat.
    """
    chat = env.get("TELEGRAM_CHAT", "").strip()
    if not chat:
        return None
    try:
        return chat_address(chat)
    except Wrong as exc:
        raise ConfigError([f"TELEGRAM_CHAT: {exc}"]) from exc
