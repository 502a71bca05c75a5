"""YAML as its author typed it: every scalar is text, every node knows its line.

YAML 1.1 turns NO into false, 012345 into 5349, 22:30 into 1350 and 15406E into a float; here
nothing is guessed, the field that uses a value converts it. Anchors, aliases and merge keys
work. Refused with the line: duplicate keys, tags, a second document, text that is no UTF-8,
control characters, aliases that expand beyond `NODES_MAX`, and anything that looks like a
Telegram bot token (never repeated).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.config.mistakes import Mistakes, printable, shown
from bot.errors import ConfigError

BYTES_MAX = 256_000  # a long list of addresses belongs in a `file:`; this is 5,000 of them
NODES_MAX = 100_000  # after expanding aliases: a 'billion laughs' file stops here
DEPTH_MAX = 20  # the deepest sensible configuration needs 8
TOKEN = re.compile(r"\d{6,12}:[A-Za-z0-9_-]{30,}")  # BotFather's shape: 35 characters behind ':'
_OWN_TAGS = {"!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar. `hidden`: a mistake was already noted, and the value is gone."""

    value: str
    line: int
    plain: bool = True  # not quoted
    hidden: bool = False
    size: int = 1

    @property
    def blank(self) -> bool:
        """Nothing follows the key."""
        return self.plain and not self.value


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence."""

    items: "tuple[Node, ...]"
    line: int
    size: int


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping; `lines` holds the line of each key."""

    entries: "Mapping[str, Node]"
    lines: Mapping[str, int]
    line: int
    size: int


Node = Text | Items | Entries


def read(path: Path, mistakes: Mistakes) -> Entries:
    """The whole file as one mapping. Raises ConfigError when it cannot be read as YAML at all."""
    text = _decoded(path)
    try:
        events = list(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError as exc:
        raise ConfigError([_syntax(path, text, exc)]) from exc
    except (ValueError, OverflowError) as exc:  # an impossible \U escape or %YAML number
        raise ConfigError([f"{path}:1: not YAML: an impossible escape or number"]) from exc
    return _Builder(path, mistakes, iter(events)).document()


def _decoded(path: Path) -> str:
    try:
        if path.stat().st_size > BYTES_MAX:
            raise ConfigError([f"{path}:1: found {path.stat().st_size:,} bytes, expected at most "
                               f"{BYTES_MAX:,}; put long lists into a `file:`"])  # fmt: skip
        raw = path.read_bytes()
    except (OSError, ValueError) as exc:  # ValueError: a NUL inside the name
        reason = getattr(exc, "strerror", None) or str(exc)
        raise ConfigError([f"{path}: cannot be read: {reason}"]) from exc
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = raw[: exc.start].count(b"\n") + 1
        text = f"{path}:{line}: found a byte that is not UTF-8, expected UTF-8 text"
        raise ConfigError([text]) from exc


def _syntax(path: Path, text: str, exc: yaml.YAMLError) -> str:
    """One line about a file that is no YAML; never the offending text (it may hold a secret)."""
    if isinstance(exc, yaml.reader.ReaderError):
        line = text[: exc.position].count("\n") + 1
        return f"{path}:{line}: not YAML: found a control character, expected text"
    mark = getattr(exc, "problem_mark", None) or getattr(exc, "context_mark", None)
    line = mark.line + 1 if mark else 1
    problem = TOKEN.sub("(hidden)", str(getattr(exc, "problem", None) or "cannot be read"))
    rows = text.splitlines()
    tab = line <= len(rows) and "\t" in rows[line - 1]
    hint = " (indent with spaces, not tabs)" if tab else ""
    return f"{path}:{line}: not YAML: {printable(problem)}{hint}"


class _Builder:
    """Events to nodes. Not yaml's own composer: that recurses without bound and forgets
    where a duplicate key stood."""

    def __init__(self, path: Path, mistakes: Mistakes, events: Iterator[yaml.Event]) -> None:
        self._path, self._mistakes, self._events = path, mistakes, events
        self._anchors: dict[str, Node] = {}

    def document(self) -> Entries:
        next(self._events)  # the stream's start
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise self._stop(1, "the file is empty, expected feeds, watches and audiences")
        root = self._node(next(self._events), depth=0)
        next(self._events)  # the document's end
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._stop(_line(after), "a second document begins (---), expected one")
        if isinstance(root, Text) and root.blank:
            raise self._stop(1, "the file is empty, expected feeds, watches and audiences")
        if not isinstance(root, Entries):
            kind = "a list" if isinstance(root, Items) else "a single value"
            raise self._stop(root.line, f"found {kind}, expected keys such as `watches:`")
        return root

    def _stop(self, line: int, text: str) -> ConfigError:
        return ConfigError([f"{self._path}:{line}: {text}"])

    def _node(self, event: yaml.Event, depth: int) -> Node:
        line = _line(event)
        if depth > DEPTH_MAX:
            raise self._stop(line, f"nested deeper than {DEPTH_MAX} levels")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise self._stop(line, f"no anchor &{event.anchor} before this alias")
            return self._anchors[event.anchor]
        node = self._fresh(event, line, depth)
        if node.size > NODES_MAX:
            raise self._stop(line, f"expands to more than {NODES_MAX:,} values")
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _fresh(self, event: yaml.Event, line: int, depth: int) -> Node:
        tag = getattr(event, "tag", None)
        if tag is not None and tag not in _OWN_TAGS:
            self._mistakes.add(line, "", f"found the tag {shown(tag)}, expected no YAML tags")
        if isinstance(event, yaml.ScalarEvent):
            return self._text(event, line)
        if isinstance(event, yaml.SequenceStartEvent):
            items = tuple(self._until(yaml.SequenceEndEvent, depth))
            return Items(items, line, 1 + sum(item.size for item in items))
        return self._mapping(list(self._until(yaml.MappingEndEvent, depth)), line)

    def _until(self, end: type[yaml.Event], depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield self._node(event, depth + 1)

    def _text(self, event: yaml.ScalarEvent, line: int) -> Text:
        value, plain = event.value, event.style is None
        if TOKEN.search(value):
            self._mistakes.add(line, "", "found what looks like a Telegram bot token, expected no"
                               " secret in this file; put it into a file of its own and name that"
                               " in telegram.token_file (and have @BotFather revoke this one if"
                               " the file was shared)")  # fmt: skip
            return Text("", line, hidden=True)
        odd = next(
            (c for c in value if ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or _surrogate(c)), None
        )
        if odd is not None:
            self._mistakes.add(line, "", f"found the control character U+{ord(odd):04X}, "
                                         "expected text on one line")  # fmt: skip
            return Text("", line, hidden=True)
        return Text(value, line, plain)

    def _mapping(self, nodes: list[Node], line: int) -> Entries:
        entries: dict[str, Node] = {}
        lines: dict[str, int] = {}
        merged: list[Entries] = []
        for key, value in zip(nodes[::2], nodes[1::2], strict=True):
            if not isinstance(key, Text):
                self._mistakes.add(
                    key.line, "", "found a list or mapping as a key, expected a word"
                )
            elif key.value == "<<" and key.plain:
                merged += self._sources(value)
            elif key.value in entries:
                self._mistakes.add(key.line, key.value, "this key stands here twice (first in line "
                                                        f"{lines[key.value]})")  # fmt: skip
            elif not key.hidden:
                entries[key.value], lines[key.value] = value, key.line
        for source in merged:
            for name, value in source.entries.items():
                if name not in entries:
                    entries[name], lines[name] = value, source.lines[name]
        size = 1 + sum(1 + node.size for node in entries.values())
        return Entries(entries, lines, line, size)

    def _sources(self, value: Node) -> list[Entries]:
        nodes = value.items if isinstance(value, Items) else (value,)
        for node in nodes:
            if not isinstance(node, Entries):
                self._mistakes.add(node.line, "<<", "expected an alias of a mapping")
        return [node for node in nodes if isinstance(node, Entries)]


def _line(event: yaml.Event) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark else 1


def _surrogate(c: str) -> bool:
    return 0xD800 <= ord(c) <= 0xDFFF
