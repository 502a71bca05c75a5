"""Threads, and death in the middle of things."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from bot.store import Store, open_store
from tests.nouns import leg
from tests.store.conftest import NOW


def test_threads_write_and_read_at_once(store: Store) -> None:
    """Writers queue, readers never wait nor see half of a transaction."""
    failures: list[BaseException] = []

    def write(name: str) -> None:
        for turn in range(25):
            with store.begin() as tx:
                store.put_state(tx, f"{name}-a", str(turn).encode())
                store.put_state(tx, f"{name}-b", str(turn).encode())

    def read(name: str) -> None:
        for _ in range(25):
            with store.read():
                first, second = store.state(f"{name}-a"), store.state(f"{name}-b")
            assert first is None or second is not None

    def guarded(work: object, name: str) -> None:
        try:
            work(name)  # type: ignore[operator]
        except BaseException as exc:
            failures.append(exc)

    threads = [threading.Thread(target=guarded, args=(work, name))
               for name in ("one", "two") for work in (write, read)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert store.state("one-b") == store.state("two-b") == b"24"


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    """Any exception takes all of it back, and the next one works."""

    def fail() -> None:
        with store.begin() as tx:
            store.put_legs(tx, [leg("OSLK", "HL59")])
            assert len(store.legs()) == 1  # its own reads see it
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.legs() == ()
    with store.begin() as tx:
        store.put_legs(tx, [leg("OSLK", "HL59")])
    assert len(store.legs()) == 1


def test_others_see_only_what_is_committed(store: Store) -> None:
    """Another thread reads the state of before until the transaction ends."""
    seen: list[bytes | None] = []
    with store.begin() as tx:
        store.put_state(tx, "k", b"new")
        reader = threading.Thread(target=lambda: seen.append(store.state("k")))
        reader.start()
        reader.join()
    assert seen == [None]
    assert store.state("k") == b"new"


WRITES_FOR_EVER = """
import sys
from datetime import timedelta
from bot.store import open_store
from tests.nouns import leg
from tests.store.conftest import NOW
from dataclasses import replace
store = open_store(sys.argv[1], now=NOW)
base = leg("OSLK", "HL59")
for turn in range(10**6):
    shift = timedelta(hours=turn)
    pair = [replace(base, id=f"{turn}-{end}", icao24=f"15407{end}", takeoff=base.takeoff + shift,
                    first_seen=base.takeoff + shift)
            for end in (1, 2)]
    with store.begin() as tx:
        store.put_legs(tx, pair[:1])
        print("half", turn, flush=True)
        store.put_legs(tx, pair[1:])
    print("whole", turn, flush=True)
"""


@pytest.mark.parametrize("word", ["half", "whole"])
def test_death_while_writing_loses_nothing_committed(tmp_path: Path, word: str) -> None:
    """After kill -9 every transaction is there as a whole or not at all, all confirmed ones are."""
    path = tmp_path / "airbridge.db"
    words = [sys.executable, "-c", WRITES_FOR_EVER, str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        confirmed = -1
        for line in child.stdout:
            what, turn = line.split()
            confirmed = int(turn) if what == "whole" else confirmed
            if what == word and int(turn) >= 20:
                os.kill(child.pid, signal.SIGKILL)
                break
    with closing(open_store(path, now=NOW)) as store:
        ids = {entry.id for entry in store.legs()}
    turns = {int(name.split("-")[0]) for name in ids}
    assert ids == {f"{turn}-{end}" for turn in turns for end in (1, 2)}
    assert turns >= set(range(confirmed + 1))
