"""What an operator may ask, and the assessment asks too: verdicts, findings, evidence, coverage."""

import hashlib
import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TypeVar

import numpy as np

from bot import coverage, evidence, lull, makeup, network
from bot.airfields import Airfields
from bot.book import Book
from bot.coverage import Ground
from bot.errors import StoreError
from bot.judge import Judge, Judged, explained_by
from bot.lessons import Lessons
from bot.matching import Fit
from bot.model.air import Airfield, Leg, Track
from bot.model.alert import CoverageNote, Evidence, Finding, Kind, Series
from bot.model.looking import Estimate, GroundDay, Lookout
from bot.model.watch import Watch
from bot.shelf import DAY, midnight

SOURCES_TOLD_DAYS = 14  # a change of source explains a fortnight's counts, not older ones
TRACKS_DRAWN = 6  # more paths than this hide each other on a phone
TRACK_MARGIN = timedelta(minutes=10)

log = logging.getLogger(__name__)
T = TypeVar("T")


class Desk:
    """Answers from the book and the store. Used by one thread at a time."""

    def __init__(
        self, book: Book, airfields: Airfields, *, feeds: tuple[str, ...] = (), label: str = ""
    ) -> None:
        self.book = book
        self.store = book.store
        self.watches = book.watches
        self.label = label
        self._airfields = airfields
        self._feeds = feeds
        self.lessons = Lessons(book)
        self._judge = Judge()
        self._held: dict[str, tuple[str, Judged]] = {}
        self._stories = network.Stories({})

    def judged(self, watch: Watch, today: date, last: date | None = None) -> Judged | None:
        """The watch judged up to `last` (default: `today`); None before anything is known."""
        known = self.book.series(watch, today, last)
        if known is None:
            return None
        pools = self.lessons.needed_by([known], today)
        return self._with_more(watch, Judge().judge([watch], [known], today, pools)[0], today)

    def _with_more(self, watch: Watch, judged: Judged, today: date) -> Judged:
        """The other halves of the verdict: lull and make-up. One that fails costs itself alone."""
        none: tuple[Finding, ...] = ()
        lulls = _spared(
            f"lull could not be judged watch={watch.name}",
            lambda: lull.findings(watch, judged.series, today), none,
        )  # fmt: skip
        odd = _spared(
            f"make-up could not be judged watch={watch.name}",
            lambda: self._made_up(watch, judged, today), none,
        )  # fmt: skip
        return replace(judged, findings=(*judged.findings, *lulls, *odd))

    def _made_up(self, watch: Watch, judged: Judged, today: date) -> tuple[Finding, ...]:
        if not makeup.worth_judging(watch, judged.series, today):
            return ()
        counted = [
            (match.leg, self.book.identify(match.leg))
            for match in self.book.matches(watch, today - makeup.REACH, today)
            if match.fit is Fit.COUNTS
        ]
        odd = makeup.finding(watch, judged.series, judged.walk, counted, today)
        return () if odd is None else (_explained(watch, judged.series, odd),)

    def judged_all(self, today: date) -> dict[str, Judged]:
        """Every watch of which anything is known, judged up to `today`.

        When nothing has changed since the last call nothing is judged again: most runs bring
        nothing. All are judged together, so that they share their walk.
        """
        known = {
            name: series
            for name, watch in self.watches.items()
            if (series := self.book.series(watch, today)) is not None
        }
        marks = {name: _mark(series, today) for name, series in known.items()}
        if any(self._held.get(name, ("",))[0] != mark for name, mark in marks.items()):
            watches = [self.watches[name] for name in known]
            pools = self.lessons.needed_by(known.values(), today)
            fresh = self._judge.judge(watches, list(known.values()), today, pools)
            more = [
                self._with_more(self.watches[name], judged, today)
                for name, judged in zip(known, fresh, strict=True)
            ]
            company = dict(zip(known, more, strict=True))
            self._stories = network.Stories(
                _spared("common days could not be found", lambda: network.common_days(company), {}),
                _spared(
                    "moves could not be found",
                    lambda: network.moves(self.watches, company, today), (),
                ),
            )  # fmt: skip
            self._held = {
                name: (marks[name], network.explained(judged, self._stories))
                for name, judged in company.items()
            }
        return {name: self._held[name][1] for name in known}

    def story(self, finding: Finding) -> frozenset[str]:
        """What the finding is part of, besides its legs: a day on which most watches moved, or
        traffic that moved from one to another."""
        return network.story(finding, self._stories.common)

    def findings(self, watch: Watch, day: date, now: datetime) -> tuple[Finding, ...]:
        """What is found of one day, judged by the days up to it; what other watches did then, as
        it was said when they were judged together."""
        today = now.date()
        judged = self.judged(watch, today, min(day, today))
        said = self.store.findings(watch.name, since=day, until=day)
        told = {one.finding.kind: one.finding for one in said if one.finding.raised}
        return tuple(
            replace(f, moved=told[f.kind].moved, notes=told[f.kind].notes)
            if f.raised and f.kind in told else f
            for f in (judged.findings if judged else ()) if f.day == day
        )  # fmt: skip

    def evidence(self, watch: Watch, finding: Finding, drawn: Series, now: datetime) -> Evidence:
        """The facts behind a finding; `drawn` is the judged series."""
        first, last = evidence.window(finding)
        found = self.book.matches(watch, first, last)
        counted, _ = evidence.behind(finding, found)
        story = self._around(counted)
        return evidence.gather(
            watch,
            finding,
            found,
            drawn,
            self.coverage(watch, now),
            tracks=self._tracks(counted[-TRACKS_DRAWN:]),
            story=story,
            airfields=self._named([*(m.leg for m in found), *story], watch),
            label=self.label,
        )

    def _named(self, legs: Iterable[Leg], watch: Watch) -> dict[str, Airfield]:
        """Every airfield that the legs or the watch speak of, as far as the table knows it."""
        idents = evidence.idents(legs)
        for end in (watch.origin, watch.destination):
            idents |= {spot.ident for spot in end.airfields} if end else set()
        fields = {ident: self._airfields.get(ident) for ident in sorted(idents)}
        return {ident: field for ident, field in fields.items() if field is not None}

    def gazetteer(
        self, legs: Iterable[Leg], watch: Watch
    ) -> tuple[dict[str, str], dict[str, tuple[float, float]]]:
        """Names and places (degrees) of the airfields that the legs or the watch speak of."""
        fields = self._named(legs, watch)
        names = {ident: field.name for ident, field in fields.items()}
        return names, {ident: (f.lat_deg, f.lon_deg) for ident, f in fields.items()}

    def latest(self, watch: Watch, day: date, now: datetime) -> Evidence | None:
        """Evidence for that day as it stands, raised or not; None before anything is known."""
        judged = self.judged(watch, now.date(), min(day, now.date()))
        if judged is None or not judged.findings:
            return None
        found = [f for f in judged.findings if f.day == judged.findings[-1].day]
        loudest = max(found, key=lambda f: (f.raised, f.kind is Kind.SURGE))
        return self.evidence(watch, loudest, judged.series, now)

    def coverage(self, watch: Watch, now: datetime) -> CoverageNote:
        """How well the watch was looked at in the last 24 hours."""
        grounds = coverage.grounds_of(watch)
        first = now.date() - timedelta(days=SOURCES_TOLD_DAYS)
        return coverage.note(
            {g.label: self.store.presence(g.key, now - 2 * DAY, now + DAY) for g in grounds},
            {g.label: self.looking(g, first) for g in grounds},
            self.failures(now - 2 * DAY, now),
            _so_far(self.book.hours.estimate(watch, now.date()), now),
            self._feeds,
            now,
        )

    def looking(self, ground: Ground, first: date) -> tuple[GroundDay, ...]:
        """The days of a ground from that one on, oldest first, as they stand now."""
        stored = {day.day: day for day in self.store.ground_days(ground.key, first)}
        stored |= self.book.hours.days(ground.key)
        return tuple(stored[day] for day in sorted(stored) if day >= first)

    def lookouts(self, watch: Watch, days: int, now: datetime) -> tuple[Lookout, ...]:
        """How each end of the watch was looked at in so many days up to now."""
        first = now.date() - timedelta(days=days - 1)
        failures = self.failures(midnight(first), now)
        return tuple(
            coverage.lookout(
                ground.label, self.store.presence(ground.key, midnight(first), now),
                self.looking(ground, first), failures, first, now,
            )
            for ground in coverage.grounds_of(watch)
        )  # fmt: skip

    def failures(self, since: datetime, until: datetime) -> dict[int, str]:
        """By the hour (epoch s): which feed failed, and why."""
        hours = self.store.look_hours(since - timedelta(hours=1), until)
        return coverage.failed_by_hour((h.hour, h.feed, h.last_failure) for h in hours)

    def _around(self, legs: Iterable[Leg]) -> list[Leg]:
        """Everything those airframes flew within the time that makes one story."""
        spans: dict[str, tuple[datetime, datetime]] = {}
        for leg in legs:
            start, stop = spans.get(leg.icao24, (leg.first_seen, leg.last_seen))
            spans[leg.icao24] = (min(start, leg.first_seen), max(stop, leg.last_seen))
        reach = evidence.CHAIN_WITHIN
        return [
            leg
            for icao24, (start, stop) in spans.items()
            for leg in self.store.legs_of(icao24, start - reach, stop + reach)
        ]

    def _tracks(self, legs: Sequence[Leg]) -> list[Track]:
        tracks = [
            self.store.track(
                leg.icao24, leg.first_seen - TRACK_MARGIN, leg.last_seen + TRACK_MARGIN
            )
            for leg in legs
        ]
        return [track for track in tracks if len(track.time_s) > 1]


def _spared(failed: str, work: Callable[[], T], instead: T) -> T:
    """What `work` returns; what only adds to a verdict must not stop the judging of all watches.
    A store that fails does: the run comes again, and nothing is judged by half."""
    try:
        return work()
    except StoreError:
        raise
    except Exception:
        log.exception(failed)
        return instead


def _explained(watch: Watch, series: Series, odd: Finding) -> Finding:
    """The make-up's finding, with what the calendar knows of its day."""
    i = int((series.days == np.datetime64(odd.day)).argmax())
    named = explained_by(watch, series, i, odd.window_days, allowed_for=False)
    return replace(odd, notes=(*odd.notes, *named))


def _so_far(today: Estimate, now: datetime) -> Estimate:
    """The running day's looking, of that part of it which is over."""
    elapsed = (now - midnight(now.date())) / DAY
    if elapsed <= 1 / 48:
        return Estimate(math.nan, math.nan, math.nan)
    return Estimate(today.exposure / elapsed, today.low / elapsed, today.high / elapsed)


def _mark(series: Series, today: date) -> str:
    """The same for series that are judged the same: of the running day's exposure only whether
    anybody looked matters."""
    exposure = series.exposure.copy()
    if series.days[-1].item() == today:
        exposure[-1] = exposure[-1] > 0
    parts = (series.days[[0, -1]], series.counts, series.possible, exposure)
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()
