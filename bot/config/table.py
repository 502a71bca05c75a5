"""A mapping being read: each known key is asked for by name, whatever else stands there is a
mistake. Readers raise `Wrong`; here it gets its file, line and field.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TypeVar

from bot.config.mistakes import Mistakes, Wrong, near, shown
from bot.config.scalars import Reader
from bot.config.tree import Entries, Items, Node, Text

T = TypeVar("T")
D = TypeVar("D")
_SECRETS = {"token", "key", "password", "secret", "api_key", "apikey"}


@dataclass(frozen=True, slots=True)
class Spot:
    """A value with its place, so that a later rule can still name file, line and field."""

    node: Node
    field: str
    mistakes: Mistakes

    def wrong(self, text: str) -> None:
        """Note a mistake here."""
        self.mistakes.add(self.node.line, self.field, text)

    def text(self) -> str | None:
        """The scalar's text; None (and a mistake) when this is none."""
        if not isinstance(self.node, Text):
            self.wrong(f"found {_kind(self.node)}, expected a single value")
            return None
        if self.node.blank and not self.node.hidden:
            self.wrong("found nothing, expected a value (or leave the key out)")
        return None if self.node.hidden or self.node.blank else self.node.value

    def value(self, reader: Reader[T]) -> T | None:
        """The scalar as `reader` understands it; None after a mistake."""
        text = self.text()
        if text is None:
            return None
        try:
            return reader(text)
        except Wrong as exc:
            self.wrong(str(exc))
            return None

    def items(self) -> "list[Spot]":
        """The entries of a list, numbered from 1; a single value is a list of one."""
        if isinstance(self.node, Items):
            return [Spot(node, f"{self.field}[{i}]", self.mistakes)
                    for i, node in enumerate(self.node.items, 1)]  # fmt: skip
        if isinstance(self.node, Text):
            return [self] if self.text() is not None else []
        self.wrong("found a mapping, expected a list")
        return []

    def values(self, reader: Reader[T]) -> tuple[T, ...]:
        """The entries of a list of scalars, without those that are mistakes."""
        found = [item.value(reader) for item in self.items()]
        return tuple(dict.fromkeys(value for value in found if value is not None))

    def named(self) -> "Iterator[tuple[str, Spot]]":
        """The entries of a mapping whose keys are names of the owner's choice."""
        if not isinstance(self.node, Entries):
            self.wrong(f"found {_kind(self.node)}, expected names with a colon behind each")
            return
        for key, node in self.node.entries.items():
            yield key, Spot(node, f"{self.field}.{key}", self.mistakes)

    def table(self, keys: Collection[str]) -> "Table | None":
        """The mapping with only these keys; None (and a mistake) when this is no mapping."""
        if not isinstance(self.node, Entries):
            if not (isinstance(self.node, Text) and self.node.hidden):
                self.wrong(f"found {_kind(self.node)}, expected keys: {', '.join(keys)}")
            return None
        for key, line in self.node.lines.items():
            if key not in keys:
                field = f"{self.field}.{key}" if self.field else key
                self.mistakes.add(line, field, _unknown(key, keys))
        return Table(self.node, self.field, self.mistakes, tuple(keys))


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping whose keys are known."""

    node: Entries
    field: str
    mistakes: Mistakes
    keys: tuple[str, ...]

    def has(self, key: str) -> bool:
        """Whether the key stands there at all."""
        return key in self.node.entries

    def spot(self, key: str) -> Spot | None:
        """The value behind a key, if the key is there."""
        node = self.node.entries.get(key)
        return None if node is None else Spot(node, self._name(key), self.mistakes)

    def get(self, key: str, reader: Reader[T], default: D) -> T | D:
        """A scalar, or the default when the key is absent or its value a mistake."""
        spot = self.spot(key)
        value = spot.value(reader) if spot else None
        return default if value is None else value

    def need(self, key: str, reader: Reader[T], expected: str) -> T | None:
        """A scalar that must be there; None after a mistake."""
        spot = self.spot(key)
        if spot is None:
            self.missing(key, expected)
            return None
        return spot.value(reader)

    def missing(self, key: str, expected: str) -> None:
        """Note that a key is not there, unless a misspelt one was already noted in its place."""
        if not self.misspelt(key):
            self.wrong(key, f"found nothing, expected {expected}")

    def misspelt(self, *keys: str) -> bool:
        """Whether an unknown key looks like one of these."""
        unknown = [key for key in self.node.entries if key not in self.keys]
        return any(near(word, keys) for word in unknown)

    def wrong(self, key: str, text: str) -> None:
        """Note a mistake about a key (at the mapping's own line when the key is absent)."""
        node = self.node.entries.get(key)
        self.mistakes.add(node.line if node else self.node.line, self._name(key), text)

    def _name(self, key: str) -> str:
        return f"{self.field}.{key}" if self.field and key else self.field or key


def _kind(node: Node) -> str:
    if isinstance(node, Text):
        return "nothing" if node.blank else shown(node.value)
    return "a list" if isinstance(node, Items) else "a mapping"


def _unknown(key: str, keys: Collection[str]) -> str:
    if key.lower() in _SECRETS:
        return "secrets never stand in this file; name a file that holds it (token_file, key_file)"
    return f"no such key{near(key, keys, '; expected one of: ' + ', '.join(keys))}"
