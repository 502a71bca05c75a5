"""Every mistake of a configuration, gathered so that its owner mends them all in one go.

A mistake is one line, `FILE:LINE: field: what was found, what was expected`. The text never
repeats a secret: whoever adds a mistake passes values through `shown`.
"""

import difflib
from collections.abc import Iterable
from pathlib import Path

from bot.errors import ConfigError

SHOWN_CHARS = 60  # a value longer than this is cut: the line number finds the rest


class Wrong(ValueError):
    """'found X, expected Y' about one value; the caller knows file, line and field."""


class Mistakes:
    """A growing list of mistakes and warnings about one configuration."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: list[tuple[int, int, str]] = []  # line in the config, order found, text
        self.warnings: list[str] = []

    def add(self, line: int, field: str, text: str) -> None:
        """A mistake in the configuration itself."""
        name = f"{field}: " if field else ""
        said = printable(f"{name}{text}")
        self._lines.append((line, len(self._lines), f"{self._path}:{line}: {said}"))

    def add_elsewhere(self, line: int, file: Path, file_line: int, text: str) -> None:
        """A mistake in another file, which the configuration names at `line`."""
        self._lines.append((line, len(self._lines), f"{file}:{file_line}: {printable(text)}"))

    def warn(self, text: str) -> None:
        """Not wrong, but its owner should know."""
        self.warnings.append(printable(text))

    def __len__(self) -> int:
        return len(self._lines)

    def raise_any(self) -> None:
        """Raise one ConfigError with every mistake, in the order of the file."""
        if self._lines:
            raise ConfigError([text for _, _, text in sorted(self._lines)])


def printable(text: str) -> str:
    """On one line, and safe to print whatever the file held."""
    return "".join(c if c.isprintable() else "?" for c in text)


def shown(value: str) -> str:
    """A value as a mistake may repeat it: quoted and short."""
    return f"'{value if len(value) <= SHOWN_CHARS else value[: SHOWN_CHARS - 1] + '…'}'"


def near(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """'; did you mean X?' for the nearest of `known`, else `otherwise`.

    >>> near("form", ["from", "to"])
    '; did you mean from?'
    """
    by_fold = {name.casefold(): name for name in known}
    # 0.6 is difflib's own default: one slip in a four-letter word passes, two do not
    found = difflib.get_close_matches(word.casefold(), by_fold, n=2, cutoff=0.6)
    if not found:
        return otherwise
    return f"; did you mean {' or '.join(by_fold[name] for name in found)}?"
