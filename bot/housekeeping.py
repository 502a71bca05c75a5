"""Once a day: forget what has had its time, and tell what nobody sees."""

import logging
from datetime import datetime, timedelta

from bot.app import PRESENCE_LOADED, Wiring
from bot.greeting import tell_operators
from bot.health import blind
from bot.store import Retention

log = logging.getLogger(__name__)

LOOKS_KEPT_DAYS = 14.0  # raw; their hours are kept for ever


def keep_house(wiring: Wiring, now: datetime) -> None:
    """Both, on the wiring's store."""
    _forget(wiring, now)
    hours = wiring.store.look_hours(now - timedelta(hours=24), now + timedelta(hours=1))
    asked = {lane.feed.name: [query.key() for query in lane.plan] for lane in wiring.lanes}
    for title, lines in blind(hours, asked):
        tell_operators(
            wiring.store, wiring.settings, title, lines, now, f"blind/{title}/{now.date()}"
        )


def _forget(wiring: Wiring, now: datetime) -> None:
    days = wiring.settings.retention / timedelta(days=1)
    kept = Retention(looks_days=min(LOOKS_KEPT_DAYS, days), tracks_days=days, sent_days=days)
    with wiring.store.begin() as tx:
        wiring.store.prune(tx, now, kept)
    wiring.desk.book.hours.forget((now - PRESENCE_LOADED).date())
    gone = wiring.desk.book.forget_others((now - wiring.settings.retention).date())
    log.info("housekeeping done legs_of_others_forgotten=%d", gone)
