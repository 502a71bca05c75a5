"""Who an airframe is when the feed does not say."""

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import aircraft
from bot.aircraft import RA_BASE, RA_COUNT, Registry, ra_address, ra_registration, states_of_marks
from bot.model.air import Aircraft, Callsign, Icao24

SHARED = Registry.load()  # lazy: nothing is read until it is asked
DATA = Path(aircraft.__file__).parent / "data"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return SHARED


def listed() -> list[dict[str, str]]:
    text = gzip.decompress((DATA / "aircraft.csv.gz").read_bytes()).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def test_a_listed_airframe_is_known(registry: Registry) -> None:
    """An address alone brings registration, type, operator, state and the military flag."""
    assert registry.resolve(Icao24("154076")) == Aircraft(
        Icao24("154076"), None, "RA-82038", "A124", True, "Russian Air Force", "RU"
    )


def test_the_feeds_word_wins(registry: Registry) -> None:
    """What the feed says is kept; only the gaps are filled."""
    found = registry.resolve(Icao24("154076"), Callsign("RFF1"), "RF-1", "IL76", True)
    assert (found.callsign, found.registration, found.type_code) == ("RFF1", "RF-1", "IL76")


def test_not_flagged_is_not_civil(registry: Registry) -> None:
    """A missing military flag stays unknown unless a list knows better."""
    assert registry.resolve(Icao24("152a4a"), military=False).military is None
    assert registry.resolve(Icao24("154076"), military=False).military is True
    assert registry.resolve(Icao24("152a4a"), military=True).military is True
    assert registry.resolve(Icao24("adf7c8")).military is True  # a military block of the USA
    assert registry.resolve(Icao24("1400aa")).military is False  # Russian Customs, listed as civil


def test_an_unlisted_russian_address_tells_its_registration(registry: Registry) -> None:
    """Arithmetic fills in what no list holds, and nothing more."""
    found = registry.resolve(Icao24("152a4a"))
    assert (found.registration, found.type_code, found.country) == ("RA-76362", None, "RU")


@pytest.mark.parametrize(
    ("registration", "address"),
    [("RA-82038", "154076"), ("RA-82030", "15406e"), ("RA-82014", "15405e"),
     ("RA-76841", "152c29"), ("RA-76845", "152c2d"), ("RA-76362", "152a4a"),
     ("RA-86561", "155221"), ("RA-86559", "15521f"), ("RA-86572", "15522c"),
     ("RA-85042", "154c32")],
)  # fmt: skip
def test_russian_arithmetic_on_known_airframes(registration: str, address: str) -> None:
    """RA-NNNNN and 0x140000 + NNNNN are one airframe, both ways, as two databases show."""
    assert ra_address(registration) == address
    assert ra_registration(address) == registration


@pytest.mark.parametrize("address", ["13ffff", "1586a0", "000000", "ffffff", "4b1800"])
def test_russian_arithmetic_ends_at_its_bounds(address: str) -> None:
    """Outside RA-00000 to RA-99999 an address tells no registration."""
    assert ra_registration(address) is None


@pytest.mark.parametrize("text", ["RF-82038", "RA-8203", "RA-820381", "RA82038X", "", "N12345"])
def test_other_registrations_follow_no_rule(text: str) -> None:
    """RF- and the marks of other states are not arithmetic."""
    assert ra_address(text) is None


def test_a_callsign_without_its_hyphen_is_understood() -> None:
    """Crews type RA82013 into the transponder."""
    assert ra_address("ra82013") == "15405d"


@given(st.integers(0, RA_COUNT - 1))
def test_russian_arithmetic_is_its_own_inverse(number: int) -> None:
    """Whatever registration an address tells, it tells the address back."""
    address = f"{RA_BASE + number:06x}"
    told = ra_registration(address)
    assert told is None or ra_address(told) == address


def test_state_aviations_numbers_tell_no_civil_registration() -> None:
    """In the blocks that RF- uses almost alone the arithmetic stays silent; the list is why."""
    inside = [row["registration"][:3] for row in listed()
              if 0 <= int(row["icao24"], 16) - RA_BASE < RA_COUNT
              and (int(row["icao24"], 16) - RA_BASE) // 1000 in aircraft.RF_BLOCKS]  # fmt: skip
    assert inside.count("RF-") > 200
    assert inside.count("RA-") <= 1
    assert ra_registration(f"{RA_BASE + 94123:06x}") is None


@pytest.mark.parametrize(
    ("address", "country"),
    [("100000", "RU"), ("1fffff", "RU"), ("510000", "BY"), ("778000", "SY"), ("018000", "LY"),
     ("05c000", "ML"), ("06c000", "CF"), ("09c000", "BF"), ("062000", "NE"), ("3c0000", "DE"),
     ("a00000", "US"), ("0fffff", None), ("ffffff", None), ("000000", None)],
)  # fmt: skip
def test_an_address_lies_in_a_states_block(
    registry: Registry, address: str, country: str | None
) -> None:
    """The block tells the state; addresses that belong to none tell nothing."""
    assert registry.country(Icao24(address)) == country


@given(st.integers(0, 0xFFFFFF))
def test_every_address_resolves(number: int) -> None:
    """No address is too odd to be looked up."""
    found = SHARED.resolve(Icao24(f"{number:06x}"))
    assert found.icao24 == f"{number:06x}"


def test_registrations_tell_their_state() -> None:
    """A pattern with a nationality mark belongs to that state; any other tells nothing."""
    assert states_of_marks(["RA-82*"]) == {"RU"}
    assert states_of_marks(["EW-76*", "RA-*", "RF-*"]) == {"BY", "RU"}
    for pattern in ("08-*", "N*", "R*", "*", "RA82*", "D-4*", "XX-1"):
        assert states_of_marks(["RA-82*", pattern]) == frozenset(), pattern
    assert states_of_marks([]) == frozenset()


def test_marks_agree_with_the_list(registry: Registry) -> None:
    """Of the listed aircraft whose mark tells a state, under 1 % fly in another state's block."""
    told = [(states_of_marks([row["registration"]]), row["icao24"]) for row in listed()]
    known = [(states, address) for states, address in told if states]
    wrong = [a for states, a in known if registry.country(Icao24(a)) not in states]
    assert len(known) > 800
    assert len(wrong) < 0.01 * len(known)


def test_an_airline_code_names_the_operator(registry: Registry) -> None:
    """RFF8254 is the Russian air force; a registration sent as a callsign is no airline."""
    assert registry.airline("RFF8254") == "Russian Federation Air Force"
    assert registry.airline("RA82013") is None
    assert registry.airline(None) is None
    assert registry.resolve(Icao24("152a4a"), Callsign("SUM9401")).operator == (
        "State Unitary Air Enterprise"
    )


def test_types_have_names(registry: Registry) -> None:
    """A designator's name is the one people know; an unknown one has none."""
    assert registry.type_name("A124") == "Antonov An-124 Ruslan"
    assert registry.type_name("IL76") == "Ilyushin Il-76"
    assert registry.type_name("QQQQ") is registry.type_name(None) is None
    assert {"IL76", "A124", "IL62", "T154"} <= aircraft.known_types()


def test_the_lists_carry_no_jokes_and_no_rubbish() -> None:
    """Five columns, six-digit addresses, none of the original's tags."""
    rows = listed()
    assert len(rows) > 9000
    assert list(rows[0]) == ["icao24", "registration", "operator", "type_code", "military"]
    assert all(len(row["icao24"]) == 6 and row["icao24"] == row["icao24"].lower() for row in rows)
    assert "Chonky" not in str(rows)


def test_the_sources_are_named() -> None:
    """The attribution that the licence asks for ships with the data."""
    text = " ".join((DATA / "README.md").read_text("utf-8").split())
    assert "Contains" in text or "contains information from plane-alert-db" in text
    assert "Open Database License (ODbL) 1.0" in text
