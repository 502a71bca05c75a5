"""The live builder's memory as bytes, and back: restart-safe, and refused when it is not ours.

Promises: what a version before wrote is read, too, as long as nothing has changed its meaning
(`READ`); of what that one did not remember yet, nothing is known.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields

import msgspec
import numpy as np
import numpy.typing as npt

from bot.errors import StoreError
from bot.legs.airframe import Flight
from bot.legs.chain import Chain
from bot.legs.customs import Customs
from bot.legs.fold import Fold
from bot.legs.pieces import PIECE
from bot.legs.recall import FACT
from bot.legs.resolve import Sky
from bot.legs.side import Piece
from bot.legs.sift import GATE, new_gates
from bot.legs.stop import Spell
from bot.model.air import Leg

MAGIC = "airbridge-legs"
FORMAT = 4  # raise when what is remembered changes meaning
READ = 3, 4  # the latter with more remembered of flights, gates and stops
Records = npt.NDArray[np.void]
Told = list[list[str]]  # name and type of each field
Published = dict[int, dict[str, tuple[float, float, int]]]


@dataclass(frozen=True, slots=True)
class Memory:
    """All that `LiveLegs` remembers."""

    icao24: npt.NDArray[np.uint32]
    gates: Records
    open: Records
    told: npt.NDArray[np.bool_]
    folds: dict[int, Fold]
    published: Published
    closed: npt.NDArray[np.bool_]
    held: list[Leg]
    customs: Customs


class _Fold(msgspec.Struct, array_like=True):
    air: Flight | None
    ground: tuple[Piece, ...]
    origin: int | None
    came_from: Spell | None
    chain: Chain
    lone: Piece | None
    last_t: float | None
    reg: str
    type_code: str
    military: bool


class _Blob(msgspec.Struct):
    magic: str
    format: int
    layout: str
    icao24: bytes
    gates: bytes
    open: bytes
    told: bytes
    folds: dict[int, _Fold]
    published: Published
    closed: bytes
    held: list[Leg]
    facts: bytes
    fields: list[str]  # which the facts tell by number


class _Head(msgspec.Struct):
    magic: str
    format: int
    layout: str


LAYOUT = str(msgspec.json.encode([GATE.descr, PIECE.descr, FACT.descr]), "ascii")
_KEPT = tuple(f.name for f in fields(Fold) if f.name != "sky")


def _records(data: bytes, told: Told, new: Callable[[int], Records]) -> Records:
    """Records in the layout they were written in made ours; what was not told is as in `new`."""
    old = np.frombuffer(data, np.dtype([(name, *rest) for name, *rest in told]))
    out = new(len(old))
    known = [name for name in out.dtype.names or () if name in (old.dtype.names or ())]
    out[known] = old[known]
    return out


def _facts(n: int) -> Records:
    return np.zeros(n, FACT)


def pack(m: Memory) -> bytes:
    """The memory as bytes."""
    folds = {k: _Fold(*(getattr(f, name) for name in _KEPT)) for k, f in m.folds.items()}
    blob = _Blob(MAGIC, FORMAT, LAYOUT, m.icao24.tobytes(), m.gates.tobytes(), m.open.tobytes(),
                 m.told.tobytes(), folds, m.published, m.closed.tobytes(), m.held,
                 *m.customs.dump())  # fmt: skip
    return msgspec.msgpack.encode(blob)


def unpack(blob: bytes, sky: Sky) -> Memory:
    """The memory of `pack`. Raises StoreError for anything else, or another version's."""
    try:
        head = msgspec.msgpack.decode(blob, type=_Head)
        gates, pieces, facts = msgspec.json.decode(head.layout, type=tuple[Told, Told, Told])
        known = head.magic == MAGIC and head.format in READ
        if not known or pieces != [list(field) for field in PIECE.descr]:
            raise StoreError(f"the saved state of open legs has format {head.format}, this program "
                             f"reads {FORMAT}: it was written by another version")  # fmt: skip
        b = msgspec.msgpack.decode(blob, type=_Blob)
        memory = Memory(
            np.frombuffer(b.icao24, np.uint32).copy(), _records(b.gates, gates, new_gates),
            np.frombuffer(b.open, PIECE).copy(), np.frombuffer(b.told, bool).copy(),
            {k: Fold(sky, *(getattr(f, name) for name in _KEPT)) for k, f in b.folds.items()},
            b.published, np.frombuffer(b.closed, bool).copy(), b.held,
            Customs.restored(sky.places.airfields, _records(b.facts, facts, _facts).tobytes(),
                             b.fields),
        )  # fmt: skip
    except (msgspec.MsgspecError, ValueError, TypeError, LookupError) as exc:
        raise StoreError(f"the saved state of open legs cannot be read: {exc}") from exc
    columns = (memory.gates, memory.open, memory.told, memory.closed)
    if any(len(column) != len(memory.icao24) for column in columns):
        raise StoreError("the saved state of open legs is damaged: its columns differ in length")
    return memory
