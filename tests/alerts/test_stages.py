"""Silence, dedup and group: what is kept, what is dropped, and the named reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.alerts import Batch, Drop, Item, dedup, group, is_silenced, silence, told
from bot.model.alert import Alert, Dropped, Kind, Reason, Silence, State
from bot.model.watch import Address
from tests.alerts.findings import DAY, finding

NOW = datetime(2024, 12, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
A, B, C = Address("telegram", "-1/7"), Address("telegram", "-2"), Address("console")


def item(
    watch: str = "w",
    *,
    reason: Reason = Reason.FIRST,
    to: tuple[Address, ...] = (A,),
    legs: str = "",
    kind: Kind = Kind.SURGE,
    rarity: float = 4.0,
    **more: Any,
) -> Item:
    alert = Alert(
        id=f"{kind}-{watch}", kind=kind, watch=watch, state=State.FIRING, opened=NOW, updated=NOW,
        day=DAY, peak_return_years=rarity, fired=NOW,
    )  # fmt: skip
    return Item(replace(alert, **more), finding(watch=watch, kind=kind), reason, to,
                frozenset(legs.split()))  # fmt: skip


def hush(watch: str, hours: float = 1, begun: float = 0) -> Silence:
    return Silence(1, watch, NOW + hours * HOUR, "ada", "", NOW + begun * HOUR)


def test_a_silence_covers_its_watch_until_it_ends() -> None:
    """By name or for all, from when it was asked for until, but not at, its end."""
    assert is_silenced("w", [hush("w")], NOW)
    assert is_silenced("w", [hush("*")], NOW)
    assert not is_silenced("w", [hush("v")], NOW)
    assert not is_silenced("w", [hush("w", 0, -1)], NOW)
    assert not is_silenced("w", [hush("w", 2, 1)], NOW)


def test_silence_holds_news_and_lets_the_end_pass() -> None:
    """FIRST and WORSE are dropped as silenced, RESOLVED is kept."""
    first, worse = item("w"), item("v", reason=Reason.WORSE)
    end = item("u", reason=Reason.RESOLVED)
    other = item("x", reason=Reason.NONE)
    batch = silence(Batch((first, worse, end, other)), [hush("*")], NOW)
    assert batch.kept == (end, other)
    assert batch.dropped == (Drop(first, Dropped.SILENCED, (A,)),
                             Drop(worse, Dropped.SILENCED, (A,)))  # fmt: skip


def test_nothing_to_say_is_dropped_as_unchanged() -> None:
    """A step without news makes no message, nor does news without anybody to tell."""
    still, unheard = item(reason=Reason.NONE), item("v", to=())
    batch = dedup(Batch((still, unheard)), HOUR, NOW)
    assert batch.kept == ()
    assert [drop.why for drop in batch.dropped] == [Dropped.UNCHANGED] * 2


def test_first_is_told_to_those_who_have_not_heard() -> None:
    """Nobody hears the beginning twice."""
    batch = dedup(Batch((item(to=(A, B), heard=(A.key(),)),)), HOUR, NOW)
    assert [kept.addresses for kept in batch.kept] == [(B,)]


def test_first_waits_for_the_cooldown_after_an_end() -> None:
    """Until then it is dropped with its reason; worsening is not held."""
    ended = {"resolved": NOW - timedelta(minutes=59)}
    batch = dedup(Batch((item(**ended), item("v", reason=Reason.WORSE, **ended))), HOUR, NOW)
    assert [kept.alert.watch for kept in batch.kept] == ["v"]
    assert [drop.why for drop in batch.dropped] == [Dropped.COOLDOWN]
    assert len(dedup(Batch((item(resolved=NOW - HOUR),)), HOUR, NOW).kept) == 1


def test_the_end_goes_to_exactly_those_who_heard() -> None:
    """Also to an address that has left the audience, and not to one that has joined it."""
    end = item(reason=Reason.RESOLVED, to=(C,), heard=(A.key(), B.key()))
    (kept,) = dedup(Batch((end,)), HOUR, NOW).kept
    assert kept.addresses == (A, B)


def test_one_cause_is_one_message() -> None:
    """Watches moved by the same legs are told by the rarest; the others are dropped as grouped."""
    wide = item("wide", legs="1 2 3", rarity=9.0)
    narrow = item("narrow", legs="2 3", rarity=5.0)
    apart = item("apart", legs="7", rarity=99.0)
    batch = group(Batch((narrow, apart, wide)))
    assert [(kept.alert.watch, kept.also) for kept in batch.kept] == [
        ("apart", ()),
        ("wide", (narrow.finding,)),
    ]
    assert batch.dropped == (Drop(narrow, Dropped.GROUPED, (A,)),)


def test_half_of_the_smaller_must_be_shared() -> None:
    """One leg of three in common is not the same cause; one of two is."""
    assert len(group(Batch((item("a", legs="1 2 3"), item("b", legs="3 4 5")))).kept) == 2
    assert len(group(Batch((item("a", legs="1 2 3"), item("b", legs="3 4")))).kept) == 1
    assert len(group(Batch((item("a"), item("b")))).kept) == 2


def test_a_surge_speaks_for_the_first_leg_of_its_watch() -> None:
    """One leg that is both a surge and the first in months is one message about the surge."""
    surge, first = item(legs="1", rarity=1.0), item(legs="1", kind=Kind.FIRST, rarity=0.0)
    batch = group(Batch((first, surge)))
    assert [kept.alert.kind for kept in batch.kept] == [Kind.SURGE]


def test_an_audience_of_its_own_hears_on_its_own() -> None:
    """Only whom the leader reaches is told inside its message; others get their watch's own."""
    leader, other = item("a", legs="1", to=(A,), rarity=9.0), item("b", legs="1", to=(A, C))
    batch = group(Batch((leader, other)))
    assert [(kept.alert.watch, kept.addresses) for kept in batch.kept] == [
        ("a", (A,)),
        ("b", (C,)),
    ]
    assert batch.dropped == (Drop(other, Dropped.GROUPED, (A,)),)
    strangers = group(Batch((item("a", legs="1"), item("b", legs="1", to=(C,)))))
    assert [(kept.alert.watch, kept.also) for kept in strangers.kept] == [("a", ()), ("b", ())]


def test_nobody_is_told_of_a_watch_that_is_not_theirs() -> None:
    """What is not meant for all whom the leader reaches is told apart, to each of its own; two
    such of the same audience are told together."""
    leader, other = item("a", legs="1", to=(A, B), rarity=9.0), item("b", legs="1", to=(B, C))
    twin = item("c", legs="1", to=(C, B), rarity=1.0)
    batch = group(Batch((leader, other, twin)))
    assert [(kept.alert.watch, kept.addresses, kept.also) for kept in batch.kept] == [
        ("a", (A, B), ()),
        ("b", (B, C), (twin.finding,)),
    ]
    heard = {step.alert.watch: set(step.alert.heard) for step in told(batch) if step.alert}
    assert heard == {"a": {A.key(), B.key()}, "b": {B.key(), C.key()}, "c": {B.key(), C.key()}}


def test_ends_are_never_grouped() -> None:
    """Whoever heard of two beginnings hears of two ends."""
    ends = [item(name, legs="1", reason=Reason.RESOLVED) for name in ("a", "b")]
    assert group(Batch(tuple(ends))).kept == tuple(ends)


def test_who_was_told_is_remembered() -> None:
    """Own messages and grouped ones count as told; silenced ones do not, and have no reason."""
    leader, other = item("a", legs="1", to=(A, B), rarity=9.0), item("b", legs="1", to=(B, A, C))
    hushed = item("c")
    batch = group(silence(Batch((leader, other, hushed)), [hush("c")], NOW))
    final = {step.alert.watch: step for step in told(batch) if step.alert}
    assert {name: step.reason for name, step in final.items()} == {
        "a": Reason.FIRST, "b": Reason.FIRST, "c": Reason.NONE,
    }  # fmt: skip
    heard = {name: step.alert.heard for name, step in final.items() if step.alert}
    assert heard == {"a": (A.key(), B.key()), "b": (C.key(), A.key(), B.key()), "c": ()}
    assert [step.alert.told_return_years for step in final.values() if step.alert] == [9, 4, 0]


def test_what_was_grouped_with_an_unsent_message_was_not_told() -> None:
    """Should the leader's message be dropped after all, the others stay news."""
    leader, other = item("a", legs="1", rarity=9.0, resolved=NOW - HOUR / 2), item("b", legs="1")
    batch = dedup(group(Batch((leader, other))), HOUR, NOW)
    assert batch.kept == ()
    assert {step.reason for step in told(batch)} == {Reason.NONE}
    assert {step.alert.heard for step in told(batch) if step.alert} == {()}


def test_every_alert_of_a_run_is_stored() -> None:
    """What nobody was told of keeps its new state all the same."""
    batch = dedup(Batch((item(reason=Reason.NONE), item("v"))), HOUR, NOW)
    assert {step.alert.watch for step in told(batch) if step.alert} == {"w", "v"}
