"""What a provider allows, kept by us: so much a day (Purse), one request at a time (Gate).

Promises: no more is spent in any 24 hours than the purse holds, whenever the provider's own day
begins and however often the bot is restarted; of two lanes that share a gate, one waits until the
other's request is over. Refuses nothing: it says how long to wait.
"""

import threading
from collections import deque
from collections.abc import Iterable
from datetime import datetime

DAY_S = 86_400.0
TOLD_HOLDS_S = 3600.0  # the server's word on what is left: its day may have begun anew since


class Purse:
    """What was spent of a quota in the last 24 hours: a sliding day."""

    def __init__(self, per_day: float | None, spent: Iterable[tuple[datetime, float]] = ()) -> None:
        """`spent`: (when, how much) of an earlier run, in time order."""
        self._per_day = per_day
        self._entries = deque(spent)
        self._elsewhere = 0.0  # spent of the same account by others, as far as the server told
        self._told_at: datetime | None = None

    def spread_s(self, price: float) -> float:
        """Time that `price` must last for the quota to last the day."""
        return price * DAY_S / self._per_day if self._per_day else 0.0

    def charge(self, at: datetime, price: float) -> None:
        """Note an expense."""
        if self._per_day:
            self._entries.append((at, price))

    def told(self, at: datetime, left: float) -> None:
        """The server's own count of what is left: when it is less than ours, others spend too."""
        if self._per_day:
            self._forget(at)
            self._elsewhere = max(0.0, self._per_day - self._spent() - left)
            self._told_at = at

    def wait_s(self, at: datetime, price: float) -> float:
        """Seconds until `price` can be paid; 0: now."""
        if not self._per_day:
            return 0.0
        self._forget(at)
        over = self._spent() + price - self._per_day
        for when, paid in self._entries:
            if over <= 0:
                break
            over -= paid
            if over <= 0:
                return DAY_S - (at - when).total_seconds()
        return DAY_S if over > 0 else self._wait_for_others_s(at, price)

    def _wait_for_others_s(self, at: datetime, price: float) -> float:
        if self._told_at is None or self._per_day is None:
            return 0.0
        left = TOLD_HOLDS_S - max(0.0, (at - self._told_at).total_seconds())
        short = self._spent() + self._elsewhere + price > self._per_day
        return max(0.0, left) if short else 0.0

    def _spent(self) -> float:
        return sum(paid for _, paid in self._entries)

    def _forget(self, at: datetime) -> None:
        """What is a day old; after the clock was set back, nothing lies in the future."""
        if self._entries and self._entries[-1][0] > at:
            self._entries = deque((min(when, at), paid) for when, paid in self._entries)
        while self._entries and (at - self._entries[0][0]).total_seconds() >= DAY_S:
            self._entries.popleft()


class Gate:
    """One host's door: hold `turn` from before the wait for the spacing until the reply came."""

    def __init__(self, asked_at: datetime | None = None) -> None:
        """`asked_at`: when an earlier run last asked."""
        self.turn = threading.Lock()
        self.asked_at = asked_at

    def left_s(self, at: datetime, spacing_s: float) -> float:
        """Seconds until the spacing since the last request is over."""
        if self.asked_at is None:
            return 0.0
        gone = (at - self.asked_at).total_seconds()
        return min(spacing_s, max(0.0, spacing_s - gone))
