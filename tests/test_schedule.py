"""Jobs come again whatever happens in them, and one that hangs is noticed."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from bot import schedule
from bot.health import JOB_FAILURES, Health
from bot.schedule import STUCK_AFTER, Schedule
from tests.nouns import at

PATIENCE_S = 30.0  # for a busy machine; nothing here measures speed
NOW = at("2024-12-26 12:00")


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def jobs(health: Health) -> Iterator[Schedule]:
    """A schedule that runs; stopped afterwards."""
    made = Schedule(health)
    made.start()
    yield made
    made.stop(PATIENCE_S)


def test_a_job_that_fails_comes_again_and_is_told_of(jobs: Schedule, health: Health) -> None:
    """An exception ends neither the job nor its thread; operators hear of one that lasts."""
    tries: list[int] = []
    often = threading.Event()

    def work() -> None:
        if len(tries) > JOB_FAILURES:
            often.set()
        tries.append(1)
        raise ValueError("boom")

    jobs.every(0.01, "assess", "core", work)
    assert often.wait(PATIENCE_S)
    ((title, lines),) = health.examine([], NOW)
    assert title == "assess keeps failing"
    assert lines[0] == "ValueError: boom"


def test_a_job_asked_for_once_runs_between_two_of_its_thread(jobs: Schedule) -> None:
    """What must not run beside another job waits for it."""
    entered, leave, done = threading.Event(), threading.Event(), threading.Event()

    def long() -> None:
        entered.set()
        leave.wait(PATIENCE_S)

    jobs.every(3600, "assess", "core", long)
    assert entered.wait(PATIENCE_S)
    jobs.once("reload", "core", done.set)
    assert not done.wait(0.05)
    leave.set()
    assert done.wait(PATIENCE_S)


def test_only_a_job_without_progress_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job has its own interval and a quarter of an hour; a beat gives it both again; one that
    was dropped has nothing to prove."""
    now = [NOW]
    monkeypatch.setattr(schedule, "clock", lambda: now[0])
    jobs = Schedule(Health())
    nothing: Callable[[], object] = lambda: None  # noqa: E731
    jobs.every(10, "lane", "lane", nothing)
    jobs.every(86_400, "housekeeping", "core", nothing)
    now[0] += STUCK_AFTER + timedelta(seconds=11)
    assert jobs.stuck() == ["lane"]
    jobs.beat("lane")
    assert jobs.stuck() == []
    now[0] += timedelta(hours=1)
    jobs.drop("lane")
    jobs.beat("lane")
    assert jobs.stuck() == []
    now[0] += timedelta(days=1)
    assert jobs.stuck() == ["housekeeping"]


def test_a_job_dropped_while_it_ends_is_not_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    """A beat that comes as its job is dropped neither fails nor makes it awaited again."""
    now = [NOW]
    jobs = Schedule(Health())
    monkeypatch.setattr(schedule, "clock", lambda: now[0])
    jobs.every(10, "lane", "lane", lambda: None)

    def dropping() -> datetime:
        monkeypatch.setattr(schedule, "clock", lambda: now[0])
        jobs.drop("lane")
        return now[0]

    monkeypatch.setattr(schedule, "clock", dropping)
    jobs.beat("lane")
    now[0] += timedelta(days=1)
    assert jobs.stuck() == []


def test_a_stop_is_never_held_up_by_a_job_that_hangs(health: Health) -> None:
    """It waits for what runs, but no longer than promised, and says which it was."""
    jobs, entered, leave = Schedule(health), threading.Event(), threading.Event()

    def long() -> None:
        entered.set()
        leave.wait(PATIENCE_S)

    jobs.every(3600, "deliver", "courier", long)
    jobs.start()
    assert entered.wait(PATIENCE_S)
    assert not jobs.stop(0.05)
    leave.set()

    other = Schedule(health)
    other.start()
    assert other.stop(PATIENCE_S)
