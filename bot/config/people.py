"""`audiences:`, `operators:` and `telegram:`: who is told, and how they are reached."""

from bot.config.mistakes import Wrong, shown
from bot.config.scalars import web_address, word
from bot.config.secrets import Secrets, chat_address, telegram_token
from bot.config.settings import TelegramSettings
from bot.config.table import Spot, Table
from bot.config.tree import Entries
from bot.model.watch import Address

CHANNELS = ("telegram", "console")
PLACES = ("telegram.token_file, the credential telegram_token, or TELEGRAM_TOKEN in the "
          "environment")  # fmt: skip


def read_audiences(value: Spot) -> dict[str, tuple[Address, ...]]:
    """Every audience with its addresses; one that is wrong is there, with those that are right."""
    found = {}
    for name, spot in value.named():
        try:
            word(name)
        except Wrong as exc:
            spot.wrong(str(exc))
        items = [spot] if isinstance(spot.node, Entries) else spot.items()
        addresses = [_address(item) for item in items]
        if not items and not isinstance(spot.node, Entries):
            spot.wrong("found nobody, expected at least one address (console, telegram)")
        found[name] = tuple(dict.fromkeys(a for a in addresses if a is not None))
    return found


def _address(item: Spot) -> Address | None:
    if not isinstance(item.node, Entries):
        return item.value(_console)
    table = item.table(("telegram",))
    chat = table.spot("telegram") if table else None
    if chat is None:
        if table is not None and not table.node.entries:
            item.wrong("found nothing, expected an address (console, telegram)")
        return None
    if not isinstance(chat.node, Entries):
        return chat.value(_chat)
    inside = chat.table(("chat", "topic"))
    number = inside.need("chat", _plain, "a chat id or @name") if inside else None
    if inside is None or number is None:
        return None
    topic = inside.get("topic", _plain, "")
    try:
        return chat_address(number, topic)
    except Wrong as exc:
        inside.wrong("chat", f"found {shown(f'{number}/{topic}' if topic else number)}, {exc}")
        return None


def _console(text: str) -> Address:
    if text == "console":
        return Address("console")
    hint = "" if text != "telegram" else ' (write {telegram: "@name"} or {telegram: {chat: ID}})'
    raise Wrong(f"found {shown(text)}, expected console or telegram{hint}")


def _chat(text: str) -> Address:
    try:
        return chat_address(text)
    except Wrong as exc:
        raise Wrong(f"found {shown(text)}, {exc}") from exc


def _plain(text: str) -> str:
    return text


def read_telegram(
    root: Table, secrets: Secrets, used: bool, need_secrets: bool
) -> TelegramSettings | None:
    """Token and server. A token that is nowhere is a mistake when something needs it, unless the
    caller only explains (`need_secrets` False): then it is a warning."""
    spot = root.spot("telegram")
    table = spot.table(("token_file", "api")) if spot else None
    before = len(root.mistakes)
    api = table.get("api", web_address, "") if table else ""
    token = secrets.find(table, "token_file", "telegram_token", "TELEGRAM_TOKEN")
    if token is not None and not telegram_token(token):
        root.mistakes.add(spot.node.line if spot else 1, "telegram", "the token found has not the "
                          "shape NUMBER:LETTERS that @BotFather gives")  # fmt: skip
        return None
    if token is None:
        if used and len(root.mistakes) == before:
            text = f"no bot token; expected one in {PLACES}"
            if need_secrets:
                root.mistakes.add(spot.node.line if spot else 1, "telegram", text)
            else:
                root.mistakes.warn(f"Telegram: {text}; until then nothing is sent there")
        return None
    return TelegramSettings(token, api)
