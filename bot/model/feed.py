"""A feed as its owner configured it, and the seam that every feed fills."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.model.query import Query, Snapshot


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """One entry of `feeds:`. Secrets never appear in its repr."""

    name: str
    kind: str  # 'v2', 'opensky', 'readsb', 'recorded'
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
    fallback_for: str = ""  # rests while the feed of this name answers; '' = never rests
    # The provider's dialect where it differs from its preset; None: as the preset has it, '' (of
    # `mil_path`, `type_path`): it cannot be asked that.
    radius_nm: float | None = None
    batch: int | None = None  # addresses in one list
    near_path: str | None = None  # with {lat}, {lon}, {radius}
    hex_path: str | None = None  # with {list}
    mil_path: str | None = None
    type_path: str | None = None  # with {type}


class Feed(Protocol):
    """Where positions come from. A failure is a FeedError; an empty reply is an answer."""

    name: str

    def poll(self, query: Query, now: datetime) -> Snapshot:
        """One request (or file read). Raises Unavailable, Refused or Garbled."""
        ...
