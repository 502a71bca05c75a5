"""Kinds of aircraft: unions, narrowing, exclusion, lists in files."""

from pathlib import Path

import pytest

from bot.aircraft import Registry
from bot.config import Config
from bot.model.air import Callsign, Icao24
from tests.config.conftest import Load, Mistakes

WATCH = "[{name: W, from: [OSLK], aircraft: [x], audience: [desk]}]"


def kind_of(found: Config):  # type: ignore[no-untyped-def]
    return found.watches[0].aircraft[0]


def test_a_class_is_the_union_of_its_keys(load: Load) -> None:
    """Every key is read, upper case where the sky uses it, and one suffices to belong."""
    kind = kind_of(load(watches=WATCH, aircraft="{x: {types: [il76], hex: [15406E], registrations: "
                        "[ra-82*], callsigns: [rff*], military: yes}}"))  # fmt: skip
    assert (kind.types, kind.hexes) == ({"IL76"}, {"15406e"})
    assert (kind.registrations, kind.callsigns, kind.military) == (("RA-82*",), ("RFF*",), True)
    resolve = Registry.load().resolve
    assert kind.matches(resolve(Icao24("400000"), Callsign("RFF1234"))) is True


def test_only_narrows_and_except_removes(load: Load) -> None:
    """An Il-76 is out without a Russian mark, and with Volga-Dnepr's callsign."""
    kind = kind_of(load(watches=WATCH, aircraft="{x: {types: [IL76], only: {registrations: "
                                                "['RA-*']},"
                        " except: {callsigns: ['VDA*']}}}"))  # fmt: skip
    resolve = Registry.load().resolve
    russian, belarusian = Icao24("152c29"), Icao24("510101")
    assert kind.matches(resolve(russian, Callsign("RFF1"), type_code="IL76")) is True
    assert kind.matches(resolve(russian, Callsign("VDA1"), type_code="IL76")) is False
    assert kind.matches(resolve(belarusian, type_code="IL76")) is False


def test_outside_a_states_block_its_registrations_are_ruled_out(load: Load) -> None:
    """RA-82* is answered no, not perhaps, for an unregistered address outside Russia's block."""
    kind = kind_of(load(watches=WATCH, aircraft="{x: {registrations: ['RA-82*']}}"))
    assert kind.registration_states == {"RU"}
    resolve = Registry.load().resolve
    assert kind.matches(resolve(Icao24("4b1800"))) is False
    assert kind.matches(resolve(Icao24("1c0001"))) is None
    assert kind.matches(resolve(Icao24("154076"))) is True


@pytest.mark.parametrize(
    "content",
    [
        "$ICAO,$Registration,#CMPG\n154076,RA-82038,Mil\n15406E,RA-82030,Mil\n",
        "# mine\n154076\n\n15406E   # An-124\n",
        "name,hex\nfirst,154076\nsecond,15406e\n",
        "\ufeff154076\r\n15406E\r\n",
    ],
)
def test_a_list_in_a_file(load: Load, tmp_path: Path, content: str) -> None:
    """A plane-alert CSV, any CSV with a hex column, or one address a line."""
    (tmp_path / "list.csv").write_text(content, "utf-8")
    kind = kind_of(load(watches=WATCH, aircraft="{x: {file: list.csv, hex: [aaaaaa]}}"))
    assert kind.hexes == {"154076", "15406e", "aaaaaa"}


def test_mistakes_in_a_list_name_its_file_and_line(mistakes: Mistakes, tmp_path: Path) -> None:
    """A bad row is named in its own file, ten of them at most."""
    (tmp_path / "l.csv").write_text("$ICAO,$Registration\n154076,A\n10166,SU-BRR\n,\n~15406e,B\n")
    assert mistakes(watches=WATCH, aircraft="{x: {file: l.csv}}") == [
        "l.csv:3: found '10166', expected an address of six hex digits such as 154076",
        "l.csv:5: found '~15406e', expected an address of six hex digits such as 154076",
    ]
    (tmp_path / "l.csv").write_text("zzz\n" * 15)
    found = mistakes(watches=WATCH, aircraft="{x: {file: l.csv}}")
    assert len(found) == 11
    assert found[-1] == "config.yaml:4: aircraft.x.file: 5 more lines of l.csv are wrong"


def test_an_unknown_type_is_a_warning(load: Load) -> None:
    """New designators appear: one that no list knows is said, not refused."""
    found = load(watches=WATCH, aircraft="{x: {types: [IL7B]}}")
    assert len(found.warnings) == 1
    assert found.warnings[0].startswith("aircraft.x.types: no list knows the type IL7B; did you")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("{}", ": found no aircraft, expected at least one of: types, hex, registrations, "
               "callsigns, military, file"),
        ("{except: {types: [IL76]}}", ": found no aircraft, expected at least one of: types, hex, "
                                      "registrations, callsigns, military, file"),
        ("{type: [IL76]}", ".type: no such key; did you mean types?"),
        ("{types: [IL-76]}", ".types[1]: found 'IL-76', expected an ICAO type designator such as "
                             "IL76; did you mean IL76 or IL96?"),
        ("{hex: [15406]}", ".hex[1]: found '15406', expected an address of six hex digits such as "
                           "154076"),
        ("{hex: [000000]}", ".hex[1]: found '000000', expected an address of six hex digits such "
                            "as "
                            "154076"),
        ("{hex: {a: b}}", ".hex: found a mapping, expected a list"),
        ("{registrations: ['*']}", ".registrations[1]: found '*', expected a pattern such as "
                                   "RA-82* "
                                   "(letters, digits, - * ?)"),
        ("{callsigns: ['RFF[0-9]']}", ".callsigns[1]: found 'RFF[0-9]', expected a pattern such as "
                                      "RA-82* (letters, digits, - * ?)"),
        ("{military: maybe}", ".military: found 'maybe', expected on or off"),
        ("{file: no.csv}", ".file: 'no.csv' cannot be read: No such file or directory"),
        ("{file: .}", ".file: '.' cannot be read: Is a directory"),
        ("{types: [IL76], only: {hex: [zz]}}",
         ".only.hex[1]: found 'zz', expected an address of six hex digits such as 154076"),
        ("{types: [IL76], except: 5}", ".except: found '5', expected keys: types, hex, "
                                       "registrations, callsigns, military, file, only, except"),
    ],
)  # fmt: skip
def test_a_wrong_class(mistakes: Mistakes, kind: str, expected: str) -> None:
    """Each rule of a class has its own message, and the watch that names it is not blamed."""
    assert mistakes(watches=WATCH, aircraft=f"{{x: {kind}}}") == [
        f"config.yaml:4: aircraft.x{expected}"
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xff\xfe1", "'l' is not UTF-8 text, expected a CSV or one address a line"),
        (b"# nothing\n", "l holds no address, expected one a line or a column $ICAO"),
        (b"", "l holds no address, expected one a line or a column $ICAO"),
    ],
)
def test_a_list_that_is_none(
    mistakes: Mistakes, tmp_path: Path, content: bytes, expected: str
) -> None:
    """A file that holds no addresses is a mistake at the line that names it."""
    (tmp_path / "l").write_bytes(content)
    assert mistakes(watches=WATCH, aircraft="{x: {file: l}}") == [
        f"config.yaml:4: aircraft.x.file: {expected}"
    ]


def test_a_class_of_a_bad_name(mistakes: Mistakes) -> None:
    """A class is named by a word."""
    assert mistakes(aircraft="{a b: {types: [IL76]}}") == [
        "config.yaml:4: aircraft.a b: found 'a b', expected a name of letters, digits, - _ . (up "
        "to "
        "40)"
    ]
