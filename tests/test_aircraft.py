"""Who an airframe is when the feed does not say."""

import csv
import gzip
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bot
from bot import aircraft
from bot.aircraft import (
    RA_BASE,
    RA_COUNT,
    Listed,
    Listing,
    Registry,
    ra_address,
    ra_registration,
    states_of_marks,
)
from bot.errors import InputError
from bot.model.air import Aircraft, Callsign, Icao24

SHARED = Registry.load()  # lazy: nothing is read until it is asked
DATA = Path(bot.__file__).parent / "data"


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


# ------------------------------------------------------------------- the list, and newer ones

TAR1090 = "154076;RA-82038;A124;10;ANTONOV An-124 Ruslan;;;\n152a4a;RA-76362;IL76;00;;;;\n"
OPENSKY = (
    "'icao24','timestamp','operator','owner','registration','typecode'\n"
    "'000000','2017-10-19 18:30:18','','','',''\n"
    "'8a003c','2017-09-15 00:10:03','',Garuda Indonesia,PK-GPG,A333\n"
    "'152a4a','2020-01-01 00:00:00','EMERCOM of Russia','','RA-76362','il76'\n"
)
OPENSKY_OLD = '"icao24","registration","typecode","operator"\n"4b1800","HB-IJQ","A320","Swiss"\n'
PLANE_ALERT = (
    "$ICAO,$Registration,$Operator,$Type,$ICAO Type,#CMPG,$Tag 1\n"
    "1400AA,RF-00170,Russian Customs,Kamov Ka-32 S,KA27,Civ,Double Vision\n"
    "152C29,RA-76841,EMERCOM,Ilyushin Il-76,IL76,Gov,x\n"
)
OWN = (
    "icao24,registration,operator,type_code,military\n"
    "152c29,RA-76841,EMERCOM,IL76,1\n152c2d,RA-76845,,IL76,\n"
)


def write_text(folder: Path, text: str, name: str = "list.csv") -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder / name


@pytest.mark.parametrize(
    ("text", "form", "address", "expected"),
    [
        (TAR1090, "tar1090-db", "154076", Listed("RA-82038", None, "A124", True)),
        (TAR1090, "tar1090-db", "152a4a", Listed("RA-76362", None, "IL76", None)),
        (OPENSKY, "OpenSky", "8a003c", Listed("PK-GPG", "Garuda Indonesia", "A333", None)),
        (OPENSKY, "OpenSky", "152a4a", Listed("RA-76362", "EMERCOM of Russia", "IL76", None)),
        (OPENSKY_OLD, "OpenSky", "4b1800", Listed("HB-IJQ", "Swiss", "A320", None)),
        (PLANE_ALERT, "plane-alert-db", "1400aa",
         Listed("RF-00170", "Russian Customs", "KA27", False)),
        (OWN, "airbridge", "152c29", Listed("RA-76841", "EMERCOM", "IL76", True)),
        (OWN, "airbridge", "152c2d", Listed("RA-76845", None, "IL76", None)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_public_lists_are_read(
    tmp_path: Path, text: str, form: str, address: str, expected: Listed, packed: bool
) -> None:
    """Each published form gives its facts, plain or gzip; what it does not say is unknown."""
    path = write_text(tmp_path, text)
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    reading = aircraft.read(path)
    assert (reading.form, reading.mistakes) == (form, [])
    assert reading.known[address] == expected
    assert "000000" not in reading.known


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "list.csv:1: header: found"),
        ("date,watch,count\n", "expected that of plane-alert-db"),
        ("<html>404</html>", "header"),
        (OWN.split("\n")[0] + "\n", "no aircraft in this file"),
        (OWN + "15zz00,RA-1,x,IL76,1\n", "list.csv:4: icao24: found “15zz00”, expected six hex"),
        (OWN + "152c2e,RA-1,x,IL76,yes\n", "list.csv:4: military: found “yes”, expected 1, 0"),
        (OWN + "152c2e,RA-1\n", "list.csv:4: row: found 2 fields, expected 5"),
        (TAR1090 + "152c2e;RA-1;IL76;mil\n", "list.csv:3: flags (4th field): found “mil”"),
        (OWN + "152c2e,RA-1,x,IL76,\0\n", "list.csv:4: "),
    ],
)
def test_a_wrong_list_is_refused_by_line_and_field(tmp_path: Path, text: str, said: str) -> None:
    """What is not such a list, or is broken in more than one row of a hundred, changes nothing."""
    with pytest.raises(InputError) as caught:
        aircraft.read(write_text(tmp_path, text))
    assert said in str(caught.value)


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A missing file, cut gzip and bytes that are no UTF-8 are said plainly."""
    whole = gzip.compress(OWN.encode())
    for content, said in ((whole[:-9], "cannot be read"), (b"\xff\xfe1", ":1: not text in UTF-8")):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(InputError, match=said):
            aircraft.read(tmp_path / "x")
    with pytest.raises(InputError, match="No such file"):
        aircraft.read(tmp_path / "nothing")


def test_a_few_broken_rows_are_named_and_left_out(tmp_path: Path) -> None:
    """A stray quote costs its own line only, as does a bad address; both are told."""
    good = "".join(f"'{0x100000 + i:06x}','','x','','RA-{i:05d}','IL76'\n" for i in range(400))
    head = OPENSKY.split("\n")[0] + "\n"
    text = head + "'1500','','','','',''\n" + "'150000','','O,'','','\n" + good
    reading = aircraft.read(write_text(tmp_path, text))
    assert [line.split(":")[1] for line in reading.mistakes] == ["2", "3"]
    assert len(reading.known) == 400


_LISTED = st.builds(
    Listed,
    st.none() | st.text("ABC-12", min_size=1, max_size=6),
    st.none() | st.text('ab ,"é', min_size=1, max_size=8),
    st.none() | st.sampled_from(["IL76", "A124"]),
    st.sampled_from([None, True, False]),
)


@given(st.dictionaries(st.integers(0, 0xFFFFFF).map(lambda n: f"{n:06x}"), _LISTED, max_size=40),
       st.integers(0, 0xFFFFFF))  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_what_is_written_is_found_again(known: dict[str, Listed], other: int) -> None:
    """Every aircraft of a list is found under its address with all that was known, and no other
    address finds anything."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "aircraft.csv"
        aircraft.write(known, path)
        listing = Listing.of_file(path)
        assert {address: listing.get(address) for address in known} == known
        assert listing.get(f"{other:06x}") == known.get(f"{other:06x}")


def test_a_newer_list_lies_over_the_shipped_one(tmp_path: Path) -> None:
    """Its facts win, its gaps are filled, and what it does not know stays known."""
    known = {
        "154076": Listed("RF-82038", None, None, None),
        "152c29": Listed("EW-1", type_code="B1"),
    }
    aircraft.write(known, tmp_path / aircraft.LIST_FILE)
    registry = Registry.load(tmp_path)
    assert registry.resolve(Icao24("154076")) == Aircraft(
        Icao24("154076"), None, "RF-82038", "A124", True, "Russian Air Force", "RU"
    )
    assert registry.resolve(Icao24("15405e")).type_code == "A124"  # only in the shipped list
    assert registry.resolve(Icao24("152c29")).military is None, "another airframe's flag"
    assert registry.find("RA-82038") == ["154076"], "arithmetic finds what no list names any more"
    assert registry.find("RF-82038") == registry.find("154076") == ["154076"]
    assert registry.find("nobody") == []


@pytest.mark.parametrize("content", [b"", b"junk", b"icao24,registration\n", OWN[:-1].encode()])
def test_a_damaged_list_costs_that_list_alone(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """The shipped facts go on, and the log says why."""
    (tmp_path / aircraft.LIST_FILE).write_bytes(content)
    assert Registry.load(tmp_path).resolve(Icao24("154076")).type_code == "A124"
    assert "newer aircraft list is not used" in caplog.text


def test_a_list_in_use_may_be_replaced(tmp_path: Path) -> None:
    """Whoever opened the old list keeps reading it whole; the next to open gets the new one."""
    path = tmp_path / aircraft.LIST_FILE
    aircraft.write({"154076": Listed("OLD-1")}, path)
    old = Listing.of_file(path)
    aircraft.write({"154077": Listed("NEW-1")}, path)
    assert old.get("154076") == Listed("OLD-1")
    assert Listing.of_file(path).get("154076") is None
    assert sorted(p.name for p in tmp_path.iterdir()) == [aircraft.LIST_FILE]


def test_a_list_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A folder that is a file is no place for a list."""
    (tmp_path / "data").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        aircraft.write({}, tmp_path / "data" / aircraft.LIST_FILE)


@given(st.integers(0, RA_COUNT - 1))
def test_russian_registrations_are_told_back(number: int) -> None:
    """Whatever registration stands for an address, the address tells it back, outside the blocks
    where only the number is sure."""
    address = ra_address(f"RA-{number:05d}")
    assert address is not None
    sure = number // 1000 not in aircraft.RF_BLOCKS
    assert ra_registration(address) == (f"RA-{number:05d}" if sure else None)
