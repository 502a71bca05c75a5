"""Messages without a story: sightings, the bot's own troubles, its greeting, bare facts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from bot.message import legs as spelt
from bot.message import words
from bot.message.compose import where
from bot.message.legs import Gazetteer
from bot.model.air import Leg
from bot.model.alert import Finding, Kind, Line, Message, Reason, Section
from bot.model.watch import Watch

SIGHTINGS_SHOWN = 12


def sightings(
    watch: Watch,
    legs: Sequence[Leg],
    *,
    now: datetime,
    tz: tzinfo,
    possible: Sequence[Leg] = (),
    names: Mapping[str, str] | None = None,
    spots: Mapping[str, tuple[float, float]] | None = None,
    label: str = "",
) -> Message:
    """An hour's legs of one watch, counted and possible apart."""
    book = Gazetteer(names or {}, spots or {}, now, tz)
    n = words.count(len(legs)) if legs else words.count(len(possible), "possible leg")
    sections = [
        Section((where(watch),), essential=True),
        spelt.listed(legs, book, "Legs" if possible else "", most=SIGHTINGS_SHOWN),
        spelt.listed(possible, book, "Possible, not counted", most=SIGHTINGS_SHOWN),
    ]
    return Message(
        title=f"✈️ {n} sighted: {watch.name}",
        sections=tuple(section for section in sections if section is not None),
        kind=Kind.SIGHTINGS,
        label=label,
    )


def service(title: str, lines: Sequence[str], *, label: str = "") -> Message:
    """The bot's own troubles, for its operators."""
    return Message(f"🔧 {title}", _block(lines), kind=Kind.SERVICE, label=label)


def plain(finding: Finding, reason: Reason, facts: str, *, label: str = "") -> Message:
    """The least that must be said of an alert whose message could not be written."""
    news = {Reason.WORSE: "has grown", Reason.RESOLVED: "is over"}.get(reason, "began")
    return Message(
        f"{finding.watch}: {finding.kind} {news}",
        _block([facts, "The whole message could not be written; `why` has the numbers."]),
        reason=reason, kind=finding.kind, label=label,
    )  # fmt: skip


def welcome(
    lines: Sequence[str | Line], *, title: str = "Airbridge is watching", label: str = ""
) -> Message:
    """On start: what is watched, through which feeds, what cannot fire yet. A line that ends with
    ':' begins a block under that heading; an empty line ends one."""
    return Message(f"👋 {title}", _block(lines), kind=Kind.WELCOME, label=label)


def _block(lines: Sequence[str | Line]) -> tuple[Section, ...]:
    sections: list[Section] = []
    heading, held = "", list[Line]()
    for item in [*lines, ""]:
        starts = isinstance(item, str) and item.endswith(":")
        if item == "" or starts:
            if held or heading:
                sections.append(Section(tuple(held), heading, essential=True))
            heading, held = (str(item)[:-1] if starts else ""), []
        else:
            held.append(words.line(item) if isinstance(item, str) else item)
    return tuple(sections)
