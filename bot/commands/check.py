"""`airbridge check [FILE]`: read the configuration, name every mistake, explain the rest in words.

Asks no feed and opens no database, so that it may run beside the service. A bot token that only
the service can see (its credential) is a warning here, not a mistake.
"""

import argparse
import shutil
import sys
import textwrap
from pathlib import Path

from bot import airfields, config, explain
from bot.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own options."""
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE",
                        help="the configuration to check (default: that of --config)")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """0: right, and explained on standard output; 2: mistakes, one a line on standard error."""
    path = args.file or args.config
    try:
        found = config.load(path, airfields.load(), need_secrets=False)
    except ConfigError as error:
        print("\n".join(error.mistakes), file=sys.stderr)
        return 2
    print(f"{path} has no mistakes. In words:\n")
    for line in explain.explain(found):
        print(_wrapped(line))
    return 0


def _wrapped(line: str) -> str:
    """Headings at the margin, all else below them, no wider than the terminal."""
    if line == "" or line.endswith(":"):
        return line
    indent = " " * (2 + len(line) - len(line.lstrip()))
    width = max(60, min(shutil.get_terminal_size((100, 24)).columns, 100))
    return textwrap.fill(line.strip(), width, initial_indent=indent,
                         subsequent_indent=indent + "  ", break_on_hyphens=False)  # fmt: skip
