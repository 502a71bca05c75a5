"""The reconstruction follows the reports, says what it invents, and is a possible sky."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise

import numpy as np
import pytest

from bot import geo
from bot.demo import airlift, tables
from bot.demo.civil import airliners
from bot.demo.ears import Ears
from bot.demo.sky import Path

ROWS = list(tables.rows("airlift_2024.csv"))
README = (tables.FOLDER / "README.md").read_text("utf-8")


def test_the_label_says_reconstruction() -> None:
    """Whatever is made from this carries these words."""
    assert airlift.LABEL == "RECONSTRUCTION from published reports – not recorded data"
    assert airlift.LABEL in README


def test_every_source_has_an_address_and_stands_in_the_readme() -> None:
    """A reader can follow each report."""
    for name, url in airlift.SOURCES:
        assert name
        assert url.startswith("https://")
        assert url in README


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['takeoff_utc']} {row['registration']}")
def test_every_flight_has_a_basis(row: dict[str, str]) -> None:
    """A report by its number, or the word placeholder; a placeholder airframe is called one."""
    basis = row["basis"]
    assert basis.startswith(("placeholder: ", *(f"R{n}: " for n in range(1, 8))))
    if row["registration"].startswith("RA-000"):
        assert "placeholder" in basis
    else:
        assert row["registration"] in ("RA-76841", "RA-76845", "RA-82038")


def test_addresses_follow_the_arithmetic() -> None:
    """RA-NNNNN is 0x140000 + NNNNN; no placeholder's address is a known airframe's."""
    for row in [*ROWS, *tables.rows("quiet_2024.csv")]:
        number = int(row["registration"].removeprefix("RA-"))
        assert row["hex"] == f"{0x140000 + number:06x}"
    assert {row["hex"] for row in ROWS if row["registration"] == "RA-82038"} == {"154076"}


def test_an_airframe_leaves_from_where_it_landed() -> None:
    """Each flight starts at the field where the one before ended, after time enough to turn."""
    last: dict[str, Path] = {}
    for flight in airlift.flights():
        path = Path(flight)
        before = last.get(flight.icao24)
        if before is not None:
            assert before.flight.destination == flight.origin
            assert path.takeoff_s - before.landing_s > 75 * 60
        last[flight.icao24] = path


def direct() -> list[Path]:
    return [Path(flight) for flight in airlift.flights()
            if flight.origin.ident == "OSLK" and flight.destination.ident == "HL59"]  # fmt: skip


def test_the_airlift_is_as_reported() -> None:
    """None before 14 December, one that day before 08:38 UTC, at least one on each day after."""
    days = Counter(datetime.fromtimestamp(path.takeoff_s, UTC).date() for path in direct())
    assert min(days) == date(2024, 12, 14)
    assert days[date(2024, 12, 14)] == 1
    first = min(path.takeoff_s for path in direct())
    assert datetime.fromtimestamp(first, UTC) < datetime(2024, 12, 14, 8, 38, tzinfo=UTC)
    assert all(days[date(2024, 12, 15) + timedelta(days=n)] >= 1 for n in range(13))


def test_the_antonov_of_26_december_is_as_reported() -> None:
    """RA-82038 lands about 20:00 UTC, leaves about 23:00, and the flight takes about 110 min."""
    (there,) = [path for path in direct() if path.flight.icao24 == "154076"]
    landing = datetime.fromtimestamp(there.landing_s, UTC)
    assert abs(landing - datetime(2024, 12, 26, 20, 0, tzinfo=UTC)) < timedelta(minutes=10)
    assert (there.landing_s - there.takeoff_s) / 60 == pytest.approx(110, abs=6)
    back = [flight for flight in airlift.flights()
            if flight.icao24 == "154076" and flight.origin.ident == "HL59"]  # fmt: skip
    assert [flight.takeoff_s for flight in back] == [
        datetime(2024, 12, 26, 23, 0, tzinfo=UTC).timestamp()
    ]


def test_the_shuttle_never_touches_hmeimim() -> None:
    """RA-76841 and RA-76845 fly between Russia and al-Khadim, from 11 to 14 December."""
    for flight in airlift.flights():
        if flight.registration in ("RA-76841", "RA-76845"):
            assert {flight.origin.ident, flight.destination.ident} == {"UUBW", "HL59"}
            day = datetime.fromtimestamp(flight.takeoff_s, UTC).date()
            assert date(2024, 12, 11) <= day <= date(2024, 12, 14)


def test_landings_in_libya_are_not_seen() -> None:
    """Every flight into al-Khadim is lost on the way down, 5 to 150 km short of it."""
    ears: Ears = airlift.sky().ears
    short_km = []
    for path in direct():
        polls = np.arange(path.begin_s, path.end_s, 60.0)
        heard = ears.hear(path, polls)
        state = heard.state.take(np.flatnonzero(heard.fix))
        there = path.flight.destination
        short_km.append(geo.distance_km(state.lat_deg[-1], state.lon_deg[-1],
                                        there.lat_deg, there.lon_deg))  # fmt: skip
        assert state.height_ft[-1] > there.elevation_ft + 3_000
        assert state.height_ft[0] < 6_000  # taking off from Hmeimim it is seen low
    assert 5 < min(short_km) < max(short_km) < 150
    assert max(short_km) > 60  # some are lost far out


def test_each_poll_has_other_traffic() -> None:
    """By day and by night airliners are in every poll, so that looking can be proved."""
    replies = [json.loads(body) for _, body in islice(airlift.sky().polls(
        airlift.START.timestamp(), airlift.START.timestamp() + 2 * 86_400, 1_800), 96)]  # fmt: skip
    others = [sum(row["hex"].startswith("f0") for row in reply["ac"]) for reply in replies]
    assert min(others) >= 3
    assert 12 < np.mean(others) < 25


def test_no_aircraft_is_in_a_poll_twice() -> None:
    """An address stands for one aircraft."""
    start = datetime(2024, 12, 26, 17, tzinfo=UTC).timestamp()
    for _, body in airlift.sky().polls(start, start + 6 * 3600, 300):
        hexes = [row["hex"] for row in json.loads(body)["ac"]]
        assert len(hexes) == len(set(hexes))


def test_the_same_bytes_every_time() -> None:
    """Two runs of the reconstruction are equal to the byte."""
    one, two = (list(islice(airlift.airlift(), 120)) for _ in range(2))
    assert one == two
    assert one[0][0] == airlift.START.timestamp()


def test_airliners_are_nobodys() -> None:
    """Their addresses lie in the block for temporary use, their callsigns are no airline's."""
    day = date(2024, 12, 20)
    flights = list(airliners(day, day))
    assert len(flights) > 200
    for flight in flights:
        assert 0xF00000 <= int(flight.icao24, 16) <= 0xF07FFF
        assert flight.callsign.startswith("XDM")
        assert flight.registration == ""


def test_an_airliner_comes_home_before_it_leaves_again() -> None:
    """The flights of one airframe do not overlap."""
    flown: dict[str, list[Path]] = {}
    for flight in airliners(date(2024, 12, 20), date(2024, 12, 21)):
        flown.setdefault(flight.icao24, []).append(Path(flight))
    for paths in flown.values():
        for before, after in pairwise(paths):
            assert after.begin_s > before.end_s
