"""The outbox's rows: what waits for whom, what arrived, what is known of each chat.

The queue is only kept here; when to send and what to do about a failure is `bot.outbox`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, exists, func, select, update

from bot.model.alert import Delivery, Message, Receipt
from bot.model.watch import Address
from bot.store.codec import message_in, message_out
from bot.store.keeper import Keeper, Tx, insert, upsert
from bot.store.schema import chats, firsts, outbox, outbox_pictures, pictures

WAITING, SENT, DEAD = "waiting", "sent", "dead"


class Head(NamedTuple):
    """The oldest waiting message of one queue."""

    id: int
    address: str  # key, as configured
    due: datetime


@dataclass(frozen=True, slots=True)
class Post:
    """A message in the outbox without its content."""

    id: int
    key: str
    address: str
    state: str  # 'waiting', 'sent', 'dead'
    created: datetime
    due: datetime
    attempts: int
    closed: datetime | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Chat:
    """What has been learnt about an address."""

    address: str  # key
    moved_to: str | None = None
    dead_since: datetime | None = None
    dead_why: str | None = None
    last_sent: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OutboxState:
    """The outbox at a glance."""

    waiting: int
    held: int  # of the waiting: their chat is disabled
    sent: int
    dead: int
    oldest_waiting: datetime | None


class PostKeeper(Keeper):
    """The part of the store that keeps the outbox and its chats."""

    def add_post(
        self,
        tx: Tx,
        *,
        key: str,
        address: Address,
        message: Message,
        now: datetime,
        alert_id: str | None = None,
    ) -> bool:
        """Queue a message; False: that key is queued, sent or given up already."""
        text, pngs = message_out(message)
        row = {"key": key, "address": address.key(), "message": text, "alert_id": alert_id,
               "state": WAITING, "created": now, "due": now, "attempts": 0}  # fmt: skip
        statement = insert(tx, outbox).values(**row).on_conflict_do_nothing(index_elements=["key"])
        delivery_id = tx.execute(statement.returning(outbox.c.id)).scalar()
        if delivery_id is None:
            return False
        for sha, png in pngs.items():
            picture = insert(tx, pictures).values(sha256=sha, png=png)
            tx.execute(picture.on_conflict_do_nothing())
            tx.execute(insert(tx, outbox_pictures).values(delivery_id=delivery_id, sha256=sha))
        return True

    def queue_heads(self) -> tuple[Head, ...]:
        """The first in each queue, those of disabled chats left out."""
        with self.read() as connection:
            first = select(func.min(outbox.c.id)).where(outbox.c.state == WAITING)
            query = select(outbox.c.id, outbox.c.address, outbox.c.due).where(
                outbox.c.id.in_(first.group_by(outbox.c.address))
            )
            heads = [Head(*row) for row in connection.execute(query.order_by(outbox.c.id))]
            known = _chats(connection)
        return tuple(head for head in heads if not _is_dead(known, head.address))

    def delivery(self, delivery_id: int) -> Delivery:
        """One message as a channel needs it: its present address, what it replies to, its
        pictures."""
        with self.read() as connection:
            query = select(outbox).where(outbox.c.id == delivery_id)
            row = connection.execute(query).mappings().one()
            linked = select(pictures.c.sha256, pictures.c.png).join(
                outbox_pictures, outbox_pictures.c.sha256 == pictures.c.sha256
            )
            named = linked.where(outbox_pictures.c.delivery_id == delivery_id)
            pngs = {sha: bytes(png) for sha, png in connection.execute(named)}
            address = _present(_chats(connection), row["address"])
            reply_to = connection.scalar(
                select(firsts.c.message_id).where(
                    firsts.c.alert_id == row["alert_id"], firsts.c.address == address
                )
            )
        names = ("id", "key", "created", "due", "attempts", "alert_id")
        return Delivery(
            address=_address(address),
            message=message_in(row["message"], pngs),
            reply_to=reply_to,
            **{name: row[name] for name in names},
        )

    def try_post(self, tx: Tx, delivery_id: int, now: datetime) -> int:
        """Note that it is about to be sent; returns which attempt this is, from 1."""
        tried = update(outbox).where(outbox.c.id == delivery_id)
        tried = tried.values(attempts=outbox.c.attempts + 1, tried=now)
        return int(tx.execute(tried.returning(outbox.c.attempts)).scalar_one())

    def post_sent(self, tx: Tx, delivery: Delivery, receipt: Receipt, now: datetime) -> None:
        """It arrived. The first message of an alert in a chat is what later ones reply to."""
        done = {"state": SENT, "closed": now, "message_id": receipt.message_id,
                "note": receipt.note or None}  # fmt: skip
        _set(tx, delivery.id, **done)
        address = delivery.address.key()
        upsert(tx, chats, [{"address": address, "last_sent": now, "last_error": None,
                            "last_error_at": None}])  # fmt: skip
        if delivery.alert_id is not None and receipt.message_id:
            first = insert(tx, firsts).values(
                alert_id=delivery.alert_id, address=address, message_id=receipt.message_id
            )
            tx.execute(first.on_conflict_do_nothing())

    def post_later(
        self, tx: Tx, delivery: Delivery, due: datetime, why: str, now: datetime
    ) -> None:
        """It did not arrive: not before `due` again."""
        _set(tx, delivery.id, due=due, note=why)
        _note_error(tx, delivery.address.key(), why, now)

    def post_dead(self, tx: Tx, delivery_id: int, why: str, now: datetime) -> None:
        """It will never arrive. The row stays, for ever."""
        _set(tx, delivery_id, state=DEAD, closed=now, note=why)

    def disable_chat(self, tx: Tx, address: Address, why: str, now: datetime) -> None:
        """Nothing can be delivered there; what waits for it is held, not lost."""
        upsert(tx, chats, [{"address": address.key(), "dead_since": now, "dead_why": why,
                            "last_error": why, "last_error_at": now}])  # fmt: skip

    def enable_chat(self, tx: Tx, address: Address) -> bool:
        """Deliver there again, beginning with what is held. False: it was not disabled."""
        key = _present(_chats(tx), address.key())
        is_dead = (chats.c.address == key) & chats.c.dead_since.is_not(None)
        alive = update(chats).where(is_dead).values(dead_since=None, dead_why=None)
        return tx.execute(alive).rowcount > 0

    def note_trouble(self, tx: Tx, address: str, why: str, now: datetime) -> bool:
        """Remember what is wrong with an address (by key); False: that is known already."""
        known = _chats(tx).get(address)
        if known is not None and known.last_error == why:
            return False
        _note_error(tx, address, why, now)
        return True

    def move_chat(self, tx: Tx, old: Address, new: Address) -> None:
        """The chat has a new address: all that is queued or will be queued for the old goes
        there."""
        upsert(tx, chats, [{"address": old.key(), "moved_to": new.key()}])

    def chats(self) -> tuple[Chat, ...]:
        """All addresses of which something is known."""
        with self.read() as connection:
            return tuple(sorted(_chats(connection).values(), key=lambda chat: chat.address))

    def posts(self, limit: int, state: str | None = None) -> tuple[Post, ...]:
        """The latest rows, newest first."""
        columns = [outbox.c[name] for name in Post.__dataclass_fields__]
        query = select(*columns).order_by(outbox.c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(outbox.c.state == state)
        with self.read() as connection:
            return tuple(Post(**row) for row in connection.execute(query).mappings())

    def outbox_state(self) -> OutboxState:
        """Counts by state, and since when the oldest waits."""
        query = select(
            outbox.c.state, outbox.c.address, func.count(), func.min(outbox.c.created)
        ).group_by(outbox.c.state, outbox.c.address)
        with self.read() as connection:
            rows = [tuple(row) for row in connection.execute(query)]
            known = _chats(connection)
        waiting = [row for row in rows if row[0] == WAITING]
        return OutboxState(
            waiting=sum(count for _, _, count, _ in waiting),
            held=sum(count for _, address, count, _ in waiting if _is_dead(known, address)),
            sent=sum(row[2] for row in rows if row[0] == SENT),
            dead=sum(row[2] for row in rows if row[0] == DEAD),
            oldest_waiting=min((created for *_, created in waiting), default=None),
        )

    def prune_post(self, tx: Tx, now: datetime, sent_days: float) -> None:
        """Forget messages that arrived before that, and pictures that no message shows."""
        old = (outbox.c.state == SENT) & (outbox.c.closed < now - timedelta(days=sent_days))
        tx.execute(delete(outbox).where(old))
        shown = exists().where(outbox_pictures.c.sha256 == pictures.c.sha256)
        tx.execute(delete(pictures).where(~shown))


def _set(tx: Tx, delivery_id: int, **values: Any) -> None:
    tx.execute(update(outbox).where(outbox.c.id == delivery_id).values(**values))


def _note_error(tx: Tx, address: str, why: str, now: datetime) -> None:
    upsert(tx, chats, [{"address": address, "last_error": why, "last_error_at": now}])


def _chats(connection: Connection) -> dict[str, Chat]:
    rows: Sequence[Any] = connection.execute(select(chats)).mappings().all()
    return {row["address"]: Chat(**row) for row in rows}


def _present(known: dict[str, Chat], address: str) -> str:
    """Where the chat lives now: its moves followed, a circle of them once around."""
    passed = {address}
    while (chat := known.get(address)) is not None and chat.moved_to not in (None, *passed):
        address = str(chat.moved_to)
        passed.add(address)
    return address


def _is_dead(known: dict[str, Chat], address: str) -> bool:
    chat = known.get(_present(known, address))
    return chat is not None and chat.dead_since is not None


def _address(key: str) -> Address:
    channel, _, to = key.partition(":")
    return Address(channel, to)
