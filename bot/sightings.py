"""`sightings: on`: every leg of a watch, told once, grouped hourly. For the first days of a watch,
when nothing can be unusual yet, and for routes so rare that each flight is news."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from bot import message
from bot.desk import Desk
from bot.matching import Fit, Match
from bot.model.alert import Message
from bot.model.watch import Watch

EVERY = timedelta(hours=1)
REACH = timedelta(days=2)  # a live leg may be revised for 36 h, and so begin to match late


@dataclass(frozen=True, slots=True)
class Digest:
    """A message, and what to remember once it is stored: `key` and `value` of the small state."""

    event: str
    message: Message
    key: str
    value: bytes


def digest(desk: Desk, watch: Watch, now: datetime, tz: tzinfo) -> Digest | None:
    """The watch's legs that were not told yet; None: none, or the hour is not over."""
    key = f"sightings:{watch.name}"
    told = json.loads(desk.store.state(key) or b"{}")
    if told and now - datetime.fromisoformat(told["at"]) < EVERY:
        return None
    known = frozenset(told.get("legs", ()))
    found = desk.book.matches(watch, (now - REACH).date(), now.date())
    fresh = [match for match in found if match.leg.id not in known]
    if not fresh:
        return None
    told = {"at": now.isoformat(), "legs": [match.leg.id for match in found]}
    return Digest(
        f"sightings/{watch.name}/{now:%Y%m%dT%H%M}",
        _said(desk, watch, fresh, now, tz),
        key,
        json.dumps(told).encode(),
    )


def _said(desk: Desk, watch: Watch, fresh: Sequence[Match], now: datetime, tz: tzinfo) -> Message:
    names, spots = desk.gazetteer((match.leg for match in fresh), watch)
    return message.sightings(
        watch,
        [match.leg for match in fresh if match.fit is Fit.COUNTS],
        possible=[match.leg for match in fresh if match.fit is Fit.POSSIBLE],
        now=now,
        tz=tz,
        names=names,
        spots=spots,
        label=desk.label,
    )
