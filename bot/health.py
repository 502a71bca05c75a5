"""Notices the bot's own troubles and tells them once: a feed gone quiet, a job that keeps failing,
a question that a feed never answers.

Promises: a trouble is told when it has lasted, told again only when it is over; a feed that is
dark is never mistaken for an empty sky.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.channels.base import redact
from bot.lane import LaneState, Mood
from bot.store import LookHour

# A provider's bad quarter of an hour is weather; half an hour is news.
FEED_QUIET_FOR = timedelta(minutes=30)
JOB_FAILURES = 3
BLIND_AFTER = 5  # failures of one query in a day without a single answer
BLIND_SHOWN = 5

Notice = tuple[str, tuple[str, ...]]
"""A title and its lines, for the operators."""


@dataclass(slots=True)
class _Trouble:
    since: datetime
    why: str
    failures: int = 1
    told: bool = False


class Health:
    """What is wrong now. One for the service; not thread-safe beyond single dict operations."""

    def __init__(self) -> None:
        self._feeds: dict[str, _Trouble] = {}
        self._jobs: dict[str, _Trouble] = {}

    def failed(self, job: str, error: Exception, now: datetime) -> None:
        """A job ended in an exception."""
        trouble = self._jobs.setdefault(job, _Trouble(now, "", 0))
        trouble.failures += 1
        trouble.why = redact(f"{type(error).__name__}: {error}".splitlines()[0])[:300]

    def worked(self, job: str) -> None:
        """A job ended well: its trouble, if any, is over."""
        trouble = self._jobs.get(job)
        if trouble is not None and not trouble.told:
            del self._jobs[job]
        elif trouble is not None:
            trouble.failures = 0

    def examine(self, lanes: Sequence[LaneState], now: datetime) -> list[Notice]:
        """What operators should hear now that they have not heard."""
        return [*self._quiet_feeds(lanes, now), *self._failing_jobs()]

    def _quiet_feeds(self, lanes: Sequence[LaneState], now: datetime) -> list[Notice]:
        told: list[Notice] = []
        for lane in lanes:
            trouble = self._feeds.get(lane.feed)
            if lane.mood in (Mood.OK, Mood.NEW):
                if trouble is not None and trouble.told:
                    told.append(_back(lane, trouble, now))
                self._feeds.pop(lane.feed, None)
                continue
            if trouble is None:
                trouble = self._feeds[lane.feed] = _Trouble(lane.since or now, lane.why)
            trouble.why = lane.why
            # a refusal does not pass by itself: it is told at once
            lasted = now - trouble.since >= FEED_QUIET_FOR or lane.mood is Mood.REFUSED
            if lasted and not trouble.told:
                trouble.told = True
                told.append(_quiet(lane, trouble))
        return told

    def _failing_jobs(self) -> list[Notice]:
        told: list[Notice] = []
        for job, trouble in list(self._jobs.items()):
            if trouble.failures == 0:
                told.append((f"{job} works again", (f"it failed: {trouble.why}",)))
                del self._jobs[job]
            elif trouble.failures >= JOB_FAILURES and not trouble.told:
                trouble.told = True
                lines = (trouble.why, f"{trouble.failures} times in a row; the log has more")
                told.append((f"{job} keeps failing", lines))
        return told


def blind(hours: Sequence[LookHour], asked: Mapping[str, Collection[str]]) -> list[Notice]:
    """Queries (by feed) that failed whenever they were asked in these hours, while their feed
    answered others: a part of the sky that nobody sees, though the feed looks well."""
    told: list[Notice] = []
    for feed, keys in asked.items():
        mine = [hour for hour in hours if hour.feed == feed and hour.query_key in keys]
        answered = {hour.query_key for hour in mine if hour.ok}
        failed = Counter[str]()
        for hour in mine:
            failed[hour.query_key] += hour.failed
        last = {hour.query_key: hour.last_failure for hour in mine if hour.failed}
        never = [key for key, n in failed.items() if n >= BLIND_AFTER and key not in answered]
        if answered and never:
            lines = tuple(f"{key}: {failed[key]} times, {last[key]}" for key in never[:BLIND_SHOWN])
            title = f"Feed {feed} never answers {len(never)} of {len(keys)} questions"
            told.append((title, (*lines, "what they would show counts as not observed")))
    return told


def _quiet(lane: LaneState, trouble: _Trouble) -> Notice:
    verb = "refuses us" if lane.mood is Mood.REFUSED else "is dark"
    since = f"since {trouble.since:%d %b %H:%M} UTC; those hours count as unobserved, not as zero"
    return f"Feed {lane.feed} {verb}", (trouble.why, since)


def _back(lane: LaneState, trouble: _Trouble, now: datetime) -> Notice:
    minutes = round((now - trouble.since).total_seconds() / 60)
    return f"Feed {lane.feed} answers again", (f"it was dark for {minutes} min: {trouble.why}",)
