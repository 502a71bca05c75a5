"""What was decided: alerts with their history, and silences."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select, update

from bot.model.alert import Alert, Kind, Reason, Silence, State
from bot.store.codec import dumps
from bot.store.keeper import Keeper, Tx, insert, upsert
from bot.store.schema import alerts, events, silences


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One line of an alert's history."""

    alert_id: str
    at: datetime
    state: State
    reason: Reason
    text: str


class DeskKeeper(Keeper):
    """The part of the store that keeps alerts and silences."""

    def put_alert(self, tx: Tx, alert: Alert, reason: Reason, text: str = "") -> None:
        """Store an alert as it is now. Each telling and each change of state is a line of its
        history; a calm day more or a longer count is not."""
        before = tx.scalar(select(alerts.c.state).where(alerts.c.id == alert.id))
        upsert(tx, alerts, [_alert_row(alert)])
        if reason is not Reason.NONE or before != str(alert.state):
            row = {"alert_id": alert.id, "at": alert.updated, "state": str(alert.state),
                   "reason": str(reason), "text": text}  # fmt: skip
            tx.execute(insert(tx, events), [row])

    def alert(self, alert_id: str) -> Alert | None:
        """One alert, by its id."""
        return next(iter(self._alerts(select(alerts).where(alerts.c.id == alert_id))), None)

    def open_alerts(self) -> tuple[Alert, ...]:
        """All that are pending or firing, oldest first."""
        is_open = alerts.c.state != str(State.RESOLVED)
        return self._alerts(select(alerts).where(is_open).order_by(alerts.c.opened, alerts.c.id))

    def last_alerts(self) -> dict[str, Alert]:
        """The latest alert of each fingerprint, open or resolved: what `lifecycle.step` takes."""
        last = (
            select(alerts.c.kind, alerts.c.watch, func.max(alerts.c.opened).label("opened"))
            .group_by(alerts.c.kind, alerts.c.watch)
            .subquery()
        )
        same = and_(
            alerts.c.kind == last.c.kind,
            alerts.c.watch == last.c.watch,
            alerts.c.opened == last.c.opened,
        )
        return {alert.fingerprint: alert for alert in self._alerts(select(alerts).join(last, same))}

    def alerts(self, limit: int, watch: str | None = None) -> tuple[Alert, ...]:
        """The latest, newest first."""
        query = select(alerts).order_by(alerts.c.opened.desc(), alerts.c.id).limit(limit)
        return self._alerts(query if watch is None else query.where(alerts.c.watch == watch))

    def events(self, alert_id: str) -> tuple[AlertEvent, ...]:
        """An alert's history, oldest first."""
        query = select(events).where(events.c.alert_id == alert_id).order_by(events.c.id)
        with self.read() as connection:
            return tuple(
                AlertEvent(row.alert_id, row.at, State(row.state), Reason(row.reason), row.text)
                for row in connection.execute(query)
            )

    def _alerts(self, query: Any) -> tuple[Alert, ...]:
        with self.read() as connection:
            return tuple(_alert(row) for row in connection.execute(query).mappings())

    def add_silence(
        self, tx: Tx, watch: str, until: datetime, by: str, why: str, now: datetime
    ) -> Silence:
        """Say nothing about a watch (or '*') until then."""
        row = {"watch": watch, "until": until, "by": by, "why": why, "created": now}
        statement = insert(tx, silences).values(**row).returning(silences.c.id)
        return Silence(id=tx.execute(statement).scalar_one(), **row)  # type: ignore[arg-type]

    def end_silence(self, tx: Tx, silence_id: int, now: datetime) -> bool:
        """Speak again from now on; False: there is no such silence, or it is over."""
        is_on = (silences.c.id == silence_id) & (silences.c.until > now)
        return tx.execute(update(silences).where(is_on).values(until=now)).rowcount > 0

    def silences(self, now: datetime) -> tuple[Silence, ...]:
        """Those in force, the next to end first."""
        query = select(silences).where(silences.c.until > now)
        with self.read() as connection:
            rows = connection.execute(query.order_by(silences.c.until, silences.c.id)).mappings()
            return tuple(Silence(**row) for row in rows)


def _alert_row(alert: Alert) -> dict[str, Any]:
    names = [column.name for column in alerts.c]
    row = {name: getattr(alert, name) for name in names}
    return row | {"kind": str(alert.kind), "state": str(alert.state),
                  "heard": dumps(alert.heard)}  # fmt: skip


def _alert(row: Any) -> Alert:
    values = dict(row)
    values["kind"], values["state"] = Kind(values["kind"]), State(values["state"])
    values["heard"] = tuple(json.loads(values["heard"]))
    return Alert(**values)
