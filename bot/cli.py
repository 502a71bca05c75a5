"""The command line: verbs and lazy dispatch, no logic.

A verb's module is imported only when it is asked for: `airbridge --help` must answer at once,
and `airbridge silence` must not wait for scikit-learn.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from bot import __version__
from bot.errors import BotError, Busy, ConfigError, InputError, StoreError

VERBS = {
    "run": "poll, judge and deliver until stopped (the service)",
    "once": "one round: poll every feed, judge every watch, deliver what is due",
    "check": "read the configuration and explain it in words",
    "demo": "the whole line on two labelled recordings; pictures and messages in demo-out/",
    "replay": "fly a folder of recorded snapshots through the whole line",
    "import": "load legs or daily counts from a CSV as a watch's history",
    "aircraft": "take a newer aircraft list, or tell what is known of an airframe",
    "status": "feeds, coverage, watches, alerts and the outbox at a glance",
    "coverage": "who looked when and how well, by watch and day; outages named",
    "legs": "legs from recordings, or the stored ones",
    "alerts": "alerts and their history",
    "why": "why a watch did or did not fire on a day",
    "chart": "draw a watch's chart and map",
    "silence": "say nothing about a watch for a while",
    "chats": "wait for a message to the bot and print its chat for config.yaml",
    "test-channel": "send a test message to an audience",
}

EXIT_CODES = """exit codes:
  0  done
  1  done in part: something failed and was reported (a feed, a file, a delivery)
  2  the command line, the configuration or an input file is wrong
  3  the database cannot be used
  4  another instance is running on the same data folder
"""

CONFIG_PLACES = ("config.yaml", "/etc/airbridge/config.yaml")


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, dispatch, translate deliberate errors to exit codes."""
    words = list(sys.argv[1:] if argv is None else argv)
    top = _top_parser()
    args = top.parse_args(words[: _verb_at(words) + 1])
    module = _module(args.verb)
    parser = argparse.ArgumentParser(
        prog=f"airbridge {args.verb}", description=VERBS[args.verb].capitalize() + "."
    )
    _add_config(parser, args.config)
    module.add_arguments(parser)
    try:
        return int(module.run(parser.parse_args(words[_verb_at(words) + 1 :])))
    except ConfigError as error:
        print("\n".join(error.mistakes), file=sys.stderr)  # noqa: T201 - the shell speaks
        return 2
    except InputError as error:
        return _say(error, 2)
    except StoreError as error:
        return _say(error, 3)
    except Busy as error:
        return _say(error, 4)
    except BotError as error:
        return _say(error, 1)
    except BrokenPipeError:  # `airbridge legs | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _say(error: BotError, code: int) -> int:
    print(f"airbridge: {error}", file=sys.stderr)  # noqa: T201 - the shell speaks
    return code


def _module(verb: str) -> ModuleType:
    name = {"import": "import_", "test-channel": "try_channel"}.get(verb, verb.replace("-", "_"))
    return importlib.import_module(f"bot.commands.{name}")


def _verb_at(words: Sequence[str]) -> int:
    """Index of the verb: the first word that is neither an option nor --config's value."""
    i = 0
    while i < len(words) and words[i].startswith("-"):
        i += 2 if words[i] in ("--config", "-c") else 1
    return i


def _top_parser() -> argparse.ArgumentParser:
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {verb:<{width}}  {text}" for verb, text in VERBS.items())
    parser = argparse.ArgumentParser(
        prog="airbridge",
        usage="airbridge [--config FILE] VERB [options]",
        description="Alerts on unusual traffic between places.",
        epilog=f"verbs:\n{verbs}\n\n`airbridge VERB --help` tells more.\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"airbridge {__version__}")
    _add_config(parser, None)
    parser.add_argument("verb", choices=VERBS, metavar="VERB", help="what to do; see below")
    return parser


def _add_config(parser: argparse.ArgumentParser, given: Path | None) -> None:
    parser.add_argument(
        "-c", "--config", type=Path, metavar="FILE", default=given or _default_config(),
        help="default: $AIRBRIDGE_CONFIG, ./config.yaml, /etc/airbridge/config.yaml",
    )  # fmt: skip


def _default_config() -> Path:
    named = os.environ.get("AIRBRIDGE_CONFIG")
    places = [Path(named)] if named else [Path(place) for place in CONFIG_PLACES]
    return next((place for place in places if place.exists()), places[0])
