"""A limit on one whole HTTP exchange, and connections that it can cut."""

import contextlib
import socket
import threading
import time
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter

from bot.errors import Unavailable


class Deadline:
    """A limit on one whole exchange, enforced from outside the read.

    A read timeout limits each read; a server that sends a byte now and then would never meet it.
    So when the time is up a timer closes the socket under the reader.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds  # a stopwatch, not a clock
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._sock: socket.socket | None = None
        self._fired = False

    def __enter__(self) -> "Deadline":
        _active.deadline = self
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        _active.deadline = None
        with self._lock:
            self._sock = None  # it goes back to the pool: a late timer must not touch it

    def left_s(self) -> float:
        """Seconds left; raises Unavailable when none are."""
        self.check()
        return max(self._end - time.monotonic(), 0.001)

    def check(self) -> None:
        """Raises Unavailable when the time is up."""
        if self._fired or time.monotonic() >= self._end:
            raise Unavailable(f"no complete answer within {self._seconds:g} s")

    def watch(self, sock: socket.socket | None) -> None:
        """From now on the exchange waits on `sock`."""
        with self._lock:
            self._sock = sock
            if self._fired:
                self._cut()

    def _fire(self) -> None:
        with self._lock:
            self._fired = True
            self._cut()

    def _cut(self) -> None:
        if self._sock is not None:
            with contextlib.suppress(OSError):
                # not through the TLS layer: it would wait for the other side's goodbye
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)


_active = threading.local()  # .deadline: of the exchange this thread is in


class _Plain(urllib3.connection.HTTPConnection):
    def getresponse(self) -> Any:
        _active.deadline.watch(self.sock)
        return super().getresponse()


class _Secure(urllib3.connection.HTTPSConnection):
    def getresponse(self) -> Any:
        _active.deadline.watch(self.sock)
        return super().getresponse()


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Secure


class CuttableAdapter(HTTPAdapter):
    """requests' adapter over connections that show their socket to the deadline."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
