"""Aircraft by address, in one sorted text that is searched where it lies.

Half a million aircraft read into objects cost seconds and hundreds of megabytes at every start;
a text sorted by address costs nothing until an address is asked for, and then a dozen looks. The
shipped list and the one that `airbridge aircraft update` writes have the same form: the header
below, then one line an aircraft, in the order of their addresses, no line break within a field.

Promises: a list is replaced as a whole or not at all. Refuses (InputError) a file that is not
such a list.
"""

import csv
import io
import mmap
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.aircraft.shipped import content
from bot.errors import InputError
from bot.model.air import Icao24

LIST_FILE = "aircraft.csv"  # in the data folder
_HEADER = b"icao24,registration,operator,type_code,military\n"
_FLAGS = {"1": True, "0": False}
_TEXT = {True: "1", False: "0", None: ""}


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list knows of one airframe; None is unknown, `military` too."""

    registration: str | None = None
    operator: str | None = None
    type_code: str | None = None
    military: bool | None = None

    def over(self, older: "Listed | None") -> "Listed":
        """This, its gaps filled by what an older list says of the same airframe.

        Another registration is another airframe that was given the address: nothing is taken. The
        same number under another mark (RA-78817, RF-78817) is the same airframe.
        """
        if older is None or not self._same_as(older):
            return self
        return Listed(
            self.registration or older.registration,
            self.operator or older.operator,
            self.type_code or older.type_code,
            older.military if self.military is None else self.military,
        )

    def _same_as(self, other: "Listed") -> bool:
        mine, theirs = self.registration, other.registration
        return not mine or not theirs or _number(mine) == _number(theirs)


def _number(registration: str) -> str:
    """What follows the nationality mark."""
    return registration.rpartition("-")[2]


class _Text(Protocol):
    """What bytes and a mapped file have in common."""

    def find(self, sub: bytes, start: int = ..., end: int = ..., /) -> int: ...
    def rfind(self, sub: bytes, start: int = ..., end: int = ..., /) -> int: ...
    def __getitem__(self, key: slice, /) -> bytes: ...
    def __len__(self) -> int: ...


class Listing:
    """One list. Reading is safe from any thread."""

    def __init__(self, text: _Text, what: str) -> None:
        """Raises InputError when it is not a list; `what` names it."""
        if text[: len(_HEADER)] != _HEADER or text[len(text) - 1 :] != b"\n":
            raise InputError(f"{what}: not an aircraft list of this program, or cut short")
        self._text = text

    @classmethod
    def shipped(cls) -> "Listing":
        """The list that comes with the program."""
        return cls(content("aircraft.csv.gz"), "the shipped list")

    @classmethod
    def of_file(cls, path: Path) -> "Listing":
        """A list on disk, mapped: a list put in its place later does not disturb this one.

        Raises OSError when there is none, InputError when it is none.
        """
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise InputError(f"{path}: empty")
            return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), str(path))

    def get(self, icao24: str) -> Listed | None:
        """What the list says of an address."""
        text, wanted = self._text, icao24.encode()
        low, high = len(_HEADER), len(text)
        while low < high:
            middle = (low + high) // 2
            begin = text.rfind(b"\n", low - 1, middle) + 1
            address = text[begin : begin + 6]
            if address == wanted:
                return _listed(text[begin : text.find(b"\n", begin)])
            if address < wanted:
                low = text.find(b"\n", middle) + 1
            else:
                high = begin
        return None

    def addresses(self, registration: str) -> list[Icao24]:
        """Every address listed under a registration (in upper case); reads the whole list."""
        wanted, found, at = f",{registration},".encode(), [], len(_HEADER)
        while (at := self._text.find(wanted, at)) >= 0:
            begin = self._text.rfind(b"\n", 0, at) + 1
            if at == begin + 6:  # else an operator of that name
                found.append(Icao24(self._text[begin:at].decode()))
            at += 1
        return found


def _listed(line: bytes) -> Listed:
    _, registration, operator, kind, military = next(csv.reader([line.decode("utf-8", "replace")]))
    return Listed(registration or None, operator or None, kind or None, _FLAGS.get(military))


def write(known: Mapping[str, Listed], path: Path) -> None:
    """Put a list of these aircraft (by address) in place of the one at `path`, atomically.

    Raises InputError when it cannot be written.
    """
    out = io.StringIO(newline="")
    table = csv.writer(out, lineterminator="\n")
    for address in sorted(known):
        one = known[address]
        table.writerow((address, one.registration or "", one.operator or "", one.type_code or "",
                        _TEXT[one.military]))  # fmt: skip
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with part.open("wb") as file:
            file.write(_HEADER + out.getvalue().encode())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as exc:
        raise InputError(f"{path}: cannot be written: {exc.strerror}") from exc
