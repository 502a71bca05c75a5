"""The outbox's rows and what is known of chats."""

from datetime import timedelta

from bot.model.alert import Message, Picture, Receipt
from bot.model.watch import Address
from bot.store import Chat, Head, OutboxState, Retention, Store
from tests.store.conftest import NOW

DESK, NIGHT = Address("telegram", "-100/7"), Address("telegram", "-200")
MESSAGE = Message("t", (), (Picture("a.png", b"png", "alt"),))
DAY = timedelta(days=1)


def queue(store: Store, key: str, address: Address = DESK, message: Message = MESSAGE,
          alert_id: str | None = None) -> bool:  # fmt: skip
    with store.begin() as tx:
        return store.add_post(
            tx, key=key, address=address, message=message, now=NOW, alert_id=alert_id
        )


def send(store: Store, delivery_id: int, message_id: str = "77") -> None:
    with store.begin() as tx:
        store.post_sent(tx, store.delivery(delivery_id), Receipt(message_id), NOW)


def heads(store: Store) -> list[int]:
    return [head.id for head in store.queue_heads()]


def test_a_key_is_queued_once_for_ever(store: Store) -> None:
    """The same event for the same address is refused while it waits and after it was sent."""
    assert queue(store, "e:a")
    assert not queue(store, "e:a")
    send(store, heads(store)[0])
    assert not queue(store, "e:a")


def test_each_address_is_a_queue_in_order(store: Store) -> None:
    """The oldest of each address stands at its head."""
    for key, address in (("1", DESK), ("2", NIGHT), ("3", DESK)):
        queue(store, key, address)
    first, second = store.queue_heads()
    assert first == Head(first.id, "telegram:-100/7", NOW)
    assert second.address == "telegram:-200"
    send(store, first.id)
    assert [store.delivery(head.id).key for head in store.queue_heads()] == ["2", "3"]


def test_a_delivery_has_all_that_a_channel_needs(store: Store) -> None:
    """Message, pictures, address and, after the first of its alert, what to reply to."""
    for key in ("1", "2", "3"):
        queue(store, key, alert_id="a1")
    queue(store, "4", alert_id="a2")
    first = store.delivery(heads(store)[0])
    assert (first.message, first.address, first.reply_to) == (MESSAGE, DESK, None)
    send(store, first.id, "77")
    send(store, heads(store)[0], "78")
    assert store.delivery(heads(store)[0]).reply_to == "77"
    assert store.delivery(4).reply_to is None


def test_a_chat_that_moved_takes_its_queue_along(store: Store) -> None:
    """All that waits or will wait goes to the new address, over several moves; replies begin
    anew, for message ids do not move."""
    queue(store, "1", alert_id="a1")
    queue(store, "2", alert_id="a1")
    send(store, heads(store)[0])
    with store.begin() as tx:
        store.move_chat(tx, DESK, Address("telegram", "-300"))
        store.move_chat(tx, Address("telegram", "-300"), NIGHT)
    moved = store.delivery(heads(store)[0])
    assert (moved.address, moved.reply_to) == (NIGHT, None)
    with store.begin() as tx:  # a circle ends
        store.move_chat(tx, NIGHT, DESK)
    assert store.delivery(moved.id).address in (DESK, NIGHT)


def test_a_disabled_chat_holds_its_messages(store: Store) -> None:
    """They are no head, are counted as held, and come again when it is enabled; a chat that moved
    to a disabled one is disabled."""
    queue(store, "1", DESK)
    with store.begin() as tx:
        store.move_chat(tx, DESK, NIGHT)
        store.disable_chat(tx, NIGHT, "kicked", NOW)
    assert heads(store) == []
    assert store.outbox_state() == OutboxState(1, 1, 0, 0, NOW)
    assert store.chats() == (
        Chat("telegram:-100/7", moved_to="telegram:-200"),
        Chat("telegram:-200", None, NOW, "kicked", None, "kicked", NOW),
    )
    with store.begin() as tx:
        assert store.enable_chat(tx, DESK)
        assert not store.enable_chat(tx, DESK)
    assert heads(store) == [1]


def test_what_arrived_is_forgotten_in_time_and_nothing_else(store: Store) -> None:
    """Sent messages and their pictures go; what waits or died stays, with its pictures."""
    other = Message("t", (), (Picture("b.png", b"other", "alt"),))
    for key, message in (("sent", other), ("dead", MESSAGE), ("waiting", MESSAGE)):
        queue(store, key, message=message)
    send(store, 1)
    with store.begin() as tx:
        store.post_dead(tx, 2, "too long", NOW)
        store.prune(tx, NOW + 89 * DAY, Retention(sent_days=90))
    assert len(store.posts(9)) == 3
    with store.begin() as tx:
        store.prune(tx, NOW + 9999 * DAY, Retention(sent_days=90))
        pictures = tx.exec_driver_sql("SELECT count(*) FROM pictures").scalar()
    assert [(post.key, post.state, post.note) for post in store.posts(9)] == [
        ("waiting", "waiting", None),
        ("dead", "dead", "too long"),
    ]
    assert pictures == 1
    assert store.delivery(3).message == MESSAGE
    assert [post.key for post in store.posts(9, "dead")] == ["dead"]
    assert store.outbox_state() == OutboxState(1, 0, 0, 1, NOW)
