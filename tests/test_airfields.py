"""The airfield table: validation, lookup, nearest, suggestions."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import airfields
from bot.airfields import COLUMNS, Airfields
from bot.errors import InputError
from bot.geo import distances_km
from bot.model.air import Airfield

HEAD = "id,ident,type,name,latitude_deg,longitude_deg,elevation_ft,iso_country,scheduled_service\n"


@pytest.fixture(scope="module")
def table() -> Airfields:
    return airfields.load()


def made(*rows: tuple[str, str, str, str]) -> Airfields:
    """A table of (ident, lat, lon, elevation)."""
    full = [dict(zip(("ident", "lat", "lon", "elevation_ft"), row, strict=True)) for row in rows]
    return Airfields({name: [row.get(name, "") for row in full] for name in COLUMNS})


def test_the_fields_of_the_story_are_there_with_their_runways(table: Airfields) -> None:
    """Al-Khadim, a 'small_airport', is known with the runway that makes it large."""
    khadim = table.get("HL59")
    assert khadim is not None
    assert khadim.runway_ft == 11838
    for ident in ("OSLK", "HL69", "HLLB", "HL56", "UUMU", "GABS", "LY-BCQ", "RU-0152", "OS65"):
        assert ident in table


def test_closed_fields_are_left_out(table: Airfields) -> None:
    """No row of the shipped table is a closed field or a balloon port."""
    assert not {"closed", "balloonport"} & set(table.kinds)


def test_a_latitude_beyond_the_pole_never_answers_a_query() -> None:
    """A row at latitude -104 is refused and counted, not returned as everyone's nearest."""
    table = made(("BAD", "-104.5", "10", "0"), ("GOOD", "10", "10", "100"))
    km, rows = table.nearest([10.1, -80.0], [10.0, 10.0])
    assert table.refused["position"] == 1
    assert [table.idents[r] for r in rows[:, 0]] == ["GOOD", "GOOD"]
    assert km[0, 0] == pytest.approx(11.1, abs=0.1)


@pytest.mark.parametrize("elevation", ["291187", "-1500", "nonsense", ""])
def test_an_impossible_elevation_is_unknown(elevation: str) -> None:
    """An airport at 291,187 ft has an unknown elevation, not that one."""
    field = made(("X", "10", "10", elevation)).get("X")
    assert field is not None
    assert field.elevation_ft is None


def test_extra_fields_override_and_add() -> None:
    """What the owner wrote in `airfields:` replaces the table's row, and may add a new one."""
    own = Airfield("HL59", "al-Khadim", 31.9985, 21.1918, 801, None)
    new = Airfield("XX01", "Desert strip", 25.0, 15.0, None, 9000)
    table = airfields.load([own, new])
    khadim = table.get("HL59")
    assert khadim is not None
    assert (khadim.name, khadim.elevation_ft, khadim.runway_ft) == ("al-Khadim", 801, 11838)
    assert table.get("XX01") == new
    assert table.near(25.0, 15.0, 5)[0][0] == new


def test_an_extra_field_nowhere_on_earth_is_an_error() -> None:
    """A latitude of 95 in the owner's table is an error that names the field."""
    with pytest.raises(InputError, match="XX01"):
        airfields.load([Airfield("XX01", "", 95.0, 15.0, None, None)])


def test_near_is_sorted_and_complete(table: Airfields) -> None:
    """The cluster around al-Khadim comes back nearest first with true distances."""
    found = [(f.ident, round(km)) for f, km in table.near(31.9985, 21.1918, 90)]
    assert found[0] == ("HL59", 0)
    assert ("HLLB", 88) in found
    assert [km for _, km in found] == sorted(km for _, km in found)


@given(lat=st.floats(-90, 90), lon=st.floats(-180, 180))
def test_the_nearest_agrees_with_brute_force(table: Airfields, lat: float, lon: float) -> None:
    """Anywhere on Earth, poles and date line included, the tree finds what a full scan finds."""
    km, _ = table.nearest([lat], [lon])
    brute = distances_km(table.lat_deg, table.lon_deg, np.array(lat), np.array(lon)).min()
    assert km[0, 0] == pytest.approx(brute, abs=1e-3)


def test_beyond_the_limit_there_is_nobody(table: Airfields) -> None:
    """A query with a limit answers inf and row -1 where nothing lies inside it."""
    km, rows = table.nearest([-60.0], [-120.0], k=2, within_km=50)
    assert np.isinf(km).all()
    assert (rows == -1).all()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("HL95", "HL59"), ("OSKL", "OSLK"), ("hllb", "HLLB"), ("Benina", "HLLB"), ("khadim", "HL59"),
     ("Chkalovski", "UUMU")],
)  # fmt: skip
def test_suggestions(table: Airfields, typed: str, meant: str) -> None:
    """A slip of one letter, or a name, leads to the ident that was meant."""
    assert meant in [*table.suggest(typed), typed.upper()]


def test_a_csv_in_the_shape_of_ourairports(tmp_path: Path, table: Airfields) -> None:
    """`--airports FILE` replaces the table, gzip or plain; runways come from the own table."""
    text = HEAD + "1,HL59,small_airport,Khadim,31.9985,21.1918,800,LY,no\n"
    text += "2,GONE,closed,Gone,1,1,1,LY,no\n3,FAR,small_airport,Far,-104,1,1,LY,no\n"
    path = tmp_path / "airports.csv"
    path.write_bytes(gzip.compress(text.encode()))
    own = airfields.from_csv(path, table)
    assert own.idents == ["HL59"]
    assert own.runway_ft[0] == 11838


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", HEAD, "\x00\x01", "<html></html>"])
def test_a_file_that_is_no_table_is_named(tmp_path: Path, text: str) -> None:
    """A wrong file is an InputError that names it."""
    path = tmp_path / "wrong.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=r"wrong\.csv"):
        airfields.from_csv(path)
