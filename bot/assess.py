"""assess: series -> findings -> alerts -> messages in the outbox, one run after another.

Promises: an alert's change and its deliveries commit in one transaction; what can fail (judging,
drawing) is done before it; a picture that cannot be drawn costs the picture, not the message.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot import alerts, message, outbox, sightings
from bot.alerts import Batch, Item, Policy, Step
from bot.config import Config
from bot.desk import Desk
from bot.errors import StoreError
from bot.judge import Judged
from bot.model.alert import Alert, Evidence, Finding, Kind, Message, Picture, Reason, State
from bot.model.rarity import rarity_of
from bot.model.watch import Address, Watch
from bot.pictures.chart import chart
from bot.pictures.map import route_map
from bot.store import Tx

log = logging.getLogger(__name__)

NEWS = (Reason.FIRST, Reason.WORSE, Reason.RESOLVED)


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """One alert after this run's steps, and the finding that speaks for it."""

    before: Alert | None
    alert: Alert
    finding: Finding
    reason: Reason
    judged: Judged


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its way into the outbox."""

    event: str
    message: Message
    addresses: tuple[Address, ...]
    alert_id: str | None = None
    remember: tuple[tuple[str, bytes], ...] = ()  # small state to store with it


class Assessor:
    """The only writer of alerts. Used by one thread at a time."""

    def __init__(self, desk: Desk, settings: Config, *, draw: bool = True) -> None:
        self._desk = desk
        self._settings = settings
        self._draws = draw
        self._noted: dict[tuple[str, str, date], str] = {}

    def assess(self, now: datetime) -> tuple[Letter, ...]:
        """Judge every watch up to `now`; store what changed and queue what is to be told."""
        self._desk.book.recount(now)
        last = self._desk.store.last_alerts()
        findings: list[Finding] = []
        changes: list[Change] = []
        for name, judged in self._desk.judged_all(now.date()).items():
            findings += judged.findings
            changes += _step(self._desk.watches[name], judged, last, now)
        current = {(f.watch, f.kind, f.day) for f in findings}
        self._noted = {key: said for key, said in self._noted.items() if key in current}
        letters, told = self._letters(changes, now)
        orphans = self._orphans(last, now)
        letters += [*self._sightings(now), *(letter for _, letter in orphans)]
        self._commit(findings, changes, told, letters, now, [alert for alert, _ in orphans])
        return tuple(letters)

    def _commit(
        self, findings: Iterable[Finding], changes: Sequence[Change], told: Iterable[Step],
        letters: Sequence[Letter], now: datetime, closed: Sequence[Alert],
    ) -> None:  # fmt: skip
        store = self._desk.store
        final = {step.alert.id: step for step in told if step.alert is not None}
        with store.begin() as tx:
            taught = self._desk.lessons.store(tx, now)
            for finding in findings:
                self._note(tx, finding, now)
            for change in changes:
                step = final.get(change.alert.id, Step(change.alert))
                if step.alert is None or step.alert == change.before:
                    continue
                store.put_alert(tx, step.alert, step.reason, _in_words(change.finding))
                log.info("alert %s kind=%s watch=%s told=%s", step.alert.state, step.alert.kind,
                         step.alert.watch, step.reason)  # fmt: skip
            for alert in closed:
                store.put_alert(tx, alert, Reason.NONE, "no longer watched")
            for letter in letters:
                self._post(tx, letter, now)
        self._desk.lessons.stored(taught)

    def _note(self, tx: Tx, finding: Finding, now: datetime) -> None:
        """Store what is said of a day, unless it was said before."""
        key = (finding.watch, finding.kind, finding.day)
        if self._noted.get(key) != repr(finding):
            self._desk.store.put_finding(tx, finding, now)
            self._noted[key] = repr(finding)  # NaN is unlike itself; its text is not

    def _post(self, tx: Tx, letter: Letter, now: datetime) -> None:
        said = replace(letter.message, silent=self._settings.quiet_at(now))
        store = self._desk.store
        outbox.enqueue(store, tx, event=letter.event, message=said, addresses=letter.addresses,
                       now=now, alert_id=letter.alert_id)  # fmt: skip
        for key, value in letter.remember:
            store.put_state(tx, key, value)

    def _sightings(self, now: datetime) -> list[Letter]:
        silences = self._desk.store.silences(now)
        letters = []
        for watch in self._desk.watches.values():
            if not watch.alerts.sightings or alerts.is_silenced(watch.name, silences, now):
                continue
            try:
                found = sightings.digest(self._desk, watch, now, self._settings.timezone)
            except Exception:  # nor one digest the alerts
                log.exception("sightings could not be gathered watch=%s", watch.name)
                continue
            if found is not None:
                addresses = self._settings.addresses(watch.audience)
                remember = ((found.key, found.value),)
                letters.append(Letter(found.event, found.message, addresses, remember=remember))
        return letters

    # ------------------------------------------------------------------------------ alerts

    def _letters(
        self, changes: Sequence[Change], now: datetime
    ) -> tuple[list[Letter], tuple[Step, ...]]:
        """What is said of this run's changes, and the alerts as they are to be stored."""
        backed = self._backed(changes, now)
        batch = Batch(tuple(self._item(change, backed.get(change.alert.id)) for change in changes))
        batch = alerts.silence(batch, self._desk.store.silences(now), now)
        batch = alerts.group(alerts.dedup(batch, Policy().cooldown, now))
        letters = []
        for item in batch.kept:
            try:
                letters.append(self._letter(item, backed, now))
            except Exception:  # one message that cannot be written stops no other, nor is it lost
                log.exception("message could not be written watch=%s", item.alert.watch)
                letters += self._plain(item)
        return letters, alerts.told(batch)

    def _backed(self, changes: Sequence[Change], now: datetime) -> dict[str, Evidence]:
        """The evidence for this run's news, by alert."""
        found: dict[str, Evidence] = {}
        for change in changes:
            if change.reason in NEWS:
                watch = self._desk.watches[change.finding.watch]
                drawn = change.judged.series
                try:
                    found[change.alert.id] = self._desk.evidence(watch, change.finding, drawn, now)
                except StoreError:  # the run comes again, and nothing is told by half
                    raise
                except Exception:
                    log.exception("evidence could not be gathered watch=%s", watch.name)
        return found

    def _plain(self, item: Item) -> list[Letter]:
        """Bare facts of the item and of all that was to be told with it."""
        facts = [
            message.plain(finding, item.reason, _in_words(finding), label=self._desk.label)
            for finding in (item.finding, *item.also)
        ]
        key = alerts.event_key(item.alert, item.reason)
        return [Letter(f"{key}/{i}" if i else key, said, item.addresses, item.alert.id)
                for i, said in enumerate(facts)]  # fmt: skip

    def _orphans(self, last: dict[str, Alert], now: datetime) -> list[tuple[Alert, Letter]]:
        """Open alerts that nothing judges any more (a watch removed, its surges switched off):
        closed, and told to whoever heard that they began."""
        judged = {f"{kind}:{name}" for name, w in self._desk.watches.items() for kind in _kinds(w)}
        found = []
        for key, alert in last.items():
            if alert.state is State.RESOLVED or key in judged:
                continue
            ended = replace(alert, state=State.RESOLVED, updated=now, resolved=now)
            said = message.service(
                f"No longer watched: {alert.watch}",
                [f"Its {alert.kind} alert is closed: the configuration no longer asks for it."],
            )
            to = tuple(Address(*key.split(":", 1)) for key in alert.heard)
            found.append((ended, Letter(f"{alert.id}/unwatched", said, to, alert.id)))
        return found

    def _item(self, change: Change, backing: Evidence | None) -> Item:
        watch = self._desk.watches[change.finding.watch]
        cause = frozenset[str]()
        if backing is not None:
            chained = {leg.id for run in backing.story for leg in run}
            cause = frozenset({leg.id for leg in backing.legs} | chained)
        addresses = self._settings.addresses(watch.audience)
        story = self._desk.story(change.finding)  # whoever flew it
        return Item(change.alert, change.finding, change.reason, addresses, cause, story)

    def _letter(self, item: Item, backed: dict[str, Evidence], now: datetime) -> Letter:
        backing = backed[item.alert.id]
        backing = replace(backing, finding=self._for_all_of(item))
        if item.also:
            by_watch = {other.finding.watch: other.legs for other in backed.values()}
            others = {finding.watch: by_watch.get(finding.watch, ()) for finding in item.also}
            backing = replace(backing, also=item.also, other_legs=others)
        tz = self._settings.timezone
        said = message.compose(backing, item.reason, now=now, tz=tz, alert=item.alert)
        if self._draws:
            said = replace(said, pictures=_draw(backing, item.reason))
        event = alerts.event_key(item.alert, item.reason)
        return Letter(event, said, item.addresses, item.alert.id)

    def _for_all_of(self, item: Item) -> Finding:
        """The item's finding without those other ends of a move whose watch somebody of its
        addressees is not told of."""
        also = {finding.watch for finding in item.also}
        ends = tuple(
            end for end in item.finding.moved
            if end.watch in also
            or set(item.addresses)
            <= set(self._settings.addresses(self._desk.watches[end.watch].audience))
        )  # fmt: skip
        return replace(item.finding, moved=ends)


def _kinds(watch: Watch) -> list[Kind]:
    """What the watch is judged for."""
    policy = watch.alerts
    asked = {
        Kind.SURGE: policy.surge_per_year,
        Kind.MAKEUP: policy.surge_per_year,
        Kind.FIRST: policy.first_after_days,
        Kind.LULL: policy.lull_per_year,
    }
    return [kind for kind, value in asked.items() if value is not None]


def _step(watch: Watch, judged: Judged, last: dict[str, Alert], now: datetime) -> Iterable[Change]:
    """What the open days do to the watch's alerts, oldest first; one change an alert."""
    policy = Policy(per_year=watch.alerts.surge_per_year or 1.0)
    changes: dict[str, Change] = {}
    for finding in judged.findings:
        key = f"{finding.kind}:{finding.watch}"
        before = last.get(key)
        step = alerts.step(before, finding, policy, now)
        if step.alert is None:
            continue
        last[key] = step.alert
        earlier = changes.get(key)
        if step.alert is before and step.reason is Reason.NONE:
            continue
        if earlier is not None:
            before = earlier.before
            if step.reason is Reason.NONE and earlier.reason is not Reason.NONE:
                # the news of an earlier day of this run is still news, unless it was taken back
                step = replace(step, reason=earlier.reason)
                finding = earlier.finding
        if step.alert is not None:
            changes[key] = Change(before, step.alert, finding, step.reason, judged)
    return changes.values()


def _draw(backing: Evidence, reason: Reason) -> tuple[Picture, ...]:
    """Chart and map; of an end, the chart alone. A picture that fails is left out."""
    drawn = []
    for draw in (chart,) if reason is Reason.RESOLVED else (chart, route_map):
        try:
            drawn.append(draw(backing))
        except Exception:
            log.exception("picture could not be drawn picture=%s", draw.__name__)
    return tuple(drawn)


def _in_words(finding: Finding) -> str:
    """For the alert's history."""
    return (
        f"{finding.day}: observed {finding.observed:g}, expected {finding.expected:.3g}; "
        f"{finding.observed_window:g} in {finding.window_days} d against "
        f"{finding.expected_window:.3g}; by chance {rarity_of(finding) or 'unknown'}"
    )
