"""What was counted and judged: days, findings, priors, and small state under a key."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Literal, NamedTuple

import numpy as np
from sqlalchemy import delete, false, or_, select

from bot.model.alert import Finding, Kind, Series
from bot.model.prior import Pooled
from bot.store.codec import finding_in, finding_out
from bot.store.keeper import Keeper, Tx, upsert
from bot.store.schema import days, findings, priors, state

Origin = Literal["observed", "imported"]


class Day(NamedTuple):
    """One UTC day of a watch. NaN: missing or unknown; exposure 0: nobody looked."""

    day: date
    counted: float
    possible: float
    exposure: float


@dataclass(frozen=True, slots=True)
class Said:
    """A finding, and when it was first reached with exactly this content."""

    finding: Finding
    at: datetime


class DayKeeper(Keeper):
    """The part of the store that keeps days, findings, priors and state."""

    def put_days(
        self,
        tx: Tx,
        watch: str,
        rows: Iterable[Day | tuple[date, float, float, float]],
        *,
        origin: Origin = "observed",
        fingerprint: str = "",
        overwrite: bool = False,
    ) -> int:
        """Store days; returns how many were refused because the other origin holds that day.

        What was observed and what was imported never replace each other unless `overwrite`.
        """
        by_day = {row[0]: Day(*row) for row in rows}
        refused = set() if overwrite else _held(tx, watch, origin) & by_day.keys()
        values = [
            {
                "watch": watch,
                "day": row.day,
                "counted": _null(row.counted),
                "possible": _null(row.possible),
                "exposure": _null(row.exposure),
                "origin": origin,
                "fingerprint": fingerprint,
            }
            for row in by_day.values()
            if row.day not in refused
        ]
        upsert(tx, days, values)
        return len(refused)

    def days(self, watch: str, *, fingerprint: str | None = None) -> Series:
        """Every day from the first stored to the last; a day without a row is NaN throughout.

        With `fingerprint`, observed days counted under another definition of the watch are left
        out: they answer another question. Imported days belong to the watch's name.
        """
        query = select(days.c.day, days.c.counted, days.c.possible, days.c.exposure)
        query = query.where(days.c.watch == watch).order_by(days.c.day)
        if fingerprint is not None:
            query = query.where(or_(days.c.origin == "imported", days.c.fingerprint == fingerprint))
        with self.read() as connection:
            rows = [Day(*row) for row in connection.execute(query)]
        return _dense(watch, rows)

    def put_finding(self, tx: Tx, finding: Finding, now: datetime) -> None:
        """Store the latest finding of its (watch, kind, day). Judging again to the same words
        leaves the time at which it was said."""
        text = finding_out(finding)
        row = {"watch": finding.watch, "kind": str(finding.kind), "day": finding.day,
               "said": now, "finding": text}  # fmt: skip
        upsert(tx, findings, [row], where=findings.c.finding != text)

    def findings(
        self,
        watch: str | None = None,
        *,
        kind: Kind | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> tuple[Said, ...]:
        """Findings for days in [since, until], oldest first; None: no such condition."""
        query = select(findings.c.finding, findings.c.said)
        if watch is not None:
            query = query.where(findings.c.watch == watch)
        if kind is not None:
            query = query.where(findings.c.kind == str(kind))
        if since is not None:
            query = query.where(findings.c.day >= since)
        if until is not None:
            query = query.where(findings.c.day <= until)
        query = query.order_by(findings.c.day, findings.c.watch, findings.c.kind)
        with self.read() as connection:
            return tuple(Said(finding_in(text), at) for text, at in connection.execute(query))

    def put_priors(self, tx: Tx, given: Iterable[Pooled], now: datetime) -> None:
        """Store the priors of weeks; one that is stored already stands."""
        upsert(tx, priors, [{**asdict(pooled), "made": now} for pooled in given], where=false())

    def priors(self) -> dict[date, Pooled]:
        """Every stored prior, by the Monday of its week."""
        with self.read() as connection:
            rows = connection.execute(select(*(priors.c[f.name] for f in fields(Pooled))))
            return {row.week: Pooled(*row) for row in rows}

    def forget_priors(self, tx: Tx) -> None:
        """Forget them all: the past that they rest on was replaced."""
        tx.execute(delete(priors))

    def put_state(self, tx: Tx, key: str, value: bytes) -> None:
        """Keep a small thing under a name: open legs, a revision, a heartbeat."""
        upsert(tx, state, [{"key": key, "value": value}])

    def state(self, key: str) -> bytes | None:
        """It, or None."""
        with self.read() as connection:
            value = connection.scalar(select(state.c.value).where(state.c.key == key))
            return None if value is None else bytes(value)


def _held(tx: Tx, watch: str, origin: Origin) -> set[date]:
    """Days of the watch that another origin holds."""
    other = select(days.c.day).where(days.c.watch == watch, days.c.origin != origin)
    return set(tx.scalars(other))


def _null(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _dense(watch: str, rows: list[Day]) -> Series:
    if not rows:
        none = np.zeros(0)
        return Series(watch, np.zeros(0, dtype="datetime64[D]"), none, none.copy(), none.copy())
    first, last = rows[0].day, rows[-1].day
    size = (last - first).days + 1
    columns = np.full((3, size), np.nan)
    for row in rows:
        known = [np.nan if value is None else value for value in row[1:]]
        columns[:, (row.day - first).days] = known
    span = np.datetime64(first) + np.arange(size)
    return Series(watch, span, *columns)
