"""History from a file: right, or refused whole with every mistake named."""

import contextlib
import math
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import imports
from bot.errors import InputError
from bot.model.air import How
from tests.nouns import at

WATCHES = frozenset({"Hmeimim to eastern Libya"})


def read(tmp_path: Path, text: str) -> imports.History:
    path = tmp_path / "history.csv"
    path.write_text(text, "utf-8")
    return imports.read(path, WATCHES)


def test_daily_counts(tmp_path: Path) -> None:
    """Counts are read; an empty count is missing and an empty exposure unknown, not zero."""
    history = read(tmp_path, "date,watch,count,exposure\n"
                   "2024-12-01,Hmeimim to eastern Libya,2,0.9\n"
                   "2024-12-02,Hmeimim to eastern Libya,,\n")  # fmt: skip
    first, second = history.counts
    assert (first.day, first.count, first.exposure) == (date(2024, 12, 1), 2, 0.9)
    assert math.isnan(second.count)
    assert math.isnan(second.exposure)


def test_exposure_may_be_left_out(tmp_path: Path) -> None:
    """The short form date,watch,count is enough."""
    (row,) = read(tmp_path, "date,watch,count\n2024-12-01,Hmeimim to eastern Libya,2\n").counts
    assert math.isnan(row.exposure)


def test_legs(tmp_path: Path) -> None:
    """A legs CSV as `airbridge legs` writes it comes back as the same legs."""
    (leg,) = read(
        tmp_path,
        "icao24,callsign,type_code,origin,destination,takeoff,first_seen,last_seen,"
        "origin_how,origin_confidence,destination_area,destination_confidence\n"
        "154076,rff8254,A124,OSLK,,2024-12-26T18:10:00Z,2024-12-26T18:12:00Z,"
        "2024-12-26T19:40:00Z,surface,0.99,Libya,0.8\n",
    ).legs
    assert leg.takeoff == at("2024-12-26 18:10")
    assert leg.origin.airfield == "OSLK"
    assert leg.origin.how is How.SURFACE
    assert leg.origin.candidates == (("OSLK", 0.99),)
    assert leg.destination.airfield is None
    assert (leg.destination.area, leg.destination.confidence) == ("Libya", 0.8)
    assert leg.callsign == "RFF8254"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ":1: header is empty; expected at least date,watch,count"),
        ("a,b\n1,2\n", ":1: header is a, b; expected"),
        ("date,watch,count\n2024-13-01,Hmeimim to eastern Libya,1\n",
         ":2: date: found “2024-13-01”, expected a day such as 2024-12-26, 1990 or later"),
        ("date,watch,count\n0024-12-01,Hmeimim to eastern Libya,1\n", ":2: date: found"),
        ("date,watch,count\n2024-12-01,Hmeimim,1\n", ":2: watch: no watch is named “Hmeimim”"),
        ("date,watch,count\n2024-12-01,Hmeimim to eastern Libya,-1\n", ":2: count: found “-1”"),
        ("date,watch,count\n2024-12-01,Hmeimim to eastern Libya,nan\n", ":2: count: found “nan”"),
        ("date,watch,count\n2024-12-01,Hmeimim to eastern Libya,1,9,9\n", ":2: as many fields"),
        ("icao24,origin,destination,first_seen,last_seen\nxyz,OSLK,HL59,,\n",
         ":2: icao24: found “xyz”, expected six hex digits"),
        ("icao24,origin,destination,first_seen,last_seen\n"
         "154076,OSLK,HL59,2024-12-26T20:00Z,2024-12-26T18:00Z\n", ":2: last_seen: "),
    ],
)  # fmt: skip
def test_a_mistake_names_file_line_and_field(tmp_path: Path, text: str, says: str) -> None:
    """Bad input is told where it stands and what was expected."""
    with pytest.raises(InputError) as wrong:
        read(tmp_path, text)
    assert says in str(wrong.value)
    assert "history.csv" in str(wrong.value)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    """A file is mended in one go: every mistake is listed, up to a screenful."""
    rows = "".join("x,Hmeimim to eastern Libya,1\n" for _ in range(30))
    with pytest.raises(InputError) as wrong:
        read(tmp_path, "date,watch,count\n" + rows)
    lines = str(wrong.value).splitlines()
    assert len(lines) == 21
    assert lines[-1] == "... and 10 more"


def test_not_text(tmp_path: Path) -> None:
    """A picture renamed to CSV is refused by name."""
    path = tmp_path / "photo.csv"
    path.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(InputError, match=r"photo\.csv:1: found a byte that is not UTF-8"):
        imports.read(path, WATCHES)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_no_text_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever stands in the file, the answer is history or InputError."""
    path = tmp_path_factory.mktemp("h") / "x.csv"
    path.write_text("date,watch,count\n" + text, "utf-8")
    with contextlib.suppress(InputError):
        imports.read(path, WATCHES)
