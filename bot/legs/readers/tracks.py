"""Trace files of any number of folders and archives, an aircraft's days together.

Whatever holds a file and in whichever order, all of an aircraft comes in one batch; so midnight
cuts nothing, and the same files give the same legs. Files and plain tars are read by place. What
lies in a packed tar, in several pieces, is held until all pieces of the aircraft were passed;
where that would be more than `HELD_BYTES`, the rest waits for another pass over the archive.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bot import columns
from bot.errors import InputError
from bot.legs.readers import raw, traces
from bot.legs.readers.archive import Archive, Member
from bot.legs.readers.items import NO_ROOM, Batch, Item, Noted, Skipped

HELD_BYTES = 256 << 20  # of packed members in memory at once
Read = Callable[[Member], bytes]
Get = Callable[[], bytes]


@dataclass(slots=True)
class _Craft:
    """All that there is of one aircraft: files, members of plain tars, members yet to come."""

    files: list[Path] = field(default_factory=list)
    members: list[tuple[Archive, Member]] = field(default_factory=list)
    awaited: int = 0
    awaited_bytes: int = 0
    came: list[tuple[str, bytes]] = field(default_factory=list)


def read(files: Sequence[tuple[str, Path]], archives: Sequence[Archive],
         mine: Callable[[str], bool]) -> Iterator[Item]:  # fmt: skip
    """One batch an aircraft. `files`: with their addresses; `mine`: which addresses are wanted."""
    crafts: dict[str, _Craft] = {}
    for address, path in files:
        if mine(address):
            crafts.setdefault(address, _Craft()).files.append(path)
    for archive in archives:
        try:
            for member in archive.members():
                if mine(member.address):
                    _found(crafts.setdefault(member.address, _Craft()), archive, member)
        except InputError as exc:
            yield Skipped(archive.name, str(exc), shared=True)
    with ExitStack() as stack:
        readers = {a: stack.enter_context(a.opened()) for a in archives if not a.packed}
        for address in [a for a, craft in crafts.items() if not craft.awaited]:
            yield from _whole(address, crafts.pop(address), readers)
        packed = [a for a in archives if a.packed]
        while crafts:
            before = len(crafts)
            yield from _passed(crafts, packed, readers)
            if len(crafts) == before:
                yield Skipped(packed[0].name, f"{packed[0].name}: changed while it was read", True)
                return


def _found(craft: _Craft, archive: Archive, member: Member) -> None:
    if archive.packed:
        craft.awaited += 1
        craft.awaited_bytes += member.size
    else:
        craft.members.append((archive, member))


def _passed(crafts: dict[str, _Craft], packed: Sequence[Archive],
            readers: dict[Archive, Read]) -> Iterator[Item]:  # fmt: skip
    """One pass over the packed archives; whoever becomes complete leaves `crafts`."""
    held: set[str] = set()
    later: set[str] = set()  # already passed by in part
    size = 0

    def wanted(address: str) -> bool:
        nonlocal size
        craft = crafts.get(address)
        if craft is None or address in later:
            return False
        if address not in held:
            if held and size + craft.awaited_bytes > HELD_BYTES:
                later.add(address)
                return False
            held.add(address)
            size += craft.awaited_bytes
        return True

    for archive in packed:
        try:
            for member, data in archive.contents(wanted):
                craft = crafts[member.address]
                craft.came.append((f"{archive.name}:{member.name}", data))
                if len(craft.came) == craft.awaited:
                    held.remove(member.address)
                    size -= craft.awaited_bytes
                    yield from _whole(member.address, crafts.pop(member.address), readers)
        except InputError:
            continue  # was told when its members were listed


def _whole(address: str, craft: _Craft, readers: dict[Archive, Read]) -> Iterator[Item]:
    """All files of one aircraft as one batch."""
    parts: list[Batch] = []
    for name, get in _sources(craft, readers):
        for item in _trace(name, get):
            if isinstance(item, Batch):
                parts.append(item)
            else:
                yield item
    if parts:
        p = columns.joined([b.positions for b in parts])
        yield Batch(p, (int(address, 16),), sum(b.size for b in parts))


def _sources(craft: _Craft, readers: dict[Archive, Read]) -> Iterator[tuple[str, Get]]:
    for path in craft.files:
        yield str(path), partial(raw.taken, path)
    for archive, member in craft.members:
        yield f"{archive.name}:{member.name}", partial(readers[archive], member)
    for name, data in craft.came:
        yield name, partial(bytes, data)


def _trace(name: str, get: Get) -> Iterator[Item]:
    words: list[str] = []
    packed = b""
    try:
        packed = get()
        if not packed:
            raise InputError(f"{name}: empty file")
        p = traces.parse(raw.inflate(packed, name), name, words.append)
    except (raw.TooMuch, MemoryError) as exc:
        yield Skipped(name, str(exc) or f"{name}: {NO_ROOM}")
        return
    except InputError as exc:
        some = traces.rescued(raw.beginning(packed), name)
        if some is None:
            yield Skipped(name, str(exc))
        else:
            yield Skipped(name, f"{exc}; its first {len(some)} rows are used")
            yield Batch(some, None, len(packed))
        return
    except OSError as exc:
        yield Skipped(name, f"{name}: cannot be read: {exc.strerror or exc}")
        return
    yield from map(Noted, words)
    yield Batch(p, None, len(packed))
