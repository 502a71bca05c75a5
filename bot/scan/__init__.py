"""The optional fast reading of readsb's JSON (`pip install 'airbridge[fast]'`: numba).

Promises: the same columns as the parsers of `feeds` and `legs`, or None; None where numba is
missing, is not loaded yet, or the document is in any way out of the ordinary. Those parsers stay in
charge: they read what remains of a document when its list was read here (`rest`, with a mark in
the list's place), so that everything around the list is judged by them alone.

numba costs 100 MB and half a second, and compiles for some 15 s once a machine: it is loaded in
the background, and only once so much was read that it pays.
"""

import importlib
import logging
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bot import columns
from bot.model.air import SOURCES

log = logging.getLogger(__name__)

PAYS = 250_000_000  # bytes of JSON: what loading costs, divided by what a byte gains
MARK = "!"  # the address of the one aircraft (the altitude of the one report) in `rest`
NO_SOURCE = 255
_SOURCES = np.array(SOURCES, "S16").view(np.uint8).reshape(len(SOURCES), 16)
_NUMBERS = 9
CRAFT_BYTES, ROW_BYTES = 60, 40  # no aircraft or report in use takes less


class _Compiled:
    """The machine code, once it is there."""

    def __init__(self) -> None:
        self.code: Any = None  # (grammar, snapshot, trace)
        self._read = 0
        self._asked = False

    def after(self, size: int) -> Any:
        """The code, when it is loaded; else counts the bytes, and begins to load in time."""
        if self.code is None and not self._asked:
            self._read += size
            if self._read >= PAYS:
                self._asked = True
                threading.Thread(target=self.load, name="scan", daemon=True).start()
        return self.code

    def load(self) -> bool:
        """Load and warm now; whether it is there. A machine without numba is no error."""
        self._asked = True
        try:
            code = [importlib.import_module(f"bot.scan.{name}")
                    for name in ("grammar", "snapshot", "trace")]  # fmt: skip
            _crafts(b'{"aircraft":[{}]}'.ljust(CRAFT_BYTES), code)
            _rows(b'{"trace":[[0,0,0]]}'.ljust(ROW_BYTES), code)
        except (ImportError, OSError, RuntimeError) as exc:
            log.info("fast reading is off: %s", exc)
            return False
        self.code = code
        return True


compiled = _Compiled()


@dataclass(frozen=True, slots=True)
class Crafts:
    """The list of a snapshot in columns (n,); unknown is NaN, b"", False, NO_SOURCE, 0.

    `told`: the address as text, where `address` is 0.
    """

    rest: bytes
    address: npt.NDArray[np.uint32]
    told: dict[int, str]
    number: dict[str, columns.Floats]  # by readsb's names
    ground: columns.Bools
    military: columns.Bools
    vehicle: columns.Bools
    source: npt.NDArray[np.uint8]
    callsign: columns.Texts
    registration: columns.Texts
    type_code: columns.Texts


@dataclass(frozen=True, slots=True)
class Rows:
    """The list of a trace in columns (n,); `calls`: callsigns and the row from which they hold."""

    rest: bytes
    number: dict[str, columns.Floats]
    ground: columns.Bools
    calls: tuple[tuple[int, str], ...]


def crafts(body: bytes) -> Crafts | None:
    """The aircraft of a snapshot, or None: not by this way."""
    code = compiled.after(len(body))
    return None if code is None else _crafts(body, code)


def rows(body: bytes) -> Rows | None:
    """The reports of a trace, or None: not by this way."""
    code = compiled.after(len(body))
    return None if code is None else _rows(body, code)


def _crafts(body: bytes, code: Any) -> Crafts | None:
    grammar, reader, _ = code
    b = np.frombuffer(body, np.uint8)
    begin = grammar.find(b, b"aircraft", b"ac")
    if begin == grammar.GAVE_UP:
        return None
    room = _room(len(body) // CRAFT_BYTES)
    texts = (room.flight, room.reg, room.kind)
    marks = (room.address, room.military, room.vehicle, room.source)
    n, end = reader.snapshot(b, begin, _SOURCES, room.numbers, room.ground, texts, marks,
                             room.spelt)  # fmt: skip
    if end == grammar.GAVE_UP:
        return None
    source = room.source[:n].copy()
    source[source == len(SOURCES)] = SOURCES.index("other")
    address = room.address[:n].copy()
    odd = [(i, *room.spelt[i, :2].tolist()) for i in np.flatnonzero(address == 0).tolist()]
    return Crafts(
        body[:begin] + b'[{"hex":"' + MARK.encode() + b'"}]' + body[end:], address,
        {i: body[j:k].decode("ascii") for i, j, k in odd},
        _named(room.numbers[:, :n].copy(), grammar), room.ground[:n].copy(),
        room.military[:n].copy(), room.vehicle[:n].copy(), source,
        *(t[:n].copy().view(f"S{t.shape[1]}").reshape(-1) for t in texts),
    )  # fmt: skip


def _rows(body: bytes, code: Any) -> Rows | None:
    grammar, _, reader = code
    b = np.frombuffer(body, np.uint8)
    begin = grammar.find(b, b"trace", b"trace")
    if begin == grammar.GAVE_UP:
        return None
    room = _room(len(body) // ROW_BYTES)
    n, end, told = reader.trace(b, begin, room.numbers, room.ground, room.spelt)
    if end == grammar.GAVE_UP:
        return None
    calls = tuple((i, body[j:k].decode("ascii")) for i, j, k in room.spelt[:told].tolist())
    rest = body[:begin] + b'[[0,0,0,"' + MARK.encode() + b'"]]' + body[end:]
    return Rows(rest, _named(room.numbers[:, :n].copy(), grammar), room.ground[:n].copy(), calls)


class _Room(threading.local):
    """Where the code writes: kept, because fresh memory costs as much as reading into it."""

    def __init__(self, n: int = 0) -> None:
        self.numbers, self.spelt = np.empty((_NUMBERS, n)), np.empty((n, 3), np.int64)
        self.ground, self.military, self.vehicle = np.empty((3, n), bool)
        self.address, self.source = np.empty(n, np.uint32), np.empty(n, np.uint8)
        self.flight, self.reg, self.kind = (np.empty((n, w), np.uint8) for w in (8, 12, 4))


_kept = _Room()


def _room(n: int) -> _Room:
    """Room for n rows. A document that has more is left to the ordinary parser."""
    if len(_kept.ground) < n:
        _kept.__init__(n)  # type: ignore[misc]
    return _kept


def _named(numbers: columns.Floats, grammar: Any) -> dict[str, columns.Floats]:
    rows = {"lat": grammar.LAT, "lon": grammar.LON, "alt_baro": grammar.ALT, "gs": grammar.GS,
            "track": grammar.TRACK, "baro_rate": grammar.RATE, "seen_pos": grammar.AGE,
            "geom_rate": grammar.GEOM_RATE, "seen": grammar.SEEN}  # fmt: skip
    return {name: numbers[row] for name, row in rows.items()}
