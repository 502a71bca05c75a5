"""Delivery: once, in order, each chat for itself, and nothing lost whatever breaks."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import Moved, Stopped, TryLater, Undeliverable
from bot.model.alert import Kind, Message, Picture, Receipt, Section, Span
from bot.model.watch import Address
from bot.outbox import LONGEST_WAIT_S, Report, backoff_s, deliver_due, enqueue
from bot.store import OutboxState, Store, open_store
from tests.nouns import at

NOW = at("2024-12-26 12:00")
DESK, NIGHT, HERE = Address("telegram", "-100"), Address("telegram", "-200"), Address("console")
Answer = Receipt | Exception


def message(title: str = "hello", **more: object) -> Message:
    body = (Section(((Span("body"),),)),)
    fields = {"kind": Kind.SURGE, "pictures": (Picture("a.png", b"png", "alt"),), **more}
    return Message(title, body, **fields)  # type: ignore[arg-type]


@dataclass
class Recorder:
    """A channel that remembers, and answers as told: by address, the next answers in turn."""

    name: str = "telegram"
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    sent: list[tuple[str, str, str | None]] = field(default_factory=list)

    def send(self, message: Message, address: Address, *, reply_to: str | None = None) -> Receipt:
        self.sent.append((address.to, message.title, reply_to))
        script = self.answers.get(address.to, [])
        answer = script.pop(0) if script else Receipt(str(len(self.sent)))
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Post:
    """A store, a channel and a hand-wound clock."""

    store: Store
    channel: Recorder = field(default_factory=Recorder)
    console: Recorder = field(default_factory=lambda: Recorder("console"))
    now: datetime = NOW
    chance: float = 0.999
    operators: tuple[Address, ...] = ()

    def queue(self, event: str, *addresses: Address, alert_id: str | None = None,
              said: Message | None = None) -> int:  # fmt: skip
        with self.store.begin() as tx:
            return enqueue(self.store, tx, event=event, message=said or message(event),
                           addresses=addresses or (DESK,), now=self.now,
                           alert_id=alert_id)  # fmt: skip

    def run(self, after_s: float = 0, stopping: Callable[[], bool] = lambda: False) -> Report:
        self.now += timedelta(seconds=after_s)
        channels = {"telegram": self.channel, "console": self.console}
        return deliver_due(self.store, channels, lambda: self.now, operators=self.operators,
                           stopping=stopping, chance=lambda: self.chance)  # fmt: skip

    @property
    def titles(self) -> list[str]:
        return [title for _, title, _ in self.channel.sent]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    with closing(open_store(tmp_path / "airbridge.db", now=NOW)) as store:
        yield Post(store)


# ------------------------------------------------------------------------ the straight way


def test_each_event_reaches_each_address_once(post: Post) -> None:
    """The same event queued again, before or after it was sent, goes out once an address."""
    assert post.queue("e", DESK, NIGHT) == 2
    assert post.queue("e", DESK, NIGHT) == 0
    assert post.run() == Report(2, 0, 0, None)
    assert post.queue("e", DESK, NIGHT) == 0
    assert post.run() == Report(0, 0, 0, None)
    assert [to for to, _, _ in post.channel.sent] == ["-100", "-200"]


def test_a_chat_is_served_in_order_and_chats_in_turn(post: Post) -> None:
    """Oldest first in each chat; one with a long queue does not keep the other waiting."""
    for event in ("1", "2", "3"):
        post.queue(event)
    post.queue("x", NIGHT)
    post.run()
    assert post.titles == ["1", "x", "2", "3"]


def test_later_messages_reply_to_the_first_of_their_alert(post: Post) -> None:
    """Per alert and chat."""
    for event in ("first", "worse"):
        post.queue(event, DESK, NIGHT, alert_id="a")
    post.queue("other", alert_id="b")
    post.run()
    replies = {(to, title): reply for to, title, reply in post.channel.sent}
    assert replies["-100", "first"] is None
    assert replies["-100", "worse"] == "1"
    assert replies["-200", "worse"] == "2"
    assert replies["-100", "other"] is None


def test_what_is_queued_goes_with_its_state(post: Post) -> None:
    """A transaction that fails takes its messages with it."""

    def fail() -> None:
        with post.store.begin() as tx:
            enqueue(post.store, tx, event="e", message=message(), addresses=[DESK], now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert post.run().sent == 0
    assert post.queue("e") == 1


# ------------------------------------------------------------------------ temporary trouble


def test_the_servers_wait_is_obeyed_in_full(post: Post) -> None:
    """Not a second earlier, though it is longer than any backoff."""
    post.channel.answers["-100"] = [TryLater("429", after_s=4000)]
    post.queue("e")
    assert post.run() == Report(0, 1, 0, NOW + timedelta(seconds=4000))
    assert post.run(3999.9).sent == 0
    assert post.run(0.1).sent == 1


def test_a_chat_that_must_wait_holds_only_itself(post: Post) -> None:
    """Its later messages wait behind the first; the other chat goes on."""
    post.channel.answers["-100"] = [TryLater("429", after_s=60)]
    for event in ("1", "2"):
        post.queue(event, DESK, NIGHT)
    post.run()
    assert post.channel.sent == [("-100", "1", None), ("-200", "1", None), ("-200", "2", None)]
    post.run(60)
    assert post.titles[3:] == ["1", "2"]


def test_without_a_named_wait_it_backs_off(post: Post) -> None:
    """Twice as long each time up to a quarter of an hour, for days, and never dropped."""
    post.channel.answers["-100"] = [TryLater("timed out")] * 40
    post.queue("e")
    waits = []
    for _ in range(40):
        report = post.run()
        assert report.next_due is not None
        waits.append((report.next_due - post.now).total_seconds())
        post.now = report.next_due
    assert [round(wait) for wait in waits[:4]] == [5, 10, 20, 40]
    assert max(waits) <= LONGEST_WAIT_S
    assert waits[-1] > LONGEST_WAIT_S * 0.99
    assert post.run().sent == 1


@pytest.mark.parametrize("attempt", [1, 2, 10, 5000])
def test_the_backoff_has_full_jitter(attempt: int) -> None:
    """Anything from a second up to the ceiling."""
    assert backoff_s(attempt, 0.0) == 1.0
    assert 1.0 <= backoff_s(attempt, 0.5) <= LONGEST_WAIT_S / 2


def test_a_channels_bug_holds_its_message(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected exception costs no message and stops no other chat; its text, which may hold
    a secret, is not logged."""
    post.channel.answers["-100"] = [RuntimeError("https://api.test/bot123:SECRET/x")]
    post.queue("e", DESK, NIGHT)
    report = post.run()
    assert (report.sent, report.later) == (1, 1)
    assert "RuntimeError at test_outbox.py" in caplog.text
    assert "SECRET" not in caplog.text
    (row,) = post.store.posts(9, "waiting")
    assert "SECRET" not in (row.note or "")
    assert post.run(60).sent == 1


def test_a_message_for_an_unknown_channel_waits(post: Post) -> None:
    """Taken out of the configuration for a while, a channel finds its messages when it is back."""
    post.queue("e", Address("pigeon", "x"), DESK)
    assert post.run() == Report(1, 0, 0, None)
    assert post.store.outbox_state() == OutboxState(1, 0, 1, 0, NOW)


def test_a_missing_channel_is_said_once(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """Not with every round, nor after a restart: only when it went missing."""

    def said() -> int:
        return sum("not configured" in record.getMessage() for record in caplog.records)

    post.queue("e", Address("pigeon", "x"))
    for _ in range(3):
        post.run(3)
    assert said() == 1
    (chat,) = post.store.chats()
    assert (chat.address, chat.last_error) == ("pigeon:x", "its channel is not configured")
    pigeon = {"pigeon": post.channel}
    deliver_due(post.store, pigeon, lambda: post.now)
    assert [(chat.address, chat.last_error) for chat in post.store.chats()] == [("pigeon:x", None)]
    post.queue("later", Address("pigeon", "x"))
    post.run(3)
    assert said() == 2


def test_a_stopped_channel_keeps_everything_and_is_told_elsewhere(post: Post) -> None:
    """One attempt, not one a chat; operators hear on another channel, once a day."""
    post.operators = (DESK, HERE)
    stopped = Stopped("the token was revoked", after_s=600)
    post.channel.answers = {"-100": [stopped] * 3, "-200": [stopped]}
    post.queue("e", DESK, NIGHT)
    assert post.run() == Report(1, 1, 0, NOW)
    assert len(post.channel.sent) == 1
    assert [title for _, title, _ in post.console.sent] == ["The channel telegram has stopped"]
    post.channel.answers = {"-100": [stopped]}
    post.run(600)
    assert len(post.console.sent) == 1
    post.channel.answers = {}
    post.run(600)
    assert post.store.outbox_state().waiting == 0


# ------------------------------------------------------------------------ permanent trouble


def test_a_moved_chat_gets_all_of_its_messages_at_the_new_address(post: Post) -> None:
    """The refused one at once, those queued before and after too."""
    post.channel.answers["-100"] = [Moved("upgraded", "-1009")]
    post.queue("1")
    post.queue("2")
    assert post.run().sent == 2
    post.queue("3")
    assert post.run().sent == 1
    assert [to for to, _, _ in post.channel.sent] == ["-100", "-1009", "-1009", "-1009"]


def test_chats_that_move_in_a_circle_do_not_spin(post: Post) -> None:
    """After the second move in a round it is a failure like others."""
    post.channel.answers = {"-100": [Moved("", "-200")] * 9, "-200": [Moved("", "-100")] * 9}
    post.queue("e")
    assert post.run().later == 1
    assert len(post.channel.sent) == 2


def test_a_dead_chat_is_disabled_and_told_elsewhere(post: Post) -> None:
    """Its message is given up, the next are held, and the other operators hear of it once."""
    post.operators = (DESK, NIGHT, HERE)
    post.channel.answers["-100"] = [Undeliverable("bot was kicked", chat_dead=True)]
    for event in ("1", "2", "3"):
        post.queue(event)
    report = post.run()
    assert (report.sent, report.dead) == (2, 1)
    notice = "Messages no longer reach telegram:-100"
    assert post.channel.sent == [("-100", "1", None), ("-200", notice, None)]
    assert [title for _, title, _ in post.console.sent] == [notice]
    assert post.store.outbox_state() == OutboxState(2, 2, 2, 1, NOW)
    with post.store.begin() as tx:
        post.store.enable_chat(tx, DESK)
    assert post.run().sent == 2


def test_when_every_chat_is_dead_it_ends(post: Post) -> None:
    """Telling of trouble in a chat that is in trouble makes no circle."""
    post.operators = (DESK, NIGHT)
    dead = [Undeliverable("kicked", chat_dead=True)]
    post.channel.answers = {"-100": list(dead), "-200": list(dead)}
    post.queue("e")
    assert post.run().dead == 2
    assert post.run() == Report(0, 0, 0, None)


def test_a_refused_message_is_told_to_the_operators(post: Post) -> None:
    """It is given up with its reason, its chat goes on; a refused notice makes no other."""
    post.operators = (NIGHT,)
    post.channel.answers = {"-100": [Undeliverable("too ugly")], "-200": [Undeliverable("ugly")]}
    post.queue("1")
    post.queue("2")
    report = post.run()
    assert (report.sent, report.dead) == (1, 2)
    assert post.titles == ["1", "2", "A message could not be delivered to telegram:-100"]
    assert {row.note for row in post.store.posts(9, "dead")} == {"too ugly", "ugly"}


def test_a_row_that_cannot_be_read_stops_nothing(post: Post) -> None:
    """It is set aside with its reason; the next one of its chat goes out."""
    post.queue("1")
    post.queue("2")
    with post.store.begin() as tx:
        tx.exec_driver_sql("UPDATE outbox SET message = '{\"title\": 1}' WHERE id = 1")
    assert post.run() == Report(1, 0, 1, None)
    assert post.titles == ["2"]


def test_stopping_is_heard_between_two_messages(post: Post) -> None:
    """The rest waits for the next start."""
    for event in ("1", "2", "3"):
        post.queue(event)
    report = post.run(stopping=lambda: len(post.channel.sent) >= 2)
    assert report == Report(2, 0, 0, NOW)
    assert post.run().sent == 1


def test_old_messages_are_delivered_in_the_end(post: Post) -> None:
    """A year of darkness and pruning drops nothing that waits."""
    post.channel.answers["-100"] = [TryLater("dns")]
    post.queue("e")
    post.run()
    post.now += timedelta(days=366)
    with post.store.begin() as tx:
        post.store.prune(tx, post.now)
    assert post.store.outbox_state().oldest_waiting == NOW
    assert post.run().sent == 1


# ------------------------------------------------------------------------ death


SENDS_AND_DIES = """
import sys, time
from datetime import UTC, datetime
from bot.model.alert import Receipt
from bot.outbox import deliver_due
from bot.store import open_store

class Slow:
    name = "telegram"
    def send(self, message, address, *, reply_to=None):
        with open(sys.argv[2], "a") as arrived:
            arrived.write(f"{address.to} {message.title}\\n")
        print(message.title, flush=True)
        time.sleep(float(sys.argv[3]))
        return Receipt("1")

now = lambda: datetime(2025, 1, 1, tzinfo=UTC)
deliver_due(open_store(sys.argv[1], now=now()), {"telegram": Slow()}, now)
print("done", flush=True)
"""


@pytest.mark.parametrize(("kill_at", "pause_s"), [(1, 60.0), (23, 0.002)])
def test_death_during_delivery_loses_nothing(tmp_path: Path, kill_at: int, pause_s: float) -> None:
    """After kill -9 in the middle and a restart every message has arrived, one at most twice."""
    path, arrived = tmp_path / "airbridge.db", tmp_path / "arrived"
    with closing(open_store(path, now=NOW)) as store:
        post = Post(store)
        for event in range(30):
            post.queue(str(event), DESK, NIGHT)
    words = [sys.executable, "-c", SENDS_AND_DIES, str(path), str(arrived)]
    with subprocess.Popen([*words, str(pause_s)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for number, _ in enumerate(child.stdout, 1):
            if number == kill_at:
                os.kill(child.pid, signal.SIGKILL)
                break
    done = subprocess.run([*words, "0"], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("done\n")
    counts = Counter(arrived.read_text().splitlines())
    wanted = {f"{to} {event}" for to in ("-100", "-200") for event in range(30)}
    assert set(counts) == wanted
    assert sum(counts.values()) <= len(wanted) + 1
    with closing(open_store(path, now=NOW)) as store:
        assert store.outbox_state() == OutboxState(0, 0, 60, 0, None)


def test_an_attempt_is_written_down_before_it_is_made(post: Post) -> None:
    """Whoever dies while sending leaves the trace that it may have arrived."""
    seen: list[tuple[int, str]] = []

    class Looking(Recorder):
        def send(self, message: Message, address: Address, *,
                 reply_to: str | None = None) -> Receipt:  # fmt: skip
            (row,) = post.store.posts(1)
            seen.append((row.attempts, row.state))
            return super().send(message, address, reply_to=reply_to)

    post.channel = Looking(answers={"-100": [TryLater("x", 0.0)]})
    post.queue("e")
    post.run()
    post.run(1)
    assert seen == [(1, "waiting"), (2, "waiting")]


def test_pictures_are_stored_once_for_all_chats(post: Post) -> None:
    """A picture for two chats and two messages is one blob."""
    for event in ("1", "2"):
        post.queue(event, DESK, NIGHT, said=message(pictures=(Picture("a.png", b"x", ""),)))
    with post.store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM pictures").scalar() == 1
        stored = connection.exec_driver_sql("SELECT message FROM outbox LIMIT 1").scalar()
    assert "sha256" in json.loads(str(stored))["pictures"][0]
