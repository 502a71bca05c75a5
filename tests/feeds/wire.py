"""A real server on a real port that does exactly what it is told, faults included."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Answer = bytes | Callable[[socket.socket], None]
NOW = datetime(2024, 12, 26, 20, 0, 0, tzinfo=UTC)


class Server:
    """Answers request n with answer n, the last one for ever; keeps what it was sent."""

    def __init__(self, answers: tuple[Answer, ...]) -> None:
        self.requests: list[str] = []
        self._answers = answers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._conns: list[socket.socket] = []
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                conn, _ = self._listener.accept()
            except OSError:
                return
            self._conns.append(conn)
            thread = threading.Thread(target=self._converse, args=(conn,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _converse(self, conn: socket.socket) -> None:
        with conn, contextlib.suppress(OSError):
            while head := _head(conn):
                number = len(self.requests)
                self.requests.append(head)
                answer = self._answers[min(number, len(self._answers) - 1)]
                if callable(answer):
                    answer(conn)
                    return
                conn.sendall(answer)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for conn in self._conns:
            with contextlib.suppress(OSError):
                conn.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)


def _head(conn: socket.socket) -> str:
    data = b""
    while b"\r\n\r\n" not in data:
        part = conn.recv(65_536)
        if not part:
            return ""
        data += part
    return data.decode("latin-1")


def http(body: bytes | str | dict[str, Any] = b"", status: str = "200 OK",
         **headers: str) -> bytes:  # fmt: skip
    """A whole HTTP response."""
    if isinstance(body, dict):
        body = json.dumps(body)
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(data)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + data


def craft(**fields: Any) -> dict[str, Any]:
    """One aircraft record in readsb's form."""
    return {"hex": "154076", "lat": 33.71, "lon": 28.51, "seen_pos": 4.0, **fields}


def v2_body(*crafts: dict[str, Any], now_s: float = NOW.timestamp(), **more: Any) -> dict[str, Any]:
    """A reply in the form of the public aggregators."""
    return {"ac": list(crafts), "msg": "No error", "now": int(now_s * 1000),
            "total": len(crafts), **more}  # fmt: skip
