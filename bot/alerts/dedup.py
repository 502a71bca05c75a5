"""Who still has to hear it: nobody twice, nobody who never heard its beginning, nobody too soon."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.alerts.batch import Batch, Drop, Item
from bot.model.alert import Dropped, Reason
from bot.model.watch import Address


def dedup(batch: Batch, cooldown: timedelta, now: datetime) -> Batch:
    """Give each change its final audience.

    FIRST: those of the audience that have not heard it, once the cooldown after the last end is
    over. WORSE: the audience. RESOLVED: exactly those that heard. NONE: nobody.
    """
    kept, dropped = [], []
    for item in batch.kept:
        if _too_soon(item, cooldown, now):
            dropped.append(Drop(item, Dropped.COOLDOWN, item.addresses))
            continue
        listeners = _listeners(item)
        if listeners:
            kept.append(replace(item, addresses=listeners))
        else:
            dropped.append(Drop(item, Dropped.UNCHANGED, item.addresses))
    return batch.without(kept, dropped)


def _too_soon(item: Item, cooldown: timedelta, now: datetime) -> bool:
    """Whether the same had ended a moment ago. What ends as it begins (an event of yesterday that
    was learnt of today) has not been news before."""
    ended, fired = item.alert.resolved, item.alert.fired
    if item.reason is not Reason.FIRST or ended is None:
        return False
    return (fired is None or ended < fired) and now - ended < cooldown


def _listeners(item: Item) -> tuple[Address, ...]:
    match item.reason:
        case Reason.FIRST:
            return tuple(a for a in item.addresses if a.key() not in item.alert.heard)
        case Reason.WORSE:
            return item.addresses
        case Reason.RESOLVED:
            return tuple(_address(key) for key in item.alert.heard)
        case _:
            return ()


def _address(key: str) -> Address:
    channel, _, to = key.partition(":")
    return Address(channel, to)
