"""`airbridge status`: feeds, coverage, watches, alerts and the outbox at a glance."""

import argparse
import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.commands import common

if TYPE_CHECKING:
    from datetime import datetime

    from bot.app import Wiring
    from bot.model.query import Look
    from bot.store import OutboxState


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_format(parser)


def run(args: argparse.Namespace) -> int:
    from bot.app import clock

    with common.wired(args) as wiring:
        found = _gather(wiring, clock())
    if args.format == "json":
        print(common.as_json(found))
    else:
        print("\n\n".join(_tables(found)))
    return 0


def _gather(wiring: "Wiring", now: "datetime") -> dict[str, Any]:
    store = wiring.store
    hours = store.look_hours(now - timedelta(hours=24), now + timedelta(hours=1))
    last: dict[str, Look] = {}
    for look in store.last_looks():
        known = last.get(look.feed)
        last[look.feed] = look if known is None or look.at > known.at else known
    return {
        "feeds": [
            {
                "feed": feed.name,
                "last": last[feed.name].at if feed.name in last else None,
                "outcome": str(last[feed.name].outcome) if feed.name in last else "never asked",
                "ok_24h": sum(h.ok for h in hours if h.feed == feed.name),
                "failed_24h": sum(h.failed for h in hours if h.feed == feed.name),
                "detail": last[feed.name].detail if feed.name in last else "",
            }
            for feed in wiring.settings.feeds
        ],
        "watches": [_watch(wiring, name, now) for name in wiring.desk.watches],
        "alerts": [
            {"kind": str(a.kind), "watch": a.watch, "state": str(a.state), "opened": a.opened,
             "peak_return_years": common.known(a.peak_return_years)}
            for a in store.open_alerts()
        ],
        "silences": list(store.silences(now)),
        "outbox": store.outbox_state(),
    }  # fmt: skip


def _watch(wiring: "Wiring", name: str, now: "datetime") -> dict[str, Any]:
    desk = wiring.desk
    watch = desk.watches[name]
    judged = desk.judged(watch, now.date())
    note = desk.coverage(watch, now)
    row: dict[str, Any] = {"watch": name, "days": 0, "today": None, "expected": None,
                           "limit": None, "state": "nobody has looked yet"}  # fmt: skip
    if judged is not None and judged.series.expected is not None:
        series = judged.series
        counts = series.counts[-7:]
        row |= {
            "days": len(series.days),
            "today": common.known(float(series.counts[-1])),
            "week": float(counts[~_nan(counts)].sum()),
            "expected": common.known(float(judged.series.expected[-1])),
            "state": next((f.state for f in reversed(judged.findings)), "off"),
        }
        if series.limit is not None:
            row["limit"] = common.known(float(series.limit[-1]))
    return row | {"coverage": common.known(note.exposure_today), "others_24h": note.others_seen}


def _nan(values: Any) -> Any:
    return values != values  # NaN is the one number unlike itself


def _tables(found: dict[str, Any]) -> list[str]:
    feeds = [
        (f["feed"], f["last"], f["outcome"], f["ok_24h"], f["failed_24h"], f["detail"][:60])
        for f in found["feeds"]
    ]
    watches = [
        (w["watch"], w["days"], w["today"], w.get("week"), w["expected"], w["limit"], w["state"],
         _percent(w["coverage"]))
        for w in found["watches"]
    ]  # fmt: skip
    alerts = [(a["kind"], a["watch"], a["state"], a["opened"]) for a in found["alerts"]]
    silences = [(s.id, s.watch, s.until, s.by) for s in found["silences"]]
    told = [
        common.table(("feed", "last (UTC)", "outcome", "ok 24 h", "failed", "why"), feeds),
        common.table(("watch", "days", "today", "7 d", "expected a day", "limit", "state",
                      "coverage"), watches),
        common.table(("alert", "watch", "state", "since (UTC)"), alerts) if alerts
        else "no open alert",
    ]  # fmt: skip
    if silences:
        told.append(common.table(("silence", "watch", "until (UTC)", "by"), silences))
    return [*told, _outbox(found["outbox"])]


def _percent(share: float | None) -> str:
    return "unknown" if share is None or math.isnan(share) else f"{share:.0%}"


def _outbox(state: "OutboxState") -> str:
    text = f"outbox: {state.waiting} waiting, {state.sent} sent, {state.dead} given up"
    if state.held:
        text += f", {state.held} held for disabled chats"
    if state.oldest_waiting:
        text += f"; the oldest waits since {state.oldest_waiting:%Y-%m-%d %H:%M} UTC"
    return text
