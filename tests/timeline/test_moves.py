"""Traffic that moves to another origin is one story, told with its figures."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.commands import why
from bot.model.air import Leg
from bot.model.alert import Kind, Message, Moved
from bot.model.watch import Address, AlertPolicy, Watch
from tests.nouns import Area, Place, Spot, leg, watch
from tests.timeline.conftest import Story
from tests.timeline.test_life import imported

Make = Callable[..., Story]
POLICY = AlertPolicy(surge_per_year=1.0, first_after_days=None, lull_per_year=1.0)
LTAC = Spot("LTAC", "Ankara Esenboga", 40.1281, 32.9951)
SYRIA: Watch = watch("Syria to Libya", alerts=POLICY)
TURKEY: Watch = watch("Turkey to Libya", origin=Place((LTAC,)), alerts=POLICY)
MOVED = date(2024, 4, 10)


def flights(day: date, syria: int, turkey: int) -> list[Leg]:
    return [
        leg(origin, "HL59", f"{day} {k:02d}:10", icao24=f"15{start + k:04x}", minutes=40)
        for origin, start, n in (("OSLK", 0, syria), ("LTAC", 64, turkey))
        for k in range(n)
    ]


def lived(story: Make, *watches: Watch) -> Story:
    """Four legs a day from each of two origins for months."""
    told = story(*watches)
    for one in watches:
        imported(told, str(MOVED - timedelta(days=150)), 150, 4, one)
    told.day(MOVED, flights(MOVED, 4, 4))
    return told


def text(message: Message) -> str:
    spans = (span.text for section in message.sections for line in section.lines for span in line)
    headings = [section.heading for section in message.sections]
    return "\n".join([message.title, *headings, "".join(spans)])


def test_what_moved_is_told_once_with_both_ends(story: Make) -> None:
    """When a night's archive brings both, one message names where the surge came from, and the
    lull stands inside it; both ends are told to whoever heard."""
    told = lived(story, SYRIA, TURKEY)
    day, after = MOVED + timedelta(days=1), MOVED + timedelta(days=2)
    told.day(day, flights(day, 4, 0))
    assert told.heard == []
    told.day(after, [*flights(day, 10, 0)[4:], *flights(after, 4, 4)])
    (message,) = [m for _, m in told.channel.heard]
    assert message.kind is Kind.SURGE
    assert (
        "It seems to have moved here from Turkey to Libya: 0 legs there in a day, 4.0 expected"
        in (text(message))
    )
    assert "The other end of the move" in text(message)
    assert "Turkey to Libya: 0 legs on 11 Apr" in text(message)
    found = told.bot.wiring.desk.findings(SYRIA, after, told.bot.now)
    assert any("Turkey to Libya: 0 in 1 d against 4" in row for f in found for row in why._words(f))
    heard = {alert.kind: alert.heard for alert in told.store.open_alerts()}
    assert heard[Kind.SURGE] == heard[Kind.LULL] == ("list:desk",)


def test_a_lull_that_is_noticed_later_says_where_its_traffic_went(story: Make) -> None:
    """The day of the surge must be over before its other end can be missed."""
    told = lived(story, SYRIA, TURKEY)
    for k in (1, 2, 3):
        day = MOVED + timedelta(days=k)
        told.day(day, flights(day, 8, 0))
    surge, lull = [text(m) for _, m in told.channel.heard if m.reason == "first"]
    assert "moved" not in surge
    assert "It seems to have moved to Syria to Libya: 8 legs there in a day, 4.0 expected" in lull
    stored = told.store.findings("Syria to Libya", kind=Kind.SURGE, since=MOVED)
    ends = [one.finding.moved for one in stored if one.finding.moved]
    assert ends
    assert all(isinstance(end, Moved) and end.watch == TURKEY.name for (end,) in ends)


def test_a_surge_alone_moved_nothing(story: Make) -> None:
    """Where the other origin flies on as ever, nobody speaks of a move."""
    told = lived(story, SYRIA, TURKEY)
    for k in (1, 2, 3):
        day = MOVED + timedelta(days=k)
        told.day(day, flights(day, 8, 4))
    assert told.reasons() == ["first"]
    assert not any("moved" in text(m) for _, m in told.channel.heard)


def test_an_origin_within_another_is_no_other_origin(story: Make) -> None:
    """A watch of the whole region rises and falls with its parts: it explains nothing."""
    near = replace(
        TURKEY, origin=Place((LTAC,), (Area("levant", centre=(35.4, 35.9), radius_nm=90),))
    )
    told = lived(story, SYRIA, near)
    for k in (1, 2, 3):
        day = MOVED + timedelta(days=k)
        told.day(day, flights(day, 8, 0))
    assert not any("moved" in text(m) for _, m in told.channel.heard)


@pytest.mark.parametrize(
    ("syria", "turkey", "named"),
    [
        (("x",), ("y",), {}),
        (("x", "y"), ("y",), {("y", TURKEY.name): SYRIA.name}),
        (("x",), ("x", "y"), {("x", SYRIA.name): TURKEY.name}),
    ],
)
def test_a_move_is_told_to_those_who_are_told_of_both_ends(
    story: Make, syria: tuple[str, ...], turkey: tuple[str, ...], named: dict[tuple[str, str], str]
) -> None:
    """Nobody reads of a watch that is not theirs, everybody hears of their own, and of its end."""
    audiences = {name: (Address("list", name),) for name in "xy"}
    here, there = replace(SYRIA, audience=syria), replace(TURKEY, audience=turkey)
    told = lived(lambda *watches: story(*watches, audiences=audiences), here, there)
    day, after = MOVED + timedelta(days=1), MOVED + timedelta(days=2)
    told.day(day, flights(day, 4, 0))
    told.day(after, [*flights(day, 10, 0)[4:], *flights(after, 4, 4)])
    reached: dict[str, set[str]] = {}
    for address, message in told.channel.heard:
        mine = {w.name for w in (here, there) if address.to in w.audience}
        named_here = {w.name for w in (here, there) if w.name in text(message)}
        assert named_here <= mine
        reached[address.to] = reached.get(address.to, set()) | named_here
    assert reached == {name: {w.name for w in (here, there) if name in w.audience} for name in "xy"}
    for (who, whose), other in named.items():
        assert any(a.to == who and whose in text(m) and other in text(m)
                   for a, m in told.channel.heard)  # fmt: skip
    heard = {alert.watch: set(alert.heard) for alert in told.store.open_alerts()}
    assert heard == {w.name: {f"list:{name}" for name in w.audience} for w in (here, there)}


def test_the_other_end_stands_apart_from_what_the_same_legs_moved(story: Make) -> None:
    """A twin of the watch shares its legs; the lull it came from does not."""
    told = lived(story, SYRIA, TURKEY, replace(SYRIA, name="Syria twin"))
    day, after = MOVED + timedelta(days=1), MOVED + timedelta(days=2)
    told.day(day, flights(day, 4, 0))
    told.day(after, [*flights(day, 10, 0)[4:], *flights(after, 4, 4)])
    (message,) = [m for _, m in told.channel.heard]
    parts = {s.heading: text(replace(message, title="", sections=(s,))) for s in message.sections}
    assert "Turkey to Libya: 0 legs" in parts["The other end of the move"]
    assert "Turkey" not in parts["The same legs also moved"]
