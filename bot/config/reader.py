"""config.yaml to Config, or every mistake at once.

Promises: whatever the file holds, the answer is a Config or a ConfigError; nothing is guessed;
no secret is repeated. Paths in the file are relative to the file's folder.
"""

import os
import zoneinfo
from collections.abc import Mapping
from datetime import UTC, timedelta, tzinfo
from pathlib import Path

from bot.config.classes import read_classes
from bot.config.feeds import read_feeds
from bot.config.mistakes import Mistakes, Wrong, near, shown
from bot.config.people import read_audiences, read_telegram
from bot.config.places import Airfields, Gazetteer, read_airfields, read_areas
from bot.config.scalars import clocks, duration
from bot.config.secrets import Secrets
from bot.config.settings import Config, QuietHours
from bot.config.table import Spot, Table
from bot.config.tree import Entries, Text, read
from bot.config.watches import names_of, read_watches
from bot.model.feed import FeedSettings
from bot.model.watch import Watch

KEYS = ("feeds", "telegram", "operators", "airfields", "areas", "aircraft", "watches", "audiences",
        "data", "timezone", "quiet_hours", "retention")  # fmt: skip
RETENTION = duration(timedelta(days=7), timedelta(days=36_500), "90 days")


def load(
    path: Path,
    airfields: Airfields,
    *,
    env: Mapping[str, str] = os.environ,
    need_secrets: bool = True,
) -> Config:
    """The configuration in `path`. Raises ConfigError with every mistake found.

    `airfields` is the table that watches name fields of; `need_secrets` False lets a missing bot
    token pass as a warning (for explaining a file outside its service).
    """
    mistakes = Mistakes(path)
    root = Spot(_filled(read(path, mistakes)), "", mistakes).table(KEYS)
    assert root is not None  # `read` gives a mapping
    config = _config(path, root, airfields, env, need_secrets)
    mistakes.raise_any()
    return config


def _filled(root: Entries) -> Entries:
    """Without sections under which everything is commented out."""
    kept = {key: node for key, node in root.entries.items()
            if not (isinstance(node, Text) and node.blank)}  # fmt: skip
    return Entries(kept, {key: root.lines[key] for key in kept}, root.line, root.size)


def _config(
    path: Path, root: Table, airfields: Airfields, env: Mapping[str, str], need_secrets: bool
) -> Config:
    folder = path.parent
    secrets = Secrets(folder, env, root.mistakes)
    places = _places(root, airfields)
    audience_spot = _section(root, "audiences")
    audiences = read_audiences(audience_spot) if audience_spot else {}
    used = any(a.channel == "telegram" for group in audiences.values() for a in group)
    return Config(
        path=path,
        feeds=_feeds(root, folder, secrets, need_secrets),
        watches=_watches(root, places, folder, audiences),
        audiences=audiences,
        operators=names_of(root, "operators", "audience", audiences)
        if root.has("operators") else (),
        airfields=tuple(places.own.values()),
        areas=places.areas,
        telegram=read_telegram(root, secrets, used, need_secrets),
        data=_data(root, folder, env),
        timezone=root.get("timezone", _zone, UTC),
        quiet_hours=root.get("quiet_hours", lambda text: QuietHours(*clocks(text)), None),
        retention=root.get("retention", RETENTION, timedelta(days=90)),
        warnings=tuple(dict.fromkeys(root.mistakes.warnings)),
    )  # fmt: skip


def _section(root: Table, key: str) -> Spot | None:
    """A section without which the bot has nothing to do."""
    spot = root.spot(key)
    if spot is None or (spot.node.size == 1 and not isinstance(spot.node, Text)):
        root.missing(key, "at least one entry")
        return None
    return spot


def _feeds(
    root: Table, folder: Path, secrets: Secrets, need_secrets: bool
) -> tuple[FeedSettings, ...]:
    spot = _section(root, "feeds")
    if spot is None:
        return ()
    before = len(root.mistakes)
    found = read_feeds(spot, folder, secrets)
    if not found and len(root.mistakes) == before:
        reasons = "; ".join(root.mistakes.warnings)
        if need_secrets:
            spot.wrong(f"found no feed that can be asked ({reasons}), expected at least one")
        root.mistakes.warn("no feed can be asked: nobody looks")
    return found


def _places(root: Table, airfields: Airfields) -> Gazetteer:
    places = Gazetteer(airfields)
    own, areas = root.spot("airfields"), root.spot("areas")
    if own is not None:
        read_airfields(own, places)
    if areas is not None:
        read_areas(areas, places)
    return places


def _watches(
    root: Table, places: Gazetteer, folder: Path, audiences: Mapping[str, object]
) -> tuple[Watch, ...]:
    spot, kinds = _section(root, "watches"), root.spot("aircraft")
    classes = read_classes(kinds, folder) if kinds else {}
    return read_watches(spot, places, classes, audiences) if spot else ()


def _data(root: Table, folder: Path, env: Mapping[str, str]) -> Path:
    """The data folder: the file's word, else the service's state folder, else beside the file."""
    own = env.get("STATE_DIRECTORY", "").split(":")[0]
    given = root.get("data", _folder_name, own or "airbridge-data")
    return folder / given


def _folder_name(text: str) -> str:
    if text.startswith("~"):
        raise Wrong(f"found {shown(text)}, expected a folder written out, without ~")
    return text


def _zone(text: str) -> tzinfo:
    if text.upper() == "UTC":
        return UTC  # also where no zone files are installed
    try:
        return zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as exc:
        guess = near(text, zoneinfo.available_timezones())
        raise Wrong(f"found {shown(text)}, expected a zone such as Europe/Paris{guess}") from exc
