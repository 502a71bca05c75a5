"""One finding in words: title, the facts a reader needs first, then what they rest on.

Order is importance: what a channel cannot fit, it leaves out from the end.
"""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

from bot.message import legs as spelt
from bot.message import words
from bot.message.legs import Gazetteer
from bot.message.looked import coverage
from bot.message.resolved import resolved
from bot.model.alert import (
    EVERYWHERE,
    Alert,
    Evidence,
    Finding,
    Kind,
    Line,
    Message,
    Reason,
    Section,
)
from bot.model.rarity import in_words, rarity_of, reach_years
from bot.model.watch import Place, Watch

SIGNS = {Kind.SURGE: "📈", Kind.LULL: "📉", Kind.FIRST: "🛫", Kind.MAKEUP: "🧩"}
UNLOOKED = "coverage: unknown, "  # begins the note that says why looking is not known
PLACES_SHOWN = 3  # of one end of a watch
UNUSUAL = "unusual in "  # begins the note that says what of a make-up is
LEGS_SHOWN = 5  # about one phone screen
POSSIBLE_SHOWN = 3
STORIES_SHOWN = 3
NOTES_SHOWN = 8
MOVES_SHOWN = 2
POORLY_LOOKED = 0.8  # below this share of the normal looking, a count is a floor


def compose(
    evidence: Evidence, reason: Reason, *, now: datetime, tz: tzinfo, alert: Alert | None = None
) -> Message:
    """What to tell about `evidence`, without pictures. `alert`: its life so far, for WORSE (how
    rare it was when last told) and RESOLVED (since when, and its peak)."""
    book = Gazetteer(evidence.names, evidence.spots, now, tz)
    if reason is Reason.RESOLVED:
        title, sections = resolved(evidence, where(evidence.watch), book, alert)
    else:
        title, sections = _raised(evidence, reason, book, alert)
    return Message(
        title=title,
        sections=tuple(section for section in sections if section is not None),
        reason=reason,
        kind=evidence.finding.kind,
        label=evidence.label,
    )


def _raised(
    evidence: Evidence, reason: Reason, book: Gazetteer, alert: Alert | None
) -> tuple[str, list[Section | None]]:
    finding, watch = evidence.finding, evidence.watch
    sign = "🔺" if reason is Reason.WORSE else SIGNS.get(finding.kind, "✈️")
    facts = [
        where(watch),
        *(_first_facts if finding.kind is Kind.FIRST else _count_facts)(finding, book),
        _worse(alert, finding) if reason is Reason.WORSE else (),
        _possible_count(evidence),
        _looking(finding),
        *_moved(finding),
        _prior(evidence),
    ]
    sections = [
        Section(tuple(fact for fact in facts if fact), essential=True),
        _story(evidence, book),
        spelt.listed(evidence.legs, book, "Legs", most=LEGS_SHOWN),
        *_also(evidence, book),
        coverage(evidence.coverage, book),
        spelt.listed(
            evidence.possible, book, "Possible legs, not counted", most=POSSIBLE_SHOWN
        ),
        _considered(finding),
    ]  # fmt: skip
    return f"{sign} {headline(finding, book)}: {watch.name}", sections


def where(watch: Watch) -> Line:
    """'Hmeimim → al-Khadim, Benina and 2 more · russian-transports'."""
    ends = " → ".join(_end(place) for place in (watch.origin, watch.destination))
    kinds = ", ".join(words.stranger(kind.name) for kind in watch.aircraft) or "all aircraft"
    return words.line(words.bold(ends), f" · {kinds}")


def _end(place: Place | None) -> str:
    if place is None:
        return "anywhere"
    names = [words.stranger(spot.name) for spot in place.airfields]
    names += [words.stranger(area.name) for area in place.areas]
    if len(names) > PLACES_SHOWN:
        names[PLACES_SHOWN - 1 :] = [f"{len(names) - PLACES_SHOWN + 1} more"]
    return words.join(names)


def headline(finding: Finding, book: Gazetteer) -> str:
    """The number first: '7 legs in 4 days, usually about 1 a month'."""
    if finding.kind is Kind.FIRST:
        if finding.last_before is None:
            looked = words.count(finding.days_looked, "day")
            return f"First known leg, after {looked} of looking"
        return f"First leg in {(finding.day - finding.last_before).days:,} days"
    if finding.kind is Kind.MAKEUP:
        odd = ", ".join(n.removeprefix(UNUSUAL) for n in finding.notes if n.startswith(UNUSUAL))
        return f"{words.count(finding.observed)} {_that_day(finding, book)}, unusual in {odd}"
    usual = ""
    if math.isfinite(finding.expected_window):
        usual = f", usually {words.rate(finding.usual_per_day)}"
    n = finding.observed if _span(finding) == 1 else finding.observed_window
    return f"{words.count(n)} {_when(finding, book)}{usual}"


def _span(finding: Finding) -> int:
    return max(1, finding.window_days)


def _when(finding: Finding, book: Gazetteer) -> str:
    if _span(finding) > 1:
        return f"in {_span(finding)} days" + ("" if finding.complete else " so far")
    return _that_day(finding, book)


def _that_day(finding: Finding, book: Gazetteer) -> str:
    if finding.complete:
        return f"on {words.day(finding.day, book.now)}"
    today = finding.day == book.now.date()
    return "so far today" if today else f"so far on {words.day(finding.day, book.now)}"


def _count_facts(finding: Finding, book: Gazetteer) -> list[Line]:
    """Observed, expected, limit, rarity: day and window."""
    facts = [_window_fact(finding, book), _day_fact(finding, book)]
    chance = words.about(rarity_of(finding))
    if chance:
        facts.append(words.line("By chance ", words.bold(chance), " on such a route"))
    else:
        facts.append(words.line("How rare this is by chance cannot be said yet"))
    return [*facts, _since(finding, book)]


def _window_fact(finding: Finding, book: Gazetteer) -> Line:
    if _span(finding) == 1:
        return ()
    first = finding.day - timedelta(days=finding.window_days - 1)
    return words.line(
        words.bold(words.count(finding.observed_window)),
        f" in {finding.window_days} days ({words.days(first, finding.day, book.now)}), ",
        words.expected(finding.expected_window),
    )


def _since(finding: Finding, book: Gazetteer) -> Line:
    """Since when, where the loudest window does not say it."""
    first = finding.day - timedelta(days=_span(finding) - 1)
    if finding.since is None or finding.since >= first:
        return ()
    return words.line(f"Out of the ordinary since {words.day(finding.since, book.now)}")


def _day_fact(finding: Finding, book: Gazetteer) -> Line:
    if not math.isfinite(finding.observed):
        return words.line(f"Nobody looked {_that_day(finding, book).removeprefix('so far ')}")
    whole = "" if finding.complete else " for the whole day"
    facts = words.expected(finding.expected) + whole
    if finding.kind is Kind.SURGE and math.isfinite(finding.limit) and finding.limit > 0:
        facts += f", alarm from {words.number(math.ceil(finding.limit))}"
    observed = words.bold(words.count(finding.observed))
    when = _that_day(finding, book)
    if not finding.complete:
        at = f"{words.clock(book.now, book.tz)} {words.zone(book.now, book.tz)}"
        when = f"{when} ({words.day(finding.day, book.now)}, {at})"
    return words.line(observed, f" {when}, {facts}")


def _first_facts(finding: Finding, book: Gazetteer) -> list[Line]:
    looked = words.count(finding.days_looked, "day")
    last = finding.last_before
    return [
        words.line("Nobody flew it in ", words.bold(looked), " with somebody looking"),
        words.line(f"The last one before: {words.day(last, book.now)}" if last else ""),
    ]


def _worse(alert: Alert | None, finding: Finding) -> Line:
    """How rare it was when last told; where the words are the same, its size is the news."""
    if alert is None or alert.told_return_years <= 0:
        return ()
    before = in_words(alert.told_return_years, reach_years(alert.kind, alert.usual_before))
    if before == rarity_of(finding):
        return words.line("It has grown much since last told")
    return words.line(f"When last told: {words.about(before)}")


def _possible_count(evidence: Evidence) -> Line:
    n = len(evidence.possible)
    return words.line(f"And {words.count(n, 'possible leg')}, not counted") if n else ()


def _looking(finding: Finding) -> Line:
    """How far to trust the count; said once, with the reason where there is one."""
    if math.isnan(finding.exposure):
        why = next((n.removeprefix(UNLOOKED) for n in finding.notes if n.startswith(UNLOOKED)), "")
        return words.line(f"How much was missed is not known{f': {why}' if why else ''}")
    if finding.complete and finding.exposure < POORLY_LOOKED:
        share = words.share(finding.exposure)
        return words.line(f"Watched only {share} as well as usual that day: there may be more")
    return ()


def _moved(finding: Finding) -> list[Line]:
    """Where the traffic came from or went, with what is missing or new there."""
    verb = "moved here from" if finding.kind is Kind.SURGE else "moved to"
    lines = []
    for end in finding.moved[:MOVES_SHOWN]:
        days = "a day" if end.window_days == 1 else f"{end.window_days} days"
        figures = f"{words.count(end.observed)} there in {days}, {words.expected(end.expected)}"
        other = words.bold(words.stranger(end.watch))
        lines.append(words.line(f"It seems to have {verb} ", other, f": {figures}"))
    return lines


def _prior(evidence: Evidence) -> Line:
    """What the expectation began from, as long as it outweighs the days looked at."""
    finding = evidence.finding
    if not math.isfinite(finding.start_per_day):
        return ()
    if finding.taught_by:
        others = words.count(finding.taught_by, "other watch", "other watches")
        said = f"as on your {others} at first ({words.rate(finding.start_per_day)})"
    else:
        said = f"what you called usual, {words.stranger(evidence.watch.usual_text)}"
    usual = words.rate(finding.usual_per_day)
    if usual == words.rate(finding.start_per_day):
        return words.line(words.italic(f"Expected: {said}, until data replaces it"))
    return words.line(words.italic(f"Expected: {said}; with the days seen so far {usual}"))


def _story(evidence: Evidence, book: Gazetteer) -> Section | None:
    if not evidence.story:
        return None
    lines = [spelt.chain(run, book) for run in evidence.story[:STORIES_SHOWN]]
    more = len(evidence.story) - STORIES_SHOWN
    if more > 0:
        lines.append(words.line(words.italic(f"… and {more} more")))
    return Section(tuple(lines), "One airframe, one story" if len(lines) == 1 else "Stories")


def _also(evidence: Evidence, book: Gazetteer) -> list[Section]:
    """Other watches: where the traffic moved from or to, and what the same legs moved, or the same
    day."""
    ends = {end.watch for end in evidence.finding.moved}
    everywhere = any(note.endswith(EVERYWHERE) for note in evidence.finding.notes)
    parts = {
        "The other end of the move": [f for f in evidence.also if f.watch in ends],
        "On the same day also moved" if everywhere else "The same legs also moved": [
            f for f in evidence.also if f.watch not in ends
        ],
    }
    return [_told_with(evidence, found, head, book) for head, found in parts.items() if found]


def _told_with(
    evidence: Evidence, others: Iterable[Finding], heading: str, book: Gazetteer
) -> Section:
    lines: list[Line] = []
    for finding in others:
        chance = words.about(rarity_of(finding))
        rare = f"; by chance {chance}" if chance and finding.kind is not Kind.FIRST else ""
        said = headline(finding, book)
        said = f"{said[:1].lower()}{said[1:]}{rare}"
        lines.append(words.line(words.bold(words.stranger(finding.watch)), f": {said}"))
        flown = evidence.other_legs.get(finding.watch, ())
        told = {leg.id for run in evidence.story for leg in run}
        lines.extend(spelt.entry(leg, book) for leg in flown[-2:] if leg.id not in told)
    return Section(tuple(lines), heading)


def _considered(finding: Finding) -> Section | None:
    notes = [note for note in finding.notes if not note.startswith(UNLOOKED)]
    if not notes:
        return None
    lines = tuple(words.line(f"– {note}") for note in notes[:NOTES_SHOWN])
    return Section(lines, "Also considered")
