"""Silence: an alert's life goes on, its messages are not sent."""

from collections.abc import Sequence
from datetime import datetime

from bot.alerts.batch import Batch, Drop
from bot.model.alert import Dropped, Reason, Silence

ALL = "*"


def is_silenced(watch: str, silences: Sequence[Silence], now: datetime) -> bool:
    """Whether nothing is to be said about the watch."""
    return any(
        entry.watch in (watch, ALL) and entry.created <= now < entry.until for entry in silences
    )


def silence(batch: Batch, silences: Sequence[Silence], now: datetime) -> Batch:
    """Drop what a silence covers. RESOLVED passes: whoever heard FIRST must hear the end."""
    kept, dropped = [], []
    for item in batch.kept:
        passes = item.reason in (Reason.RESOLVED, Reason.NONE)
        if passes or not is_silenced(item.alert.watch, silences, now):
            kept.append(item)
        else:
            dropped.append(Drop(item, Dropped.SILENCED, item.addresses))
    return batch.without(kept, dropped)
