"""What the stages hand on: changes to tell and to whom, and what was not told and why."""

from dataclasses import dataclass, replace

from bot.alerts.lifecycle import Step
from bot.model.alert import Alert, Dropped, Finding, Reason
from bot.model.watch import Address


@dataclass(frozen=True, slots=True)
class Item:
    """One alert after its step, and whom its audience would tell."""

    alert: Alert
    finding: Finding
    reason: Reason
    addresses: tuple[Address, ...]
    cause: frozenset[str] = frozenset()  # ids of the legs behind it, chained ones included
    story: frozenset[str] = frozenset()  # names of what it is part of, whoever flew it
    also: tuple[Finding, ...] = ()  # told in the same message


@dataclass(frozen=True, slots=True)
class Drop:
    """What was not told by a message of its own, to whom, and why."""

    item: Item
    why: Dropped
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """One run's changes on their way through the stages, in order."""

    kept: tuple[Item, ...] = ()
    dropped: tuple[Drop, ...] = ()

    def without(self, kept: list[Item], dropped: list[Drop]) -> "Batch":
        """The next batch: what a stage kept, and what it dropped besides what was dropped."""
        return Batch(tuple(kept), (*self.dropped, *dropped))


def told(batch: Batch) -> tuple[Step, ...]:
    """Every alert of a run as it is to be stored, and the reason for which anybody was told.

    Whoever heard of it now must hear of its end. Those whose news went out inside another
    watch's message have been told as well, if that message is still in the batch.
    """
    inside = {
        (finding.kind, finding.watch, address)
        for item in batch.kept
        for finding in item.also
        for address in item.addresses
    }
    whole: dict[str, Item] = {}
    heard: dict[str, list[Address]] = {}
    for item in batch.kept:
        whole[item.alert.id] = item
        heard.setdefault(item.alert.id, []).extend(item.addresses)
    for drop in batch.dropped:
        alert = drop.item.alert
        whole.setdefault(alert.id, drop.item)
        if drop.why is Dropped.GROUPED:
            reached = [a for a in drop.addresses if (alert.kind, alert.watch, a) in inside]
            heard.setdefault(alert.id, []).extend(reached)
    return tuple(_told(item, heard.get(key, [])) for key, item in whole.items())


def _told(item: Item, addresses: list[Address]) -> Step:
    if not addresses:
        return Step(item.alert)
    if item.reason not in (Reason.FIRST, Reason.WORSE):
        return Step(item.alert, item.reason)
    heard = dict.fromkeys((*item.alert.heard, *(address.key() for address in addresses)))
    rarity = item.alert.peak_return_years
    return Step(replace(item.alert, heard=tuple(heard), told_return_years=rarity), item.reason)
