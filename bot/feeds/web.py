"""HTTP for feeds: one pooled session a feed, polite and bounded.

Promises: never retries (a hidden retry is a request the provider counts and we do not); says
honestly who asks; ends within the deadline whatever the server does, dribbled headers included;
holds no more than the size limit, packed or unpacked; follows no redirect to another host, so a
key goes only where its owner sent it; no error carries a key or a query string.
Refuses: by raising Unavailable, Throttled, Refused or Garbled.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from bot import __version__
from bot.errors import FeedError, Garbled, Refused, Throttled, Unavailable
from bot.feeds.base import unpack
from bot.feeds.deadline import CuttableAdapter, Deadline
from bot.model.feed import FeedSettings

_CHUNK = 65_536
_MAX_REDIRECTS = 3
_MAX_WAIT_S = 7 * 86_400.0  # a longer wait is a mistake of the server's


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete reply, already unpacked. Status is 200, or one the caller said it accepts."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Web:
    """One provider's session. Not for several threads at once."""

    def __init__(self, settings: FeedSettings, access: str = "") -> None:
        """`access` is the advice given when the provider refuses."""
        self._settings = settings
        self._access = access
        self._session = requests.Session()
        self._session.headers.update(
            {"User-Agent": user_agent(settings.contact), "Accept-Encoding": "gzip",
             "Accept": "application/json"}
        )  # fmt: skip
        self._session.auth = _as_given  # else a ~/.netrc entry would replace our own key
        for scheme in ("http://", "https://"):
            self._session.mount(
                scheme, CuttableAdapter(pool_connections=2, pool_maxsize=2, max_retries=0)
            )

    def close(self) -> None:
        """Give the sockets back."""
        self._session.close()

    def get(self, url: str, now: datetime, headers: Mapping[str, str] | None = None,
            accept: tuple[int, ...] = ()) -> Reply:  # fmt: skip
        """GET `url`; statuses in `accept` are answers too. Raises a FeedError."""
        return self._ask("GET", url, now, headers or {}, None, accept)

    def post(self, url: str, now: datetime, form: Mapping[str, str],
             accept: tuple[int, ...] = ()) -> Reply:  # fmt: skip
        """POST a form; as `get`."""
        return self._ask("POST", url, now, {}, form, accept)

    def _ask(self, method: str, url: str, now: datetime, headers: Mapping[str, str],
             form: Mapping[str, str] | None, accept: tuple[int, ...]) -> Reply:  # fmt: skip
        what = _public(url)
        limit = Deadline(self._settings.deadline_s)
        with limit, _translated(what, limit):
            for _ in range(_MAX_REDIRECTS + 1):
                with self._send(method, url, headers, form, limit) as response:
                    if not response.is_redirect:
                        body = self._body(response, limit, what)
                        _check(response, body, what, now, accept, self._access)
                        return Reply(response.status_code, response.headers, body)
                    url = _same_host(url, response)
        raise Unavailable(f"{what}: redirected in a circle")

    def _send(self, method: str, url: str, headers: Mapping[str, str],
              form: Mapping[str, str] | None, limit: Deadline) -> requests.Response:  # fmt: skip
        timeout = min(self._settings.timeout_s, limit.left_s())
        return self._session.request(
            method, url, headers=dict(headers), data=form, timeout=(timeout, timeout),
            allow_redirects=False, stream=True,
        )  # fmt: skip

    def _body(self, response: requests.Response, limit: Deadline, what: str) -> bytes:
        """The whole body within the deadline, unpacked."""
        coding = response.headers.get("Content-Encoding", "identity").lower()
        if coding not in ("identity", "gzip", "x-gzip", ""):
            raise Garbled(f"{what}: packed as {coding!r}, which was not asked for")
        most = self._settings.max_bytes
        parts, size = [], 0
        for chunk in response.raw.stream(_CHUNK, decode_content=False):
            parts.append(chunk)
            size += len(chunk)
            if size > most:
                raise Garbled(f"{what}: more than {most} bytes")
            limit.check()
        limit.check()
        return unpack(b"".join(parts), most, what)


def _as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def user_agent(contact: str) -> str:
    """Who asks, honestly. Providers refuse library defaults, and want to know whom to write to;
    what no header may carry is left out of `contact`."""
    clean = "".join(c for c in contact if c.isascii() and c.isprintable() and c not in "()")
    return f"airbridge/{__version__} (flight activity alerts; contact: {clean or 'not given'})"


def wait_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """The wait a server asks for: `Retry-After` in seconds or as an HTTP date, and OpenSky's own
    header; the longer of the two. None when it asks for none that makes sense."""
    found = []
    for name in ("Retry-After", "X-Rate-Limit-Retry-After-Seconds"):
        text = headers.get(name, "").strip()
        with contextlib.suppress(ValueError):
            found.append(float(text) if _is_number(text) else _until(text, now))
    return max((min(max(s, 0.0), _MAX_WAIT_S) for s in found if s == s), default=None)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and text.isascii()


def _until(text: str, now: datetime) -> float:
    when = parsedate_to_datetime(text)
    return ((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds()


def _check(response: requests.Response, body: bytes, what: str, now: datetime,
           accept: tuple[int, ...], access: str) -> None:  # fmt: skip
    """Turn a status into what the caller should do."""
    status = response.status_code
    if status == 200 or status in accept:
        return
    said = _said(body)
    if status in (401, 402, 403, 407, 451):
        advice = f"; {access}" if access else ""
        raise Refused(f"{what}: refused with HTTP {status}{said}{advice}")
    if status == 429:
        raise Throttled(f"{what}: asked too often (HTTP 429){said}", wait_s(response.headers, now))
    if status >= 500 or status == 408:
        raise Unavailable(f"{what}: HTTP {status}{said}", wait_s(response.headers, now))
    raise Garbled(f"{what}: unexpected HTTP {status}{said}")


def _said(body: bytes) -> str:
    """The start of a plain-text error, for the log; web pages say nothing useful."""
    text = " ".join(body[:400].decode("utf-8", "replace").split())
    return "" if not text or text.startswith("<") else f" ({text[:120]!r})"


def _public(url: str) -> str:
    """The address without what may hold a secret: user, password, query."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def _same_host(url: str, response: requests.Response) -> str:
    target = urljoin(url, response.headers["Location"])
    here, there = urlsplit(url), urlsplit(target)
    upgraded = here.scheme == "http" and there.scheme == "https" and there.port in (None, 443)
    if here.hostname == there.hostname and (
        upgraded or (here.scheme, here.port) == (there.scheme, there.port)
    ):
        return target
    text = f"{_public(url)}: redirects to another server ({_public(target)}), which is not followed"
    if response.status_code in (301, 308):
        raise Refused(f"{text}; if that is its new address, put it into the configuration")
    raise Unavailable(text)


@contextlib.contextmanager
def _translated(what: str, limit: Deadline) -> Iterator[None]:
    """Transport errors as Unavailable; their own texts are dropped, as they may hold the URL."""
    try:
        yield
    except FeedError:
        raise
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as exc:
        raise Unavailable(f"{what}: no answer in time") from exc
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as exc:
        limit.check()  # a socket that the deadline closed looks like a reset
        raise Unavailable(f"{what}: {_cause(exc)}") from exc


def _cause(exc: BaseException) -> str:
    """A few plain words; never the exception's text, which may quote the address."""
    seen = f"{type(exc).__name__} {exc!r}"
    for mark, words in (
        ("NameResolution", "the name cannot be resolved"),
        ("refused", "connection refused"),
        ("SSL", "the TLS connection failed (certificate?)"),
        ("IncompleteRead", "the reply broke off"),
        ("reset", "connection reset"),
        ("RemoteDisconnected", "the server closed the connection without an answer"),
    ):
        if mark in seen:
            return words
    return f"connection failed ({type(exc).__name__})"
