"""`feeds:` to FeedSettings: kinds, provider presets, and the pace each provider asks for."""

from datetime import timedelta
from pathlib import Path

from bot.config.mistakes import Wrong, shown
from bot.config.scalars import duration, one_of, spoken, web_address, word
from bot.config.secrets import Secrets
from bot.config.table import Spot, Table
from bot.model.feed import FeedSettings
from bot.model.providers import PROVIDERS, Provider, provider_of

KINDS = ("v2", "readsb", "recorded")
KEYS = ("name", "kind", "provider", "url", "folder", "every", "spacing", "timeout", "deadline",
        "key_file", "key_header")  # fmt: skip
V2_PROVIDERS = tuple(name for name in PROVIDERS if name != "opensky")  # speaks no v2
SECOND = timedelta(seconds=1)
# A receiver rewrites its file every second; ten are enough to see a landing.
EVERY = {"v2": timedelta(minutes=1), "readsb": 10 * SECOND, "recorded": timedelta(minutes=1)}
EXAMPLES = {
    "v2": "an address such as https://api.adsb.lol, or a provider",
    "readsb": "an address such as http://127.0.0.1/tar1090/data/aircraft.json, or a file",
}


def read_feeds(value: Spot, folder: Path, secrets: Secrets) -> tuple[FeedSettings, ...]:
    """Every feed that can be asked; one whose key is missing is warned about and left out."""
    found: dict[str, FeedSettings | None] = {}
    for item in value.items():
        table = item.table(KEYS)
        name = table.need("name", word, "a name such as adsb-lol") if table else None
        if table is None or name is None:
            continue
        if name in found:
            table.wrong("name", f"{name}: another feed has this name, expected a new one")
        else:
            found[name] = _feed(name, table, folder, secrets)
    return tuple(feed for feed in found.values() if feed is not None)


def _feed(name: str, table: Table, folder: Path, secrets: Secrets) -> FeedSettings | None:
    kind = table.need("kind", one_of(KINDS), f"one of: {', '.join(KINDS)}")
    if kind is None:
        return None
    _refuse(kind, table)
    return _recorded(name, table, folder) if kind == "recorded" else _online(
        name, kind, table, folder, secrets
    )  # fmt: skip


def _refuse(kind: str, table: Table) -> None:
    """Keys that this kind has no use for are mistakes: their owner expects something of them."""
    useless = {
        "v2": ("folder",),
        "readsb": ("folder", "provider"),
        "recorded": ("url", "provider", "spacing", "timeout", "deadline", "key_file", "key_header"),
    }
    for key in useless[kind]:
        if table.has(key):
            table.wrong(key, f"found {key} for kind {kind}, which does not use it")


def _recorded(name: str, table: Table, folder: Path) -> FeedSettings | None:
    path = table.need("folder", _path, "a folder of snapshots")
    if path is None:
        return None
    if not (folder / path).is_dir():
        table.wrong("folder", f"found {shown(path)}, expected a folder that exists")
        return None
    every, _ = _pace("recorded", table, None)
    return FeedSettings(name, "recorded", folder=folder / path, every_s=every)


def _online(
    name: str, kind: str, table: Table, folder: Path, secrets: Secrets
) -> FeedSettings | None:
    provider = table.get("provider", one_of(V2_PROVIDERS), "")
    url = _url(kind, provider, table, folder)
    if url is None:
        return None
    preset = provider_of(FeedSettings(name, kind, url, provider=provider))
    key = secrets.find(table, "key_file", f"{name}_key")
    header = table.get("key_header", word, preset.key_header)
    if key and not header:
        table.missing("key_header", "the name of the HTTP header that carries the key")
    if preset.key_needed and key is None:
        if not table.has("key_file"):
            table.mistakes.warn(f"feed {name} is not asked: {preset.name} needs a key (key_file, "
                                f"or the credential {name}_key)")  # fmt: skip
        return None
    every, spacing = _pace(kind, table, preset, own_key=key is not None)
    timeout, deadline = _patience(table)
    return FeedSettings(
        name, kind, url, every_s=every, spacing_s=spacing, timeout_s=timeout, deadline_s=deadline,
        key=key, key_header=header, provider=provider,
    )  # fmt: skip


def _url(kind: str, provider: str, table: Table, folder: Path) -> str | None:
    def address(text: str) -> str:
        if kind == "readsb" and "://" not in text:
            return str(folder / _path(text))
        return web_address(text)

    if table.has("provider") and not table.has("url"):
        return PROVIDERS[provider].url if provider else None
    return table.need("url", address, EXAMPLES[kind])


def _path(text: str) -> str:
    if "@" in text or "\0" in text:
        raise Wrong("found an address with a user inside, expected http:// or a path")
    return text


def _pace(
    kind: str, table: Table, preset: Provider | None, own_key: bool = False
) -> tuple[float, float]:
    """(every_s, spacing_s). A provider's own limit yields only to a key of one's own."""
    public = preset is not None and bool(preset.as_of)
    least = timedelta(seconds=preset.spacing_s) if preset and public else timedelta(0)
    quota = preset.requests_per_day if preset else None
    slowest = timedelta(seconds=86_400 / quota) if quota else timedelta(0)
    every = table.get("every", duration(SECOND, timedelta(days=1), "60s"),
                      max(EVERY[kind], slowest))  # fmt: skip
    usual = least if public else min(every, SECOND)
    spacing = table.get("spacing", duration(timedelta(0), timedelta(hours=1), "10s"), usual)
    if preset and spacing < least and not own_key:
        table.wrong("spacing", f"found {spoken(spacing)}, expected {spoken(least)} or more: "
                               f"{preset.name} asks for it (true in {preset.as_of})")  # fmt: skip
    elif spacing > every:
        table.wrong("every", f"found {spoken(every)}, expected {spoken(spacing)} or more: the time "
                             "between two requests")  # fmt: skip
    elif preset and every < slowest:
        table.wrong("every", f"found {spoken(every)}, expected {spoken(slowest)} or more: "
                             f"{preset.name} allows {quota} requests a day")  # fmt: skip
    return every.total_seconds(), spacing.total_seconds()


def _patience(table: Table) -> tuple[float, float]:
    """(timeout_s, deadline_s): for connecting and each read, and for the whole reply."""
    reader = duration(SECOND, timedelta(minutes=10), "20s")
    timeout = table.get("timeout", reader, 20 * SECOND)
    deadline = table.get("deadline", reader, max(timeout, 45 * SECOND))
    if deadline < timeout:
        table.wrong("deadline", f"found {spoken(deadline)}, expected {spoken(timeout)} or more: "
                                "the timeout of a single read")  # fmt: skip
    return timeout.total_seconds(), deadline.total_seconds()
