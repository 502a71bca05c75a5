"""Whatever a file holds, the answer is a configuration or its mistakes."""

import string
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import config
from bot.airfields import Airfields
from bot.config.feeds import KEYS as FEED_KEYS
from bot.config.reader import KEYS
from bot.config.watches import KEYS as WATCH_KEYS
from bot.errors import ConfigError

SHIPPED = (Path(__file__).parents[2] / "config.yaml").read_text("utf-8")
WORDS = [*KEYS, *FEED_KEYS, *WATCH_KEYS, "polygon", "circle", "box", "lat", "lon", "radius_nm",
         "surge", "false_alarms", "lull", "chat", "topic", "desk", "console", "OSLK", "v2", "off",
         "1 per year", "90 days", "<<", "file", "hex", "only", "except", "military", "~", "", "nan",
         "-1", "1e9", "99999999999999999999", "0x10", "@a", "/", "..", "\x85", "é", "22:30-06:30",
         "https://api.adsb.lol", "http://[", "https://a:b@c", "http://x:99999"]  # fmt: skip
SCALARS = st.sampled_from(WORDS) | st.text(max_size=12) | st.integers().map(str)
SLIPS = [*WORDS, "\t", "}", "[", "&a", "*a", "- ", ": "]
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SCALARS, inner, max_size=5),
    max_leaves=25,
)
SECTIONS = st.dictionaries(st.sampled_from(KEYS), TREES, max_size=8)
QUICK = settings(max_examples=150, deadline=None,
                 suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip


@pytest.fixture
def attempt(tmp_path: Path, airfields: Airfields) -> Any:
    """Load some bytes; None, or the mistakes. Any other error passes through."""

    def run(raw: bytes) -> tuple[str, ...] | None:
        path = tmp_path / "config.yaml"
        path.write_bytes(raw)
        try:
            config.load(path, airfields, env={})
        except ConfigError as error:
            return error.mistakes
        return None

    return run


def clear(mistakes: tuple[str, ...] | None) -> None:
    """Mistakes are there, printable, one line each, and name the file."""
    for line in mistakes or ():
        assert line.isprintable()
        assert "config.yaml" in line


@QUICK
@given(raw=st.binary(max_size=300))
def test_any_bytes(attempt: Any, raw: bytes) -> None:
    """No bytes make load raise anything but ConfigError."""
    clear(attempt(raw))


@QUICK
@given(text=st.text(alphabet=string.printable + "éλ\u2028\u0085", max_size=200))
def test_any_text(attempt: Any, text: str) -> None:
    """No text makes load raise anything but ConfigError."""
    clear(attempt(text.encode("utf-8")))


@QUICK
@given(sections=SECTIONS)
def test_any_tree_of_known_words(attempt: Any, sections: dict[str, Any]) -> None:
    """Known keys with values of any shape and kind are mistakes, never a crash."""
    clear(attempt(yaml.safe_dump(sections, allow_unicode=True).encode("utf-8")))


@settings(QUICK, max_examples=60)
@given(
    cuts=st.lists(
        st.tuples(st.integers(0, len(SHIPPED)), st.integers(0, 20), st.sampled_from(SLIPS)),
        min_size=1, max_size=4,
    )
)  # fmt: skip
def test_any_slip_in_the_shipped_file(attempt: Any, cuts: list[tuple[int, int, str]]) -> None:
    """The shipped file with pieces cut out and put in is right or wrong, never a crash."""
    text = SHIPPED
    for start, length, word in cuts:
        text = text[:start] + word + text[start + length :]
    clear(attempt(text.encode("utf-8")))
