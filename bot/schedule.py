"""Jobs at intervals, on threads of their own, until told to stop.

Promises: one that fails is logged and comes again; one that makes no progress is noticed; no job
ever runs beside itself.
"""

import contextlib
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from bot.app import clock
from bot.health import Health

log = logging.getLogger(__name__)

STUCK_AFTER = timedelta(minutes=15)  # longer than any lane's round at the slowest provider
DEFAULTS = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}


class Schedule:
    """What is to be done how often. Safe from any thread."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._scheduler = BackgroundScheduler(timezone=UTC, job_defaults=DEFAULTS)
        self._pace = threading.Lock()  # for both of these: a job ends while it may be dropped
        self._awaited: dict[str, datetime] = {}  # job -> when it must have made progress
        self._every: dict[str, timedelta] = {}
        self.stopping = threading.Event()

    def start(self) -> None:
        """Let the jobs run; those declared before have waited for this."""
        self._scheduler.start()

    def every(
        self, seconds: float, job: str, thread: str, work: Callable[[], object],
        first_s: float = 0.0,
    ) -> None:  # fmt: skip
        """Do `work` at that pace; a job of the same name is replaced. Jobs of one thread wait for
        each other. Work that returns False had nothing to do: no proof that it would work."""
        self._open(thread)
        now, pace = clock(), timedelta(seconds=seconds)
        with self._pace:
            self._every[job] = pace
            self._awaited[job] = now + pace + STUCK_AFTER
        self._scheduler.add_job(
            self._guarded, "interval", seconds=seconds, id=job, executor=thread,
            args=[job, work], replace_existing=True,
            next_run_time=clock() + timedelta(seconds=first_s),
        )  # fmt: skip

    def once(self, job: str, thread: str, work: Callable[[], object]) -> None:
        """Do it as soon as that thread is free."""
        self._open(thread)
        self._scheduler.add_job(
            self._guarded, id=job, executor=thread, args=[job, work], replace_existing=True
        )

    def drop(self, job: str) -> None:
        """It is not to be done any more; if it runs now, it runs to its end."""
        self._scheduler.remove_job(job)
        with self._pace:
            del self._awaited[job], self._every[job]

    def beat(self, job: str) -> None:
        """The job is making progress; one that was dropped has nothing to prove."""
        now = clock()
        with self._pace:
            if job in self._every:
                self._awaited[job] = now + self._every[job] + STUCK_AFTER

    def stuck(self) -> list[str]:
        """Jobs that have made no progress for `STUCK_AFTER` more than their own interval."""
        now = clock()
        with self._pace:
            return [job for job, by in self._awaited.items() if now > by]

    def stop(self, within_s: float) -> bool:
        """Begin no job any more and wait for those that run; whether all ended in time."""
        self.stopping.set()
        waiter = threading.Thread(target=self._scheduler.shutdown, daemon=True)
        waiter.start()
        waiter.join(within_s)
        return not waiter.is_alive()

    def _open(self, thread: str) -> None:
        with contextlib.suppress(ValueError):  # it is there
            self._scheduler.add_executor(ThreadPoolExecutor(1), thread)

    def _guarded(self, job: str, work: Callable[[], object]) -> None:
        """A job's last line of defence: what failed is logged, the next tick comes."""
        if self.stopping.is_set():
            return
        try:
            idle = work() is False
        except Exception as exc:
            log.exception("job failed job=%s", job)
            self._health.failed(job, exc, clock())
        else:
            if not idle:
                self._health.worked(job)
        self.beat(job)
