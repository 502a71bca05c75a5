"""`feeds:` to FeedSettings: kinds, provider presets, and the pace each provider asks for."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.config.dialect import DIALECT, read_dialect
from bot.config.mistakes import Wrong, near, shown
from bot.config.scalars import duration, label, number, one_of, spoken, web_address, word
from bot.config.secrets import Secrets, one_line, opensky_client
from bot.config.table import Spot, Table
from bot.model.feed import FeedSettings
from bot.model.providers import PROVIDERS, Provider, provider_of, quota_per_day

KINDS = ("v2", "opensky", "readsb", "recorded")
_WEB = ("url", "spacing", "timeout", "deadline", "key_file", "contact", "quota_per_day")
_USES = {  # what each kind has a use for, besides name, kind and every
    "v2": {*_WEB, "provider", "key_header", "fallback_for", *DIALECT},
    "opensky": {*_WEB, "auth_url", "fallback_for"},
    "readsb": {*_WEB, "key_header", "fallback_for"},
    "recorded": {"folder"},
}
KEYS = ("name", "kind", "provider", "url", "folder", "every", "spacing", "timeout", "deadline",
        "key_file", "key_header", "contact", "quota_per_day", "fallback_for", "auth_url",
        *DIALECT)  # fmt: skip
V2_PROVIDERS = tuple(name for name in PROVIDERS if name != "opensky")  # speaks no v2
SECOND = timedelta(seconds=1)
# A receiver rewrites its file every second; ten are enough to see a landing.
EVERY = {"v2": timedelta(minutes=1), "opensky": timedelta(minutes=1), "readsb": 10 * SECOND,
         "recorded": timedelta(minutes=1)}  # fmt: skip
EXAMPLES = {
    "v2": "an address such as https://api.adsb.lol, or a provider",
    "readsb": "an address such as http://127.0.0.1/tar1090/data/aircraft.json, or a file",
}
MOST_A_DAY = 10_000_000.0  # more than one request in ten milliseconds is a slip of the pen


def read_feeds(value: Spot, folder: Path, secrets: Secrets) -> tuple[FeedSettings, ...]:
    """Every feed that can be asked; one whose key is missing is warned about and left out."""
    found: dict[str, FeedSettings | None] = {}
    tables: dict[str, Table] = {}
    for item in value.items():
        table = item.table(KEYS)
        name = table.need("name", word, "a name such as adsb-lol") if table else None
        if table is None or name is None:
            continue
        if name in found:
            table.wrong("name", f"{name}: another feed has this name, expected a new one")
        else:
            tables[name] = table
            found[name] = _feed(name, table, folder, secrets)
    _check_fallbacks(found, tables)
    return tuple(_ranked(feed, found, tables[feed.name]) for feed in found.values() if feed)


def _feed(name: str, table: Table, folder: Path, secrets: Secrets) -> FeedSettings | None:
    kind = table.need("kind", one_of(KINDS), f"one of: {', '.join(KINDS)}")
    if kind is None:
        return None
    # a key that this kind has no use for is a mistake: its owner expects something of it
    for key in KEYS[2:]:
        if key != "every" and key not in _USES[kind] and table.has(key):
            table.wrong(key, f"found {key} for kind {kind}, which does not use it")
    return _recorded(name, table, folder) if kind == "recorded" else _online(
        name, kind, table, folder, secrets
    )  # fmt: skip


def _check_fallbacks(found: dict[str, FeedSettings | None], tables: dict[str, Table]) -> None:
    """A fallback names another feed, and none waits for itself in a circle."""
    after = {name: feed.fallback_for for name, feed in found.items() if feed and feed.fallback_for}
    for name, primary in after.items():
        seen = [name]
        while primary in after and primary not in seen:
            seen.append(primary)
            primary = after[primary]
        if after[name] not in found:
            known = [other for other in found if other != name]
            tables[name].wrong("fallback_for", f"{after[name]}: no such feed"
                               f"{near(after[name], known)}")  # fmt: skip
        elif primary in seen:
            tables[name].wrong("fallback_for", f"{after[name]}: waits for {name} itself, expected "
                               "a feed that is no fallback of this one")  # fmt: skip


def _ranked(
    feed: FeedSettings, found: dict[str, FeedSettings | None], table: Table
) -> FeedSettings:  # fmt: skip
    """A fallback of a feed that is not asked never rests."""
    if not feed.fallback_for or found.get(feed.fallback_for) is not None:
        return feed
    if feed.fallback_for in found:
        table.mistakes.warn(f"feed {feed.name} never rests: {feed.fallback_for}, which it would "
                            "stand in for, is not asked")  # fmt: skip
    return replace(feed, fallback_for="")


def _recorded(name: str, table: Table, folder: Path) -> FeedSettings | None:
    path = table.need("folder", _path, "a folder of snapshots")
    if path is None:
        return None
    if not (folder / path).is_dir():
        table.wrong("folder", f"found {shown(path)}, expected a folder that exists")
        return None
    every = table.get("every", duration(SECOND, timedelta(days=1), "60s"), EVERY["recorded"])
    return FeedSettings(name, "recorded", folder=folder / path, every_s=every.total_seconds())


def _online(
    name: str, kind: str, table: Table, folder: Path, secrets: Secrets
) -> FeedSettings | None:
    provider = table.get("provider", one_of(V2_PROVIDERS), "")
    url = _url(kind, provider, table, folder)
    if url is None:
        return None
    preset = provider_of(FeedSettings(name, kind, url, provider=provider))
    form = opensky_client if kind == "opensky" else one_line
    key = secrets.find(table, "key_file", f"{name}_key", form=form)
    header = table.get("key_header", word, preset.key_header)
    if key and not header and kind != "opensky":
        table.missing("key_header", "the name of the HTTP header that carries the key")
    if key is None and not table.has("key_file"):
        if preset.key_needed:
            table.mistakes.warn(f"feed {name} is not asked: {preset.name} needs a key (key_file, "
                                f"or the credential {name}_key)")  # fmt: skip
        elif kind == "opensky":
            table.mistakes.warn(f"feed {name} is asked without an account: 400 credits a day, and "
                                "no flights of yesterday (key_file, or the credential "
                                f"{name}_key)")  # fmt: skip
    if preset.key_needed and key is None:
        return None
    settings = FeedSettings(
        name, kind, url, key=key, key_header=header, provider=provider, **_terms(table),
        quota_per_day=_quota(table, preset, key is not None), **read_dialect(table),
    )  # fmt: skip
    return _paced(settings, table, preset)


def _terms(table: Table) -> dict[str, Any]:
    """Contact, token service, rank and patience."""
    timeout, deadline = _patience(table)
    return {
        "contact": table.get("contact", label(120), ""),
        "auth_url": table.get("auth_url", web_address, ""),
        "fallback_for": table.get("fallback_for", word, ""),
        "timeout_s": timeout, "deadline_s": deadline,
    }  # fmt: skip


def _url(kind: str, provider: str, table: Table, folder: Path) -> str | None:
    def address(text: str) -> str:
        if kind == "readsb" and "://" not in text:
            return str(folder / _path(text))
        return web_address(text)

    if kind == "opensky" and not table.has("url"):
        return PROVIDERS["opensky"].url
    if table.has("provider") and not table.has("url"):
        return PROVIDERS[provider].url if provider else None
    return table.need("url", address, EXAMPLES.get(kind, EXAMPLES["v2"]))


def _path(text: str) -> str:
    if "@" in text or "\0" in text:
        raise Wrong("found an address with a user inside, expected http:// or a path")
    return text


def _quota(table: Table, preset: Provider, own_key: bool) -> float | None:
    """What the owner allows a day. More than the provider documents takes a key of one's own."""
    quota = table.get("quota_per_day", number(1, MOST_A_DAY), None)
    limit = preset.requests_per_day if own_key else preset.anonymous_per_day
    limit = limit or preset.requests_per_day
    if quota is not None and limit is not None and quota > limit and not own_key:
        table.wrong("quota_per_day", f"found {quota:g}, expected {limit} or less: {preset.name} "
                                     "allows no more without a key")  # fmt: skip
    return quota


def _paced(settings: FeedSettings, table: Table, preset: Provider) -> FeedSettings:
    """With `every_s` and `spacing_s`. A provider's own limit yields only to a key of one's own."""
    least = timedelta(seconds=preset.spacing_s) if preset.as_of else timedelta(0)
    quota = quota_per_day(settings)
    slowest = timedelta(seconds=86_400 / quota) if quota else timedelta(0)
    every = table.get("every", duration(SECOND, timedelta(days=1), "60s"),
                      max(EVERY[settings.kind], slowest))  # fmt: skip
    usual = least if preset.as_of else min(every, SECOND)
    spacing = table.get("spacing", duration(timedelta(0), timedelta(hours=1), "10s"), usual)
    if spacing < least and settings.key is None:
        table.wrong("spacing", f"found {spoken(spacing)}, expected {spoken(least)} or more: "
                               f"{preset.name} asks for it (true in {preset.as_of})")  # fmt: skip
    elif spacing > every:
        table.wrong("every", f"found {spoken(every)}, expected {spoken(spacing)} or more: the time "
                             "between two requests")  # fmt: skip
    elif every < slowest and table.has("every"):
        who = "quota_per_day" if settings.quota_per_day else preset.name
        unit = "credits" if preset.priced else "requests"
        table.wrong("every", f"found {spoken(every)}, expected {spoken(slowest)} or more: "
                             f"{who} allows {quota:g} {unit} a day")  # fmt: skip
    return replace(settings, every_s=every.total_seconds(), spacing_s=spacing.total_seconds())


def _patience(table: Table) -> tuple[float, float]:
    """(timeout_s, deadline_s): for connecting and each read, and for the whole reply."""
    reader = duration(SECOND, timedelta(minutes=10), "20s")
    timeout = table.get("timeout", reader, 20 * SECOND)
    deadline = table.get("deadline", reader, max(timeout, 45 * SECOND))
    if deadline < timeout:
        table.wrong("deadline", f"found {spoken(deadline)}, expected {spoken(timeout)} or more: "
                                "the timeout of a single read")  # fmt: skip
    return timeout.total_seconds(), deadline.total_seconds()
