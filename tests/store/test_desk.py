"""Alerts with their history, and silences."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from bot.model.alert import Alert, Kind, Reason, State
from bot.store import AlertEvent, Store
from tests.store.conftest import NOW

ALERT = Alert(
    id="a1", kind=Kind.SURGE, watch="w", state=State.FIRING, opened=NOW, updated=NOW,
    day=date(2024, 12, 26), peak_return_years=float("inf"), told_return_years=3.5, calm_days=2,
    last_calm_day=date(2024, 12, 25), fired=NOW, heard=("telegram:-100/7", "console:"),
    usual_before=0.03, usual_after=1.5,
)  # fmt: skip
HOUR = timedelta(hours=1)


def put(store: Store, alert: Alert, reason: Reason = Reason.NONE, text: str = "") -> None:
    with store.begin() as tx:
        store.put_alert(tx, alert, reason, text)


def test_an_alert_comes_back_whole(store: Store) -> None:
    """Every field survives; an unknown id is None."""
    put(store, ALERT)
    assert store.alert("a1") == ALERT
    assert store.alert("other") is None


def test_an_alert_has_a_history(store: Store) -> None:
    """Each telling and each change of state is one line, in order; other changes leave none."""
    put(store, replace(ALERT, state=State.PENDING), text="3 today")
    put(store, ALERT, Reason.FIRST, "5 in 7 days")
    put(store, replace(ALERT, calm_days=1), text="as before")
    done = replace(ALERT, state=State.RESOLVED, resolved=NOW + HOUR, updated=NOW + HOUR)
    put(store, done, Reason.RESOLVED)
    assert store.events("a1") == (
        AlertEvent("a1", NOW, State.PENDING, Reason.NONE, "3 today"),
        AlertEvent("a1", NOW, State.FIRING, Reason.FIRST, "5 in 7 days"),
        AlertEvent("a1", NOW + HOUR, State.RESOLVED, Reason.RESOLVED, ""),
    )
    assert store.alert("a1") == done


def test_open_and_latest_alerts(store: Store) -> None:
    """What is open, what was last for each kind and watch, and the newest first."""
    old = replace(ALERT, id="a0", state=State.RESOLVED, opened=NOW - HOUR)
    other = replace(ALERT, id="b1", watch="v", state=State.RESOLVED, opened=NOW + HOUR)
    first = replace(ALERT, id="f1", kind=Kind.FIRST, state=State.PENDING, opened=NOW + 2 * HOUR)
    for alert in (old, ALERT, other, first):
        put(store, alert)
    assert store.open_alerts() == (ALERT, first)
    assert store.last_alerts() == {"surge:w": ALERT, "surge:v": other, "first:w": first}
    assert store.alerts(2) == (first, other)
    assert store.alerts(9, "w") == (first, ALERT, old)


def test_one_open_alert_for_a_kind_and_watch(store: Store) -> None:
    """Two at once are a mistake that the database itself refuses."""
    put(store, ALERT)
    with pytest.raises(IntegrityError):
        put(store, replace(ALERT, id="a2"))
    assert store.open_alerts() == (ALERT,)


def test_a_silence_lasts_until_it_ends_or_is_ended(store: Store) -> None:
    """Those in force are listed; ending one twice, or one that is over, says no."""
    with store.begin() as tx:
        short = store.add_silence(tx, "w", NOW + HOUR, "ada", "known exercise", NOW)
        long = store.add_silence(tx, "*", NOW + 9 * HOUR, "ada", "", NOW)
    assert store.silences(NOW) == (short, long)
    assert store.silences(NOW + HOUR) == (long,)
    with store.begin() as tx:
        assert not store.end_silence(tx, short.id, NOW + 2 * HOUR)
        assert store.end_silence(tx, long.id, NOW + 2 * HOUR)
        assert not store.end_silence(tx, long.id, NOW + 2 * HOUR)
    assert store.silences(NOW + 2 * HOUR) == ()
