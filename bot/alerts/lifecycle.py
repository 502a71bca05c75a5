"""pending -> firing -> resolved: what one judged day does to an alert.

`step` is pure. Promises: a day that was not judged, or at which nobody looked, moves nothing;
FIRST is proposed until somebody has been told, and once told never again in that firing;
RESOLVED comes only after FIRST was told; a day judged twice counts once.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from bot.model.alert import EVENTS, Alert, Finding, Kind, Reason, State
from bot.model.rarity import reach_years

# "Once in ten times as many years" is a difference worth a second message; twice is noise.
WORSE_BY = 10.0
# Beyond what can honestly be said the words stay "once in 10 years or rarer" while an airlift goes
# on; then only its size is news. Legs that come by chance have four times the digits when they are
# three times as many (Poisson: 5 against 0.08 expected, 10^-7.6; 15, 10^-28.6).
GROWN = 4.0
# And beyond a thousand years nobody doubts it, however much larger it grows.
BEYOND_DOUBT = 1000.0
# On the running day more legs are to come: what barely passes waits for the day's end.
SURE_BY = 2.0
# From then on the detector may have learnt the new level (detection.md, section 6), and a level
# that it has learnt is news of its own kind: the new usual, told once.
LASTING = timedelta(days=28)
NEW_LEVEL = "new_level"
MOVED_BY = 1.25  # of the former usual; less than that is weekdays and seasons


@dataclass(frozen=True, slots=True)
class Policy:
    """How an alert lives. `per_year`: false alarms a year its owner accepts."""

    per_year: float = 1.0
    resolve_days: int = 7  # calm covered days in a row before it is over
    settle_days: int = 3  # the same, of what has lasted so long that its level is learnt
    reopen_days: int = 14  # raised again within that: the old episode goes on
    cooldown: timedelta = timedelta(days=1)  # after an end, before the same is news again


@dataclass(frozen=True, slots=True)
class Step:
    """The alert after a finding (the same object: nothing changed), and what there is to say."""

    alert: Alert | None
    reason: Reason = Reason.NONE


def step(alert: Alert | None, finding: Finding, policy: Policy, now: datetime) -> Step:
    """What `finding` does to the latest alert of its kind and watch.

    `alert`: that alert, open or resolved; None: there never was one. Hand in the days of a run
    oldest first.
    """
    if not finding.judged or _nobody_looked(finding):
        return Step(alert)
    if alert is None or alert.state is State.RESOLVED:
        return _closed(alert, finding, policy, now)
    if finding.kind in EVENTS:
        return _event(alert, finding, now)
    if finding.raised:
        return _raised(alert, finding, policy, now)
    if alert.state is State.PENDING:
        return _withdrawn(alert, finding, now)
    return _calming(alert, finding, policy, now)


def event_key(alert: Alert, reason: Reason) -> str:
    """Names one change of one alert, for the outbox: the same change has the same name, so that
    one firing has one FIRST at an address and one end, whatever is repeated."""
    when = {Reason.FIRST: alert.fired, Reason.RESOLVED: alert.resolved}.get(reason)
    return f"{alert.id}/{reason}/{int((when or alert.updated).timestamp())}"


def _nobody_looked(finding: Finding) -> bool:
    """A dark feed neither fires nor resolves, whatever else the finding says."""
    return math.isnan(finding.observed) or finding.exposure == 0


# -------------------------------------------------------------------------- nothing is open


def _closed(alert: Alert | None, finding: Finding, policy: Policy, now: datetime) -> Step:
    if not finding.raised or (alert is not None and _is_settled(alert, finding)):
        return Step(alert)
    rarity = _rarity(finding)
    if alert is not None and _continues(alert, finding, policy, now):
        opened = replace(alert, state=State.PENDING, day=finding.day, updated=now, calm_days=0,
                         heard=(), told_return_years=0.0,
                         peak_return_years=rarity)  # fmt: skip
    else:
        opened = Alert(_new_id(finding, now), finding.kind, finding.watch, State.PENDING,
                       opened=now, updated=now, day=finding.day,
                       peak_return_years=rarity, usual_before=_pace(finding))  # fmt: skip
    return _fire(opened, now) if _is_sure(finding, policy) else Step(opened)


def _is_settled(alert: Alert, finding: Finding) -> bool:
    """An old day judged again does not bring back what ended after it."""
    if finding.kind in EVENTS:
        return finding.day <= alert.day
    return alert.last_calm_day is not None and finding.day < alert.last_calm_day


def _continues(alert: Alert, finding: Finding, policy: Policy, now: datetime) -> bool:
    """Whether it is the old episode that goes on; what never fired was none, and what rises above
    a new usual is another."""
    if finding.kind in EVENTS or alert.fired is None or alert.resolved is None:
        return False
    if alert.usual_after is not None:
        return False
    return now - alert.resolved <= timedelta(days=policy.reopen_days)


def _is_sure(finding: Finding, policy: Policy) -> bool:
    if finding.complete or finding.kind in EVENTS:
        return True
    return finding.return_period_years >= SURE_BY / policy.per_year


def _fire(alert: Alert, now: datetime) -> Step:
    return Step(replace(alert, state=State.FIRING, fired=now, updated=now), Reason.FIRST)


def _new_id(finding: Finding, now: datetime) -> str:
    """Short enough to type, the same for the same beginning."""
    text = f"{finding.kind}:{finding.watch}:{now.isoformat()}"
    return sha256(text.encode()).hexdigest()[:10]


# --------------------------------------------------------------------------------- it is open


def _raised(alert: Alert, finding: Finding, policy: Policy, now: datetime) -> Step:
    if _is_settled(alert, finding):
        return Step(alert)
    # an older day may fire or worsen (late legs), but the alert stays at its latest day
    seen = replace(_restless(alert, finding), day=max(alert.day, finding.day),
                   peak_return_years=max(alert.peak_return_years, _rarity(finding)))  # fmt: skip
    if alert.state is State.PENDING:
        return _fire(seen, now) if _is_sure(finding, policy) else _unless_same(alert, seen, now)
    if not alert.heard:
        return Step(replace(seen, updated=now), Reason.FIRST)
    if _is_worse(alert, finding):
        return Step(replace(seen, updated=now), Reason.WORSE)
    return _unless_same(alert, seen, now)


def _withdrawn(alert: Alert, finding: Finding, now: datetime) -> Step:
    """Pending and no longer raised: dropped without a word."""
    if finding.day < alert.day:
        return Step(alert)
    # what continued an old episode goes back to how that ended
    return Step(replace(alert, state=State.RESOLVED, updated=now, resolved=alert.resolved or now))


def _calming(alert: Alert, finding: Finding, policy: Policy, now: datetime) -> Step:
    """Firing, and a day that is not raised."""
    if not finding.complete or finding.day < alert.day:
        return Step(alert)
    lasting = alert.fired is not None and finding.day - alert.fired.date() >= LASTING
    if lasting and finding.state == NEW_LEVEL:
        settled = replace(_restless(alert, finding), day=finding.day, last_calm_day=finding.day)
        return _end(replace(settled, usual_after=_pace(finding)), now)
    if not finding.calm:
        return _unless_same(alert, _restless(alert, finding), now)
    if alert.last_calm_day == finding.day:
        return Step(alert)
    calmer = replace(alert, day=finding.day, updated=now, calm_days=alert.calm_days + 1,
                     last_calm_day=finding.day)  # fmt: skip
    if calmer.calm_days < (policy.settle_days if lasting else policy.resolve_days):
        return Step(calmer)
    after = _pace(finding) if _has_moved(alert, finding) else None
    return _end(replace(calmer, usual_after=after), now)


def _end(alert: Alert, now: datetime) -> Step:
    reason = Reason.RESOLVED if alert.heard else Reason.NONE
    return Step(replace(alert, state=State.RESOLVED, updated=now, resolved=now), reason)


def _has_moved(alert: Alert, finding: Finding) -> bool:
    """Whether what is expected now went the alert's way since it began."""
    before, after = alert.usual_before, _pace(finding)
    if before is None or after is None or finding.kind not in (Kind.SURGE, Kind.LULL):
        return False
    return after >= MOVED_BY * before if finding.kind is Kind.SURGE else after * MOVED_BY <= before


def _pace(finding: Finding) -> float | None:
    """Legs a day that are expected; None where that is unknown."""
    pace = finding.usual_per_day
    return pace if math.isfinite(pace) else None


def _restless(alert: Alert, finding: Finding) -> Alert:
    """The calm streak broken; a day that had counted as calm may count again."""
    last = None if alert.last_calm_day == finding.day else alert.last_calm_day
    return replace(alert, calm_days=0, last_calm_day=last)


def _event(alert: Alert, finding: Finding, now: datetime) -> Step:
    """A first leg is an event: told once, over with the next judged day, or when withdrawn."""
    if finding.day < alert.day:
        return Step(alert)
    if finding.day == alert.day and finding.raised:
        return Step(alert) if alert.heard else Step(replace(alert, updated=now), Reason.FIRST)
    return Step(replace(alert, state=State.RESOLVED, updated=now, resolved=now))


def _unless_same(before: Alert, after: Alert, now: datetime) -> Step:
    """Only a real change is a change, or every run would rewrite every alert."""
    return Step(before) if after == before else Step(replace(after, updated=now))


def _is_worse(alert: Alert, finding: Finding) -> bool:
    """Ten times rarer than told, or, where that was as rare as can be said, several times the
    size; what was told without a number, or as beyond doubt, cannot be. What can be said is that of
    the route as it was when the alert began: today's usual may waver about where that changes."""
    told, years = alert.told_return_years, _rarity(finding)
    if not 0 < told < BEYOND_DOUBT:
        return False
    beyond_words = told > reach_years(alert.kind, alert.usual_before)
    return (told**GROWN if beyond_words else told * WORSE_BY) <= years


def _rarity(finding: Finding) -> float:
    """Its return period in years; 0 where none is known."""
    years = finding.return_period_years
    return 0.0 if math.isnan(years) else years
