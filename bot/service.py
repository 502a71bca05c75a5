"""`airbridge run`: everything scheduled, until a signal says stop.

One thread a feed (lanes) and one a nightly pass, one that judges (core: the only writer of
alerts), one that delivers (courier); the event loop in the main thread belongs to Telegram. Jobs
are declared at start-up: the schedule is code, the state is in the store.
"""

import asyncio
import contextlib
import hashlib
import logging
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from bot import __version__, app, explain, lookout, message, outbox
from bot.airfields import Airfields
from bot.app import Wiring, clock
from bot.channels.base import Channel
from bot.channels.console import ConsoleChannel
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_bot import API, close_bot, new_bot
from bot.config import Config
from bot.errors import BotError, ConfigError
from bot.health import Health, blind
from bot.lane import Lane
from bot.model.air import Look, Snapshot
from bot.night import Night
from bot.notify import notify
from bot.store import Retention, Store

log = logging.getLogger(__name__)

ASSESS_EVERY = timedelta(minutes=5)
DELIVER_EVERY_S = 3
HEALTH_EVERY_S = 20
STAND_BY_EVERY_S = 5
NIGHT_EVERY_S = 10.0  # how soon a pass notices that something is due; its own pace is its lane's
SHUTDOWN_S = 8.0  # systemd is promised 10
STUCK_AFTER = timedelta(minutes=15)  # longer than any lane's round at the slowest provider
LOOKS_KEPT_DAYS = 14.0  # raw; their hours are kept for ever


class Service:
    """`airbridge run`: everything scheduled, until a signal says stop."""

    def __init__(self, path: Path, settings: Config, fields: Airfields, store: Store) -> None:
        self._path = path
        self._store = store
        self._wiring = app.wire(settings, fields, store, clock())
        self._health = Health()
        self._stop = threading.Event()
        self._hurry = threading.Event()  # lanes are to leave their rounds
        self._busy: dict[str, threading.Lock] = {}  # held by a lane during its round
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._channels: dict[str, Channel] = {"console": ConsoleChannel()}
        self._beats: dict[str, datetime] = {}

    # ---------------------------------------------------------------------------- main thread

    def run(self) -> int:
        """Run until SIGTERM or SIGINT; SIGHUP reloads the configuration."""
        return asyncio.run(self._main())

    async def _main(self) -> int:
        loop = asyncio.get_running_loop()
        stopping = asyncio.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload_soon)
        close_telegram = self._connect(loop)
        self._start()
        notify("READY=1\nSTATUS=watching")
        await stopping.wait()
        notify("STOPPING=1")
        log.info("stopping")
        await loop.run_in_executor(None, self._shut_down)
        with contextlib.suppress(Exception):
            await asyncio.wait_for(close_telegram(), 1)
        return 0

    def _connect(self, loop: asyncio.AbstractEventLoop) -> Callable[[], Awaitable[None]]:
        """Open Telegram's channel on `loop`; returns what closes it."""
        telegram = self._wiring.settings.telegram
        if telegram is None:
            return _nothing
        bot = new_bot(telegram.token, telegram.api or API)
        self._channels["telegram"] = TelegramChannel(bot, loop)
        return lambda: close_bot(bot)

    # ----------------------------------------------------------------------------------- jobs

    def _start(self) -> None:
        pools = {name: ThreadPoolExecutor(1) for name in ("core", "courier", "health")}
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler.configure(executors=pools, job_defaults=defaults, timezone=UTC)
        self._every(ASSESS_EVERY.total_seconds(), "assess", "core", self._assess, first_s=20)
        self._every(DELIVER_EVERY_S, "deliver", "courier", self._deliver)
        self._every(HEALTH_EVERY_S, "health", "health", self._look_after)
        self._every(STAND_BY_EVERY_S, "stand by", "health", self._stand_by)
        self._every(86_400, "housekeeping", "core", self._keep_house, first_s=300)
        self._schedule_lanes()
        self._greet()
        self._scheduler.start()

    def _every(
        self, seconds: float, name: str, executor: str, work: Callable[[], object],
        first_s: float = 0.0,
    ) -> None:  # fmt: skip
        self._beats[name] = clock()
        self._scheduler.add_job(
            self._guarded, "interval", seconds=seconds, id=name, executor=executor,
            args=[name, work], replace_existing=True,
            next_run_time=clock() + timedelta(seconds=first_s),
        )  # fmt: skip

    def _schedule_lanes(self) -> None:
        """A job a feed and one a nightly pass, each on a thread of its own: a slow one delays
        nobody."""
        for lane in self._wiring.lanes:
            name = _lane_job(lane)
            self._own_thread(1.0, name, partial(self._round, name, lane))
        for night in self._wiring.lookout.nights:
            name = _night_job(night)
            self._own_thread(NIGHT_EVERY_S, name, partial(self._pass, name, night))

    def _own_thread(self, seconds: float, name: str, work: Callable[[], object]) -> None:
        self._busy.setdefault(name, threading.Lock())
        with contextlib.suppress(ValueError):  # known from before a reload
            self._scheduler.add_executor(ThreadPoolExecutor(1), name)
        self._every(seconds, name, name, work)

    def _guarded(self, job: str, work: Callable[[], object]) -> None:
        """A job's last line of defence: what failed is logged, the next tick comes."""
        if self._stop.is_set():
            return
        try:
            idle = work() is False
        except Exception as exc:
            log.exception("job failed job=%s", job)
            self._health.failed(job, exc, clock())
        else:
            if not idle:
                self._health.worked(job)
        self._beat(job)

    def _beat(self, job: str) -> None:
        """The job is making progress; one that a reload removed has nothing to prove."""
        if job in self._beats:
            self._beats[job] = clock()

    def _round(self, name: str, lane: Lane) -> bool:
        """One round if it is due; False: there was nothing to do."""
        due = lane.next_due
        if (due is not None and due > clock()) or self._wiring.lookout.rests(lane):
            return False
        with self._busy[name]:
            if lane not in self._wiring.lanes:
                return False
            sky = self._wiring.sky
            take = lookout.sink(sky, lane)

            def told(look: Look, snapshot: Snapshot | None) -> None:
                take(look, snapshot)
                self._wiring.lookout.heed(lane, sky, clock())
                self._beat(name)

            try:
                lane.round(clock, self._pause, told)
            finally:
                sky.flush(clock())
        return True

    def _pass(self, name: str, night: Night) -> bool:
        """What is due of a nightly pass; False: there was nothing to do."""
        with self._busy[name]:
            if night not in self._wiring.lookout.nights:
                return False
            return night.round(clock, self._pause, partial(self._beat, name))

    def _stand_by(self) -> None:
        """Fallbacks take over, or go back to rest."""
        posted = self._wiring.lookout
        for name in posted.note(clock()):
            log.warning("fallback %s feed=%s", "rests" if posted.standby.rests(name) else
                        "takes over", name)  # fmt: skip

    def _pause(self, seconds: float) -> bool:
        """Wait between two requests; True when the program stops or the lane is to be replaced."""
        self._hurry.wait(seconds)
        return self._hurry.is_set()

    def _assess(self) -> None:
        self._wiring.assessor.assess(clock())

    def _deliver(self) -> None:
        settings = self._wiring.settings
        outbox.deliver_due(
            self._store, self._channels, clock, stopping=self._stop.is_set,
            operators=settings.addresses(settings.operators),
        )  # fmt: skip

    def _keep_house(self) -> None:
        """Once a day: forget what has had its time, and tell what nobody sees."""
        now, wiring = clock(), self._wiring
        days = wiring.settings.retention / timedelta(days=1)
        kept = Retention(looks_days=min(LOOKS_KEPT_DAYS, days), tracks_days=days, sent_days=days)
        with self._store.begin() as tx:
            self._store.prune(tx, now, kept)
        wiring.desk.book.hours.forget((now - app.PRESENCE_LOADED).date())
        gone = wiring.desk.book.forget_others((now - wiring.settings.retention).date())
        log.info("housekeeping done legs_of_others_forgotten=%d", gone)
        hours = self._store.look_hours(now - timedelta(hours=24), now + timedelta(hours=1))
        asked = {lane.feed.name: [query.key() for query in lane.plan] for lane in wiring.lanes}
        for title, lines in blind(hours, asked):
            self._tell_operators(title, lines, event=f"blind/{title}/{now.date()}")

    def _look_after(self) -> None:
        """Tell operators of troubles, and systemd that we live: only while jobs make progress."""
        now = clock()
        beats = list(self._beats.items())
        stuck = [job for job, at in beats if job != "housekeeping" and now - at > STUCK_AFTER]
        if stuck:
            log.error("no progress jobs=%s", ",".join(stuck))
        else:
            notify("WATCHDOG=1")
        for title, lines in self._health.examine(self._wiring.lookout.states(), now):
            self._tell_operators(title, lines)

    # ------------------------------------------------------------------------------- messages

    def _greet(self) -> None:
        """One message to each audience, once for a configuration: a restart is not news."""
        settings = self._wiring.settings
        looked = {
            watch.name: self._wiring.desk.book.days_looked(watch.name) for watch in settings.watches
        }
        now = clock()
        with self._store.begin() as tx:
            for name, addresses in settings.audiences.items():
                lines = explain.explain(settings, explain.Facts(looked), name)
                if not lines:
                    continue
                plain = explain.explain(settings, None, name)  # without what changes by the day
                mark = hashlib.sha256("\n".join([__version__, *plain]).encode()).hexdigest()
                outbox.enqueue(
                    self._store, tx, event=f"welcome/{name}/{mark[:12]}", now=now,
                    message=message.welcome(lines), addresses=addresses,
                )  # fmt: skip

    def _tell_operators(self, title: str, lines: Sequence[str], event: str = "") -> None:
        """A notice; those of one `event` are one."""
        settings = self._wiring.settings
        now = clock()
        with self._store.begin() as tx:
            outbox.enqueue(
                self._store, tx, event=event or f"service/{title}/{int(now.timestamp())}", now=now,
                message=message.service(title, lines),
                addresses=settings.addresses(settings.operators),
            )  # fmt: skip

    # -------------------------------------------------------------------- reload and shutdown

    def _reload_soon(self) -> None:
        """On SIGHUP: in the core thread, so that no assessment runs meanwhile."""
        self._scheduler.add_job(
            self._guarded, id="reload", executor="core", replace_existing=True,
            args=["reload", self._reload],
        )  # fmt: skip

    def _reload(self) -> None:
        """Take the new configuration, or keep the old one whole and say why."""
        try:
            settings, fields = app.load_config(self._path)
            self._check_fixed(settings)
            with self._lanes_at_rest():
                self._wiring.sky.flush(clock())
                wiring = app.wire(settings, fields, self._store, clock())
                self._replace(wiring)
        except BotError as error:
            log.error("configuration not reloaded, the old one runs on:\n%s", error)
            lines = [*str(error).splitlines()[:10], "The old configuration runs on."]
            self._tell_operators("The new configuration was refused", lines)
            return
        self._greet()
        log.info("configuration reloaded watches=%d", len(settings.watches))

    def _replace(self, wiring: Wiring) -> None:
        for name in _jobs(self._wiring):
            self._scheduler.remove_job(name)
            del self._beats[name]
        self._wiring = wiring
        self._schedule_lanes()

    @contextlib.contextmanager
    def _lanes_at_rest(self) -> Iterator[None]:
        """No lane is in a round: nothing is handed to parts that are being replaced."""
        self._hurry.set()
        locks = [self._busy[name] for name in _jobs(self._wiring)]
        for lock in locks:
            lock.acquire()
        self._hurry.clear()
        try:
            yield
        finally:
            for lock in locks:
                lock.release()

    def _check_fixed(self, settings: Config) -> None:
        """What only a restart can change."""
        old = self._wiring.settings
        if settings.data != old.data or settings.telegram != old.telegram:
            raise ConfigError([f"{self._path}: data: and telegram: need a restart to change"])

    def _shut_down(self) -> None:
        """Stop every job, then store what is still in memory; never longer than promised."""
        self._stop.set()
        self._hurry.set()
        telegram = self._channels.get("telegram")
        if isinstance(telegram, TelegramChannel):
            telegram.close()
        waiter = threading.Thread(target=self._scheduler.shutdown, daemon=True)
        waiter.start()
        waiter.join(SHUTDOWN_S)
        try:
            self._wiring.sky.flush(clock())
        except BotError:
            log.exception("what was in memory could not be stored")
        log.info("stopped clean=%s", not waiter.is_alive())


def _lane_job(lane: Lane) -> str:
    return f"lane {lane.feed.name}"


def _night_job(night: Night) -> str:
    return f"night {night.name}"


def _jobs(wiring: Wiring) -> list[str]:
    """Of everything that asks a feed."""
    nights = map(_night_job, wiring.lookout.nights)
    return [*map(_lane_job, wiring.lanes), *nights]


async def _nothing() -> None:
    """There is no Telegram to close."""
