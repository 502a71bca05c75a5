"""The durable queue of messages: put in with the state change, taken out by a channel's receipt.

Promises. A message is queued in the transaction that decides it, once for an event and address.
An attempt is written down before it is made and its success after it: a crash between the two
repeats one message, none is ever lost. Each chat is a queue of its own, in order; one that must
wait holds only itself. Nothing is dropped for being old. A chat that is finished is disabled, and
the operators hear of it elsewhere.
"""

import logging
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot.channels.base import Channel
from bot.errors import Moved, Stopped, TryLater, Undeliverable
from bot.model.alert import Delivery, Kind, Message, Reason, Receipt, Section, Span
from bot.model.watch import Address
from bot.store import Head, Store, Tx

log = logging.getLogger(__name__)

# Retries back off exponentially with full jitter: after a common outage the chats must not all
# come back in the same second. 15 min bounds how late an alert can be after the outage ends.
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 900.0
SHORTEST_WAIT_S = 1.0

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Report:
    """What one round of delivery did."""

    sent: int
    later: int  # held back, to be sent again
    dead: int  # given up
    next_due: datetime | None  # when it is worth looking again; None: nothing waits


def enqueue(
    store: Store,
    tx: Tx,
    *,
    event: str,
    message: Message,
    addresses: Iterable[Address],
    now: datetime,
    alert_id: str | None = None,
) -> int:
    """Queue one message for each address, inside the caller's transaction.

    `event` names what happened: the same event is queued once for an address, whatever repeats.
    Returns how many were new.
    """
    return sum(
        store.add_post(
            tx,
            key=f"{event}:{address.key()}",
            address=address,
            message=message,
            now=now,
            alert_id=alert_id,
        )
        for address in addresses
    )


def deliver_due(
    store: Store,
    channels: Mapping[str, Channel],
    now: Clock,
    *,
    operators: Sequence[Address] = (),
    stopping: Callable[[], bool] = lambda: False,
    chance: Callable[[], float] = random.random,
) -> Report:
    """Send all that is due: the oldest of each chat, then the next of each, until none is left.

    `channels` by name. A message for a channel that is not there waits. `operators` hear of what
    is given up. `stopping` is asked between two messages. One caller at a time.
    """
    courier = _Courier(store, channels, now, operators, chance)
    while not stopping():
        heads = [head for head in store.queue_heads() if courier.may_send(head)]
        if not heads:
            break
        for head in heads:
            if stopping():
                break
            if courier.may_send(head):  # its whole channel may have stopped meanwhile
                courier.deliver(head)
    return courier.report()


@dataclass(slots=True)
class _Courier:
    """One round: what it has done, and which queues it has met that must wait."""

    store: Store
    channels: Mapping[str, Channel]
    now: Clock
    operators: Sequence[Address]
    chance: Callable[[], float]
    sent: int = 0
    later: int = 0
    dead: int = 0
    held: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)  # whole channels
    moved: set[int] = field(default_factory=set)

    def may_send(self, head: Head) -> bool:
        waits = head.address in self.held or _channel_of(head) in self.stopped
        return not waits and head.due <= self.now()

    def report(self) -> Report:
        waits = [head.due for head in self.store.queue_heads()
                 if _channel_of(head) in self.channels]  # fmt: skip
        return Report(self.sent, self.later, self.dead, min(waits, default=None))

    def deliver(self, head: Head) -> None:
        channel = self.channels.get(_channel_of(head))
        if channel is None:
            self._without_channel(head)
            return
        try:
            delivery = self.store.delivery(head.id)
        except (LookupError, ValueError, TypeError) as exc:
            self._give_up(head.id, None, f"the stored message cannot be read ({exc})")
            return
        with self.store.begin() as tx:
            attempt = self.store.try_post(tx, head.id, self.now())
        try:
            receipt = channel.send(delivery.message, delivery.address, reply_to=delivery.reply_to)
        except Moved as exc:
            self._move(head, delivery, exc, attempt)
        except Undeliverable as exc:
            self._refused(delivery, exc)
        except TryLater as exc:
            self._wait(head, delivery, str(exc), exc.after_s, attempt)
            if isinstance(exc, Stopped):
                self._stop(delivery.address.channel, str(exc))
        except Exception as exc:  # a channel's bug must not cost a message, nor stop the others
            self._wait(head, delivery, _described(exc), None, attempt)
        else:
            self._arrived(delivery, receipt)

    def _without_channel(self, head: Head) -> None:
        """It waits for its channel to come back; said once, not with every round."""
        self.held.add(head.address)
        why = "its channel is not configured"
        with self.store.begin() as tx:
            news = self.store.note_trouble(tx, head.address, why, self.now())
        if news:
            log.warning("messages wait address=%s why=%s", head.address, why)

    def _arrived(self, delivery: Delivery, receipt: Receipt) -> None:
        with self.store.begin() as tx:
            self.store.post_sent(tx, delivery, receipt, self.now())
        self.sent += 1
        log.info("sent id=%d address=%s %s", delivery.id, delivery.address.key(), receipt.note)

    def _wait(
        self, head: Head, delivery: Delivery, why: str, after_s: float | None, attempt: int
    ) -> None:
        """Hold the queue. A wait that the server names is obeyed to its end."""
        wait_s = backoff_s(attempt, self.chance()) if after_s is None else max(0.0, after_s)
        now = self.now()
        with self.store.begin() as tx:
            self.store.post_later(tx, delivery, now + timedelta(seconds=wait_s), why, now)
        self.held.add(head.address)
        self.later += 1
        log.warning("held id=%d address=%s attempt=%d wait_s=%.0f why=%s",
                    head.id, delivery.address.key(), attempt, wait_s, why)  # fmt: skip

    def _stop(self, channel: str, why: str) -> None:
        """A channel is out of order: its other queues wait too, and the operators that can be
        reached another way hear of it, once a day."""
        self.stopped.add(channel)
        now = self.now()
        notice = _notice(
            f"The channel {channel} has stopped",
            why,
            "Its messages are kept and will be sent when it works again.",
        )
        others = [address for address in self.operators if address.channel != channel]
        with self.store.begin() as tx:
            enqueue(self.store, tx, event=f"stopped/{channel}/{now.date()}", message=notice,
                    addresses=others, now=now)  # fmt: skip

    def _move(self, head: Head, delivery: Delivery, moved: Moved, attempt: int) -> None:
        if head.id in self.moved:  # twice in one round is a circle
            self._wait(head, delivery, str(moved), None, attempt)
            return
        self.moved.add(head.id)
        new = Address(delivery.address.channel, moved.address)
        with self.store.begin() as tx:
            self.store.move_chat(tx, delivery.address, new)
        log.warning("a chat has moved from=%s to=%s", delivery.address.key(), new.key())

    def _refused(self, delivery: Delivery, refusal: Undeliverable) -> None:
        if not refusal.chat_dead:
            self._give_up(delivery.id, delivery, str(refusal))
            return
        address, now = delivery.address, self.now()
        with self.store.begin() as tx:
            self.store.post_dead(tx, delivery.id, str(refusal), now)
            self.store.disable_chat(tx, address, str(refusal), now)
            notice = _notice(
                f"Messages no longer reach {address.key()}",
                f"The chat answered: {refusal}",
                "It is disabled, and what comes for it is held. Mend it, then run "
                "`airbridge test-channel` to take it into use again.",
            )
            self._tell(tx, f"chat-dead/{address.key()}/{int(now.timestamp())}", notice, address)
        self.dead += 1
        log.error("disabled a chat address=%s why=%s", address.key(), refusal)

    def _give_up(self, delivery_id: int, delivery: Delivery | None, why: str) -> None:
        with self.store.begin() as tx:
            self.store.post_dead(tx, delivery_id, why, self.now())
            if delivery is not None and delivery.message.kind is not Kind.SERVICE:
                notice = _notice(
                    f"A message could not be delivered to {delivery.address.key()}",
                    f"“{delivery.message.title}” was refused: {why}",
                    "Other messages to this chat go on.",
                )
                self._tell(tx, f"undelivered/{delivery_id}", notice, delivery.address)
        self.dead += 1
        log.error("gave up id=%d why=%s", delivery_id, why)

    def _tell(self, tx: Tx, event: str, notice: Message, about: Address) -> None:
        """The operators, but not in the chat that is in trouble."""
        others = [address for address in self.operators if address != about]
        enqueue(self.store, tx, event=event, message=notice, addresses=others, now=self.now())


def _channel_of(head: Head) -> str:
    return head.address.partition(":")[0]


def backoff_s(attempt: int, chance: float) -> float:
    """Seconds to wait after that attempt (from 1); `chance` in [0, 1) spreads them.

    >>> [backoff_s(attempt, 0.999999) // 1 for attempt in (1, 2, 3, 20)]
    [4.0, 9.0, 19.0, 899.0]
    >>> backoff_s(5, 0.0)
    1.0
    """
    ceiling_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(attempt - 1, 20))
    return max(SHORTEST_WAIT_S, ceiling_s * chance)


def _notice(title: str, *lines: str) -> Message:
    spans = tuple((Span(line),) for line in lines)
    return Message(title, (Section(spans, essential=True),), reason=Reason.NOTICE,
                   kind=Kind.SERVICE)  # fmt: skip


def _described(exc: Exception) -> str:
    """An unexpected exception by its type and place: its text may hold a URL with a token."""
    place, trace = "", exc.__traceback__
    while trace is not None:
        place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"unexpected {type(exc).__name__}{place}"
