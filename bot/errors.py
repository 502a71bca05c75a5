"""Every error the bot raises on purpose; the class answers *what should the caller do now*.

    BotError
    ├── ConfigError      a human must mend a file; carries every mistake found, not the first
    ├── FeedError
    │   ├── Unavailable  did not look (timeout, reset, 5xx): back off, honour `retry_after_s`
    │   │   └── Throttled  asked too often (429): ask less often from now on
    │   ├── Refused      not allowed (401, 403, key, terms): open the circuit, tell a human
    │   └── Garbled      answered nonsense (HTML, truncated, wrong shape): did not look
    ├── StoreError       the database cannot be used (read-only, full, corrupt, newer than us)
    ├── Busy             another instance runs on this data folder
    ├── InputError       a file handed to a verb is wrong; names file, line and field
    └── ChannelError
        ├── TryLater     temporary or unknown outcome: send again after `after_s`
        │   └── Stopped  the whole channel is down until a human mends it: keep, tell elsewhere
        ├── Undeliverable  permanent; `chat_dead` says whether the address itself is finished
        └── Moved        the same chat has a new address; store it and send again

Foreign exceptions are translated at the seam with `from exc`.
"""

from collections.abc import Sequence


class BotError(Exception):
    """Root of every deliberate error; its text is fit for a human to read."""


class ConfigError(BotError):
    """The configuration is wrong. `mistakes` are `FILE:LINE: field: found, expected` lines."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


class FeedError(BotError):
    """A feed did not give a usable answer: nobody looked."""


class Unavailable(FeedError):
    """Temporary. `retry_after_s`: the provider's own wait in seconds, if it named one."""

    def __init__(self, text: str, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(text)


class Throttled(Unavailable):
    """Too many requests: besides waiting, widen the spacing."""


class Refused(FeedError):
    """Not allowed: repeating it makes it worse."""


class Garbled(FeedError):
    """The reply is not what the protocol says."""


class StoreError(BotError):
    """The database cannot be used as it is."""


class Busy(BotError):
    """Another instance runs on the same data folder."""


class InputError(BotError):
    """A file given by the user cannot be read as what it should be."""


class ChannelError(BotError):
    """A message did not reach its channel."""


class TryLater(ChannelError):
    """Send the same message again, not before `after_s` seconds (None: the outbox's backoff)."""

    def __init__(self, text: str, after_s: float | None = None) -> None:
        self.after_s = after_s
        super().__init__(text)


class Stopped(TryLater):
    """The channel itself is out of order (a revoked token): every message waits for a human."""


class Undeliverable(ChannelError):
    """Will never arrive. `chat_dead`: no message to this address will; disable the address."""

    def __init__(self, text: str, chat_dead: bool = False) -> None:
        self.chat_dead = chat_dead
        super().__init__(text)


class Moved(ChannelError):
    """The chat lives at `address` now (a Telegram group became a supergroup)."""

    def __init__(self, text: str, address: str) -> None:
        self.address = address
        super().__init__(text)
