"""`airbridge run`: everything scheduled, until a signal says stop.

One thread a feed (lanes) and one a nightly pass, one that judges (core: the only writer of
alerts), one that delivers (courier); the event loop in the main thread belongs to Telegram. Jobs
are declared at start-up: the schedule is code, the state is in the store.
"""

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot import app, lookout, outbox
from bot.airfields import Airfields
from bot.app import Wiring, clock
from bot.channels.base import Channel
from bot.channels.console import ConsoleChannel
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_bot import API, close_bot, new_bot
from bot.config import Config
from bot.errors import BotError, ConfigError
from bot.greeting import greet, tell_operators
from bot.health import Health
from bot.housekeeping import keep_house
from bot.lane import Lane
from bot.model.query import Look, Snapshot
from bot.night import Night
from bot.notify import notify
from bot.schedule import Schedule
from bot.store import Store

log = logging.getLogger(__name__)

ASSESS_EVERY = timedelta(minutes=5)
DELIVER_EVERY_S = 3
HEALTH_EVERY_S = 20
STAND_BY_EVERY_S = 5
NIGHT_EVERY_S = 10.0  # how soon a pass notices that something is due; its own pace is its lane's
SHUTDOWN_S = 8.0  # systemd is promised 10


class Service:
    """`airbridge run`: everything scheduled, until a signal says stop."""

    def __init__(self, path: Path, settings: Config, fields: Airfields, store: Store) -> None:
        self._path = path
        self._store = store
        self._wiring = app.wire(settings, fields, store, clock())
        self._health = Health()
        self._hurry = threading.Event()  # lanes are to leave their rounds
        self._busy: dict[str, threading.Lock] = {}  # held by a lane during its round
        self._schedule = Schedule(self._health)
        self._channels: dict[str, Channel] = {"console": ConsoleChannel()}

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
        every = self._schedule.every
        every(ASSESS_EVERY.total_seconds(), "assess", "core", self._assess, first_s=20)
        every(DELIVER_EVERY_S, "deliver", "courier", self._deliver)
        every(HEALTH_EVERY_S, "health", "health", self._look_after)
        every(STAND_BY_EVERY_S, "stand by", "health", self._stand_by)
        every(86_400, "housekeeping", "core", self._keep_house, first_s=300)
        self._schedule_lanes()
        self._greet()
        self._schedule.start()

    def _schedule_lanes(self) -> None:
        """A job a feed and one a nightly pass, each on a thread of its own: a slow one delays
        nobody."""
        for lane in self._wiring.lanes:
            name = _lane_job(lane)
            self._busy.setdefault(name, threading.Lock())
            self._schedule.every(1.0, name, name, partial(self._round, name, lane))
        for night in self._wiring.lookout.nights:
            name = _night_job(night)
            self._busy.setdefault(name, threading.Lock())
            self._schedule.every(NIGHT_EVERY_S, name, name, partial(self._pass, name, night))

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
                self._schedule.beat(name)

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
            return night.round(clock, self._pause, partial(self._schedule.beat, name))

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
            self._store, self._channels, clock, stopping=self._schedule.stopping.is_set,
            operators=settings.addresses(settings.operators),
        )  # fmt: skip

    def _keep_house(self) -> None:
        keep_house(self._wiring, clock())

    def _look_after(self) -> None:
        """Tell operators of troubles, and systemd that we live: only while jobs make progress."""
        stuck = self._schedule.stuck()
        if stuck:
            log.error("no progress jobs=%s", ",".join(stuck))
        else:
            notify("WATCHDOG=1")
        for title, lines in self._health.examine(self._wiring.lookout.states(), clock()):
            self._tell_operators(title, lines)

    def _greet(self) -> None:
        wiring = self._wiring
        greet(self._store, wiring.settings, wiring.desk.book, clock())

    def _tell_operators(self, title: str, lines: Sequence[str]) -> None:
        tell_operators(self._store, self._wiring.settings, title, lines, clock())

    # -------------------------------------------------------------------- reload and shutdown

    def _reload_soon(self) -> None:
        """On SIGHUP: in the core thread, so that no assessment runs meanwhile."""
        self._schedule.once("reload", "core", self._reload)

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
            self._schedule.drop(name)
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
        self._schedule.stopping.set()
        self._hurry.set()
        telegram = self._channels.get("telegram")
        if isinstance(telegram, TelegramChannel):
            telegram.close()
        clean = self._schedule.stop(SHUTDOWN_S)
        try:
            self._wiring.sky.flush(clock())
        except BotError:
            log.exception("what was in memory could not be stored")
        log.info("stopped clean=%s", clean)


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
