"""One cause, one message: alerts moved by the same legs, or of one story, are told together."""

from collections.abc import Sequence
from dataclasses import replace

from bot.alerts.batch import Batch, Drop, Item
from bot.model.alert import Dropped, Kind, Reason

# Below half of the smaller one's legs in common, something else moves it too.
SHARED = 0.5

_BY_KIND = {Kind.SURGE: 0, Kind.FIRST: 1}


def group(batch: Batch) -> Batch:
    """Let one alert of each group speak for all of it.

    FIRST and WORSE alerts of one story, or whose causes overlap by half or more of the smaller, are
    one group; the leader's message lists the others in `also`. What is not meant for everybody whom
    the leader reaches is told apart from it, and an address that the leader does not reach keeps a
    message of its own. Comes last: what is told inside another message must not be lost with it.
    """
    news = [item for item in batch.kept if item.reason in (Reason.FIRST, Reason.WORSE)]
    kept, dropped = [], []
    replaced: dict[str, Item | None] = {}
    for members in _groups(sorted(news, key=_precedence)):
        leader, *others = members
        replaced[leader.alert.id] = replace(leader, also=tuple(other.finding for other in others))
        for other in others:
            own = tuple(a for a in other.addresses if a not in leader.addresses)
            replaced[other.alert.id] = replace(other, addresses=own) if own else None
            dropped.append(Drop(other, Dropped.GROUPED, leader.addresses))
    for item in batch.kept:
        left = replaced.get(item.alert.id, item)
        if left is not None:
            kept.append(left)
    return batch.without(kept, dropped)


def _precedence(item: Item) -> tuple[object, ...]:
    """Who speaks: a surge before a first leg, news before worsening, the rarer, by name."""
    return (
        _BY_KIND.get(item.alert.kind, len(_BY_KIND)),
        item.reason is not Reason.FIRST,
        -item.alert.peak_return_years,
        item.alert.watch,
    )


def _groups(items: Sequence[Item]) -> list[list[Item]]:
    """Each item joins the first group with whose leader it shares a cause and whose leader's
    addressees are all its own, else begins one."""
    groups: list[list[Item]] = []
    for item in items:
        home = next((members for members in groups if _tells(members[0], item)), None)
        if home is None:
            groups.append([item])
        else:
            home.append(item)
    return groups


def _tells(leader: Item, other: Item) -> bool:
    """Whether the one may be told inside the other's message."""
    return set(leader.addresses) <= set(other.addresses) and _same_cause(leader, other)


def _same_cause(a: Item, b: Item) -> bool:
    if a.story & b.story:
        return True
    smaller = min(len(a.cause), len(b.cause))
    return smaller > 0 and len(a.cause & b.cause) >= SHARED * smaller
