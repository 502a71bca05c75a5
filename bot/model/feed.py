"""A feed as its owner configured it, and the seam that every feed fills."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.model.air import Query, Snapshot


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """One entry of `feeds:`. Secrets never appear in its repr."""

    name: str
    kind: str  # 'v2', 'readsb', 'recorded'
    url: str = ""  # http(s) address, or a file path for kind readsb
    folder: Path | None = None  # kind recorded
    every_s: float = 60.0  # least time between the starts of two rounds
    spacing_s: float = 1.0  # least time between two requests to this provider
    timeout_s: float = 20.0  # for connecting, and for each read
    deadline_s: float = 45.0  # for a whole reply
    max_bytes: int = 64_000_000
    key: str | None = field(default=None, repr=False)
    key_header: str = ""
    quota_per_day: float | None = None  # requests (OpenSky: credits) a day; None: the preset's
    contact: str = ""  # whom a provider may write to (in the User-Agent): address or page
    auth_url: str = ""  # where tokens are had; '' = the preset's
    provider: str = ""  # a name of bot.model.providers; '' = told by the URL's host


class Feed(Protocol):
    """Where positions come from. A failure is a FeedError; an empty reply is an answer."""

    name: str

    def poll(self, query: Query, now: datetime) -> Snapshot:
        """One request (or file read). Raises Unavailable, Refused or Garbled."""
        ...
