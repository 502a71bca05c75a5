"""Several watches, one story: a storm, a strike, a holiday; traffic that moved to another origin.

It changes no verdict: it explains findings, and lets them be told together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from bot.judge import Judged
from bot.model.alert import EVERYWHERE, Finding, Kind, Moved
from bot.model.watch import Watch
from bot.pool import OPEN_DAYS
from detectors import Walk
from detectors.network import LOOK_BACK, LOOK_LEAST, NETWORK_MIN, Shift, network_days, shifts

SIDES = {Kind.SURGE: 1, Kind.LULL: -1}
WORDS = {1: "rose", -1: "fell"}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stories:
    """What the open days have in common."""

    common: Mapping[date, int]  # days on which most watches strayed the same way, and which
    moves: tuple["Move", ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """In the days up to `day`, legs to one destination came from another origin than usual."""

    day: date
    gained: Moved
    lost: Moved

    @property
    def first(self) -> date:
        """The first of its days."""
        return self.day - timedelta(days=self.gained.window_days - 1)


def common_days(judged: Mapping[str, Judged]) -> dict[date, int]:
    """Direction (+1, -1) of those open days on which most watches strayed the same way.

    Only watches with enough past on the same days are asked.
    """
    asked = _asked(judged.values())
    if len(asked) < NETWORK_MIN:
        return {}
    counts, walk, days = _batch(asked)
    side = network_days(counts, walk).direction
    size = len(days)
    return {days[t].item(): int(side[t]) for t in range(size - OPEN_DAYS, size) if side[t]}


def moves(
    watches: Mapping[str, Watch], judged: Mapping[str, Judged], today: date
) -> tuple[Move, ...]:
    """Surges of the open days that a fall of another origin to the same destination explains,
    strongest first. Watches of which one leg could count for both explain each other nothing."""
    found = []
    for names in _destinations(watches, judged):
        asked = {j.series.watch: j for j in _asked(judged[name] for name in names)}
        if len(asked) < 2:
            continue
        counts, walk, days = _batch(list(asked.values()))
        counts[:, days == np.datetime64(today)] = np.nan  # a day that is not over has not fallen
        company = [watches[name] for name in asked]
        for t in range(len(days) - OPEN_DAYS, len(days)):
            day = days[t].item()
            fallen = [_has_fallen(judged[name], day) for name in asked]
            found += [
                _move(shift, company, walk, day)
                for shift in shifts(counts, walk, t, fallen=fallen)
                if _apart(company[shift.gained], company[shift.lost])
            ]
    return tuple(found)


def _has_fallen(judged: Judged, day: date) -> bool:
    """Whether a lull is found of one of the open days up to that one."""
    return any(f.raised and f.kind is Kind.LULL and f.day <= day for f in judged.findings)


def _move(shift: Shift, company: Sequence[Watch], walk: Walk, day: date) -> Move:
    there = float(walk.observed_window[shift.gained, shift.t])
    usual = float(walk.expected_window[shift.gained, shift.t])
    return Move(
        day,
        Moved(company[shift.gained].name, there, usual, shift.window_days),
        Moved(company[shift.lost].name, shift.seen, shift.expected, shift.lost_days),
    )


def explained(judged: Judged, told: Stories) -> Judged:
    """The findings that are part of something larger, saying so."""
    found = (replace(f, moved=_other_ends(f, told.moves)) for f in judged.findings)
    noted = tuple(_noted(f) if is_common(f, told.common) else f for f in found)
    return replace(judged, findings=noted)


def story(finding: Finding, days: Mapping[date, int]) -> frozenset[str]:
    """Names of the stories that the finding is part of; findings that share one are one story."""
    everywhere = {f"{finding.kind} everywhere"} if is_common(finding, days) else set()
    ends = {frozenset((finding.watch, end.watch)) for end in finding.moved}
    return frozenset(everywhere | {"moved: " + " and ".join(sorted(pair)) for pair in ends})


def is_common(finding: Finding, days: Mapping[date, int]) -> bool:
    """Whether the finding is part of what everything did that day."""
    side = SIDES.get(finding.kind)
    over = finding.complete or side == 1  # a day that is not over has not fallen
    return finding.raised and over and side is not None and days.get(finding.day) == side


def _noted(finding: Finding) -> Finding:
    said = f"most of your watches {WORDS[SIDES[finding.kind]]} on that day: {EVERYWHERE}"
    return replace(finding, notes=(*finding.notes, said))


def _other_ends(finding: Finding, known: Iterable[Move]) -> tuple[Moved, ...]:
    """From where a surge came, to where a lull went: of each watch the latest that is known."""
    if not finding.raised:
        return ()
    ends: dict[str, Moved] = {}
    for move in known:
        if finding.kind is Kind.SURGE and (move.gained.watch, move.day) == (
            finding.watch,
            finding.day,
        ):
            ends[move.lost.watch] = move.lost
        within = move.first <= finding.day <= move.day
        if finding.kind is Kind.LULL and move.lost.watch == finding.watch and within:
            ends[move.gained.watch] = move.gained
    return tuple(ends.values())


def _destinations(
    watches: Mapping[str, Watch], judged: Mapping[str, Judged]
) -> list[tuple[str, ...]]:
    """Judged watches with an origin, by destination and aircraft: two or more of each."""
    groups: dict[object, list[str]] = {}
    for name in judged:
        watch = watches[name]
        if watch.origin is not None and watch.destination is not None:
            to = watch.destination.where()
            groups.setdefault((to, frozenset(watch.aircraft)), []).append(name)
    return [tuple(names) for names in groups.values() if len(names) > 1]


def _apart(a: Watch, b: Watch) -> bool:
    return a.origin is not None and b.origin is not None and not a.origin.overlaps(b.origin)


def _asked(judged: Iterable[Judged]) -> list[Judged]:
    """Those with enough past up to the same day."""
    known = list(judged)
    last = max((j.series.days[-1] for j in known), default=None)
    return [
        j for j in known
        if j.series.days[-1] == last and len(j.series.days) > LOOK_LEAST + OPEN_DAYS
    ]  # fmt: skip


def _batch(asked: Sequence[Judged]) -> tuple[Floats, Walk, npt.NDArray[np.datetime64]]:
    """Counts (N, T), walk and days that all of them share, as far as anybody looks back."""
    size = min(*(len(j.series.days) for j in asked), LOOK_BACK + OPEN_DAYS)
    walk = Walk(**{
        f.name: np.stack([getattr(j.walk, f.name)[-size:] for j in asked]) for f in fields(Walk)
    })  # fmt: skip
    counts = np.stack([j.series.counts[-size:] for j in asked])
    return counts, walk, asked[0].series.days[-size:]
