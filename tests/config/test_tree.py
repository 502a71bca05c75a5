"""YAML is read as typed, and what is no YAML is said in one clear line."""

from pathlib import Path

import pytest

from bot import config
from bot.airfields import Airfields
from bot.errors import ConfigError
from tests.config.conftest import GOOD, Load, Mistakes, text_of


@pytest.mark.parametrize("typed", ["154076", "012345", "15406E", "1e5000", "0x1234"[2:] + "00"])
def test_an_address_is_the_text_typed(load: Load, typed: str) -> None:
    """No address becomes an integer, an octal number or a float."""
    found = load(
        aircraft=f"{{x: {{hex: [{typed}]}}}}",
        watches="[{name: W, from: [OSLK], aircraft: [x], audience: [desk]}]",
    )
    assert found.watches[0].aircraft[0].hexes == {typed.lower()}


def test_no_is_a_country_and_a_name(load: Load) -> None:
    """NO is Norway (and an audience's name), not false."""
    found = load(
        airfields="{XX99: {name: NO, lat: 60, lon: 10, country: NO}}",
        audiences="{NO: [console]}",
        watches="[{name: NO, from: [XX99], audience: [NO]}]",
    )
    assert found.airfields[0].country == "NO"
    assert found.watches[0].name == found.airfields[0].name == "NO"
    assert list(found.audiences) == ["NO"]


def test_clock_times_are_no_sexagesimal_numbers(load: Load) -> None:
    """22:30 is half past ten in the evening, not 1350."""
    hours = load(quiet_hours="22:30-06:30").quiet_hours
    assert hours is not None
    assert (f"{hours.start:%H:%M}", f"{hours.end:%H:%M}") == ("22:30", "06:30")


def test_off_switches_off(load: Load) -> None:
    """`off` is the word off, where a switch is expected and only there."""
    found = load(watches="[{name: off, from: [OSLK], audience: [desk], alerts: {surge: off}}]")
    assert found.watches[0].name == "off"
    assert found.watches[0].alerts.surge_per_year is None


def test_anchors_and_merge_keys_work(load: Load) -> None:
    """A merge key fills in what the mapping itself does not say."""
    found = load(
        watches="\n  - &first {name: A, from: [OSLK], to: [HL59], audience: [desk], usual: 1 per "
        "day}"
        "\n  - {<<: *first, name: B, usual: 2 per day}"
    )
    assert [(w.name, w.usual_per_day) for w in found.watches] == [("A", 1.0), ("B", 2.0)]


def test_a_byte_order_mark_is_no_mistake(load: Load) -> None:
    """A file saved by a Windows editor loads."""
    assert load("\ufeff" + text_of()).watches[0].name == "W"


def test_a_section_with_everything_commented_out_is_absent(load: Load) -> None:
    """`areas:` with nothing under it is no mistake."""
    assert load(areas="", telegram="").areas == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "config.yaml:1: the file is empty, expected feeds, watches and audiences"),
        ("# only words\n", "config.yaml:1: the file is empty, expected feeds, watches and "
                           "audiences"),
        ("- a\n- b\n", "config.yaml:1: found a list, expected keys such as `watches:`"),
        ("\nhello\n", "config.yaml:2: found a single value, expected keys such as `watches:`"),
        ("feeds: 1\n---\nfeeds: 2\n", "config.yaml:2: a second document begins (---), expected "
                                      "one"),
        ("feeds:\n\t- a\n", "config.yaml:2: not YAML: found character '\\t' that cannot start any "
                            "token (indent with spaces, not tabs)"),
        ("feeds: [a\nwatches: [\n", "config.yaml:2: not YAML: expected ',' or ']', but got ':'"),
        ("feeds: *nobody\n", "config.yaml:1: no anchor &nobody before this alias"),
        ("feeds: &a [*a]\n", "config.yaml:1: no anchor &a before this alias"),
        ("feeds: " + "[" * 40 + "]" * 40, "config.yaml:1: nested deeper than 20 levels"),
        ("feeds: a\x00b\n", "config.yaml:1: not YAML: found a control character, expected text"),
        ('feeds: "\\UFFFFFFFF"\n', "config.yaml:1: not YAML: an impossible escape or number"),
    ],
)  # fmt: skip
def test_what_is_no_configuration_is_said_in_one_line(
    mistakes: Mistakes, text: str, expected: str
) -> None:
    """Broken YAML gives exactly one line that says where and what."""
    assert mistakes(text) == [expected]


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("data: a\ndata: b\n", "config.yaml:5: data: this key stands here twice (first in line 4)"),
        ("data: !!binary aGk=\n",
         "config.yaml:4: found the tag 'tag:yaml.org,2002:binary', expected no YAML tags"),
        ("? [a]\n: b\n", "config.yaml:4: found a list or mapping as a key, expected a word"),
        ('data: "a\\nb"\n', "config.yaml:4: found the control character U+000A, expected text on "
                            "one "
                            "line"),
        ('data: "\\ud800"\n', "config.yaml:4: found the control character U+D800, expected text on "
                              "one line"),
        ("<<: nothing\n", "config.yaml:4: <<: expected an alias of a mapping"),
        ("wathces: []\n", "config.yaml:4: wathces: no such key; did you mean watches?"),
        ("zzz: []\n", "config.yaml:4: zzz: no such key; expected one of: feeds, telegram, "
                      "operators, "
                      "airfields, areas, aircraft, watches, audiences, data, timezone, "
                      "quiet_hours, "
                      "retention"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_form_names_its_line(
    mistakes: Mistakes, extra: str, expected: str
) -> None:
    """Duplicate and unknown keys, tags and control characters are mistakes like any other."""
    assert mistakes(text_of() + extra) == [expected]


def test_billion_laughs_stop_early(mistakes: Mistakes) -> None:
    """Aliases that expand to more than 100,000 values are refused, not expanded."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert mistakes("\n".join(lines)) == ["config.yaml:5: expands to more than 100,000 values"]


def test_a_file_too_large_is_not_read(mistakes: Mistakes) -> None:
    """A configuration of megabytes is some other file."""
    assert mistakes("#" * 300_000) == [
        "config.yaml:1: found 300,000 bytes, expected at most 256,000; put long lists into a "
        "`file:`"
    ]


def test_bytes_that_are_no_text(tmp_path: Path, airfields: Airfields) -> None:
    """A file in Latin-1 is refused with the line of its first odd byte."""
    path = tmp_path / "config.yaml"
    path.write_bytes(b"feeds: []\n# caf\xe9\n")
    with pytest.raises(ConfigError, match=r"config.yaml:2: found a byte that is not UTF-8"):
        config.load(path, airfields, env={})


def test_a_missing_file_and_a_folder(tmp_path: Path, airfields: Airfields) -> None:
    """A path that cannot be read is a ConfigError that says why."""
    for path, why in ((tmp_path / "no.yaml", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ConfigError, match=f"{path}: cannot be read: {why}"):
            config.load(path, airfields, env={})


def test_all_mistakes_are_reported_at_once_in_file_order(mistakes: Mistakes) -> None:
    """One run names every mistake, sorted by line."""
    found = mistakes(
        "feeds: [{name: a, kind: x}]\n"
        "watches:\n"
        "  - {name: W, form: OSLK, to: HLKM, audience: dsek}\n"
        "audiences: {desk: [consol]}\n"
        "retention: soon\n"
    )
    assert [line.split(": ")[0] for line in found] == [
        "config.yaml:1", "config.yaml:3", "config.yaml:3", "config.yaml:3", "config.yaml:4",
        "config.yaml:5",
    ]  # fmt: skip


def test_a_token_in_the_file_is_refused_and_never_repeated(mistakes: Mistakes) -> None:
    """A pasted bot token is a mistake wherever it stands, and no line of ours shows it."""
    token = "123456789:" + "AbCdEfGhI" * 4
    for text in (
        text_of(telegram=f"{{token: '{token}'}}"),
        text_of(telegram=f"{{token_file: '{token}'}}"),
        text_of(data=token),
        text_of() + f"telegram: {token}\n",
        text_of() + f"'{token}': 1\n",
        text_of(feeds=f"[{{name: a, kind: v2, url: 'https://x.example/bot{token}'}}]"),
        text_of() + f"telegram: [{token}\n",
    ):
        found = mistakes(text)
        assert found
        assert "AbCdEfGhI" not in "\n".join(found)
    assert "looks like a Telegram bot token" in mistakes(text_of(data=token))[0]


def test_the_good_example_is_good(load: Load) -> None:
    """The configuration that the other tests bend loads as it is."""
    assert [w.name for w in load().watches] == ["W"]
    assert set(GOOD) == {"feeds", "audiences", "watches"}
