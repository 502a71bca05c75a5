"""What the readers hand on."""

from dataclasses import dataclass

from bot.errors import InputError
from bot.model.air import Positions

NO_ROOM = "cannot be read: it takes more memory than there is"


class NoRecording(InputError):
    """A file that can be read but tells of no aircraft. `named_so`: its name says it should."""

    def __init__(self, why: str, named_so: bool = False) -> None:
        super().__init__(why)
        self.named_so = named_so


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that could not be read (or not to its end), and why."""

    name: str
    why: str
    shared: bool = False  # every process comes upon it


@dataclass(frozen=True, slots=True)
class Noted:
    """Something the user should know that is no failure."""

    why: str
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Positions; `done`: addresses of which nothing more will come (None: all may come again)."""

    positions: Positions
    done: tuple[int, ...] | None
    size: int  # bytes read for it, for the progress bar


Item = Batch | Skipped | Noted
