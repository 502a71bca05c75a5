"""Airfields, areas, and the ends of a watch."""

import pytest

from tests.config.conftest import Load, Mistakes

LIBYA = "{east: {box: {south: 30, north: 33, west: 19, east: 25}}}"


def test_ends_mix_airfields_and_areas(load: Load) -> None:
    """An end holds airfields and areas together; a code may be typed in lower case."""
    found = load(areas=LIBYA, watches="[{name: W, from: oslk, to: [HL59, east], audience: [desk]}]")
    watch = found.watches[0]
    assert watch.origin is not None
    assert watch.destination is not None
    assert [spot.ident for spot in watch.origin.airfields] == ["OSLK"]
    assert [spot.ident for spot in watch.destination.airfields] == ["HL59"]
    assert watch.destination.areas == (found.areas["east"],)


def test_an_end_left_out_is_anywhere(load: Load) -> None:
    """Leaving out `from` means anywhere."""
    assert load(watches="[{name: W, to: [OSLK], audience: [desk]}]").watches[0].origin is None


def test_the_owners_airfield_wins_over_the_table(load: Load) -> None:
    """`airfields:` adds fields and overrides the table's; its name is the one shown."""
    found = load(
        airfields="{HL59: {name: al-Khadim, lat: 31.9985, lon: 21.1918, elevation_ft: 800, "
        "runway_ft: 11838}, xx9: {name: Strip, lat: -10.5, lon: 0}}",
        watches="[{name: W, from: [XX9], to: [HL59], audience: [desk]}]",
    )
    assert [(a.ident, a.runway_ft, a.country) for a in found.airfields] == [
        ("HL59", 11838, "LY"), ("XX9", None, ""),
    ]  # fmt: skip
    assert found.watches[0].label() == "Strip → al-Khadim"


def test_names_from_the_table_are_short(load: Load) -> None:
    """'Benina International Airport' is Benina in every message."""
    assert load(watches="[{name: W, to: [HLLB], audience: [desk]}]").watches[0].label() == (
        "anywhere → Benina"
    )


def test_shapes_of_areas(load: Load) -> None:
    """Polygon, circle and box hold what lies in them, the date line included."""
    areas = load(
        areas="{p: {polygon: [[30, 19], [33, 19], [33, 25], [30, 19]]}, "
        "c: {circle: {lat: 32, lon: 21, radius_nm: 50}}, "
        "b: {box: {south: -20, north: -10, west: 175, east: -175}}}"
    ).areas
    assert areas["p"].polygon == ((30, 19), (33, 19), (33, 25))
    assert areas["p"].contains(32, 20)
    assert not areas["p"].contains(30.5, 24)
    assert areas["c"].contains(32.5, 21)
    assert not areas["c"].contains(34, 21)
    assert areas["b"].contains(-15, 179.9)
    assert areas["b"].contains(-15, -176)
    assert not areas["b"].contains(-15, 170)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ("from: [HLKM]", ".from[1]: HLKM: no such airfield; did you mean HLKF (Kufra Airport), "
                         "HLLM "
                         "(Mitiga International Airport), HLAM (Amal V12 Airport)?"),
        ("from: [eest]", ".from[1]: eest: no such airfield; did you mean east?"),
        ("from: [EAST, HL59]", ".from[1]: EAST: no such airfield; did you mean east?"),
        ("from: ['!!!!!!']", ".from[1]: !!!!!!: no such airfield or area"),
        ("from: []", ".from: found an empty list, expected airfields or areas (leave the key out "
                     "for anywhere)"),
        ("from: {}", ".from: found a mapping, expected a list"),
        ("from: ", ".from: found nothing, expected a value (or leave the key out)"),
        ("usual: 1 per day", ": found neither from nor to, expected at least one of them"),
    ],
)  # fmt: skip
def test_a_wrong_end(mistakes: Mistakes, ends: str, expected: str) -> None:
    """A place that nobody knows is named with its nearest neighbours in spelling."""
    assert mistakes(areas=LIBYA, watches=f"[{{name: W, audience: [desk], {ends}}}]") == [
        f"config.yaml:3: watches[1]{expected}"
    ]


@pytest.mark.parametrize(
    ("airfield", "expected"),
    [
        ("AAAA: {lat: 1, lon: 2}", ".AAAA.name: found nothing, expected the airfield's name"),
        ("AAAA: {name: A, lon: 2}", ".AAAA.lat: found nothing, expected its latitude in degrees"),
        ("AAAA: {name: A, lat: 1}", ".AAAA.lon: found nothing, expected its longitude in degrees"),
        ("AAAA: {name: A, lat: 91, lon: 2}",
         ".AAAA.lat: found '91', expected a latitude from -90 to 90"),
        ("AAAA: {name: A, lat: 1, lon: nan}",
         ".AAAA.lon: found 'nan', expected a longitude from -180 to 180"),
        ("AAAA: {name: A, lat: 1e1, lon: 2}",
         ".AAAA.lat: found '1e1', expected a latitude from -90 to 90"),
        ("AAAA: {name: A, lat: 1, lon: 2, elevation_ft: 291187}",
         ".AAAA.elevation_ft: found '291187', expected feet from -1400 to 15600"),
        ("AAAA: {name: A, lat: 1, lon: 2, runway_ft: 12}",
         ".AAAA.runway_ft: found '12', expected feet from 500 to 20000"),
        ("AAAA: {name: A, lat: 1, lon: 2, country: Libya}",
         ".AAAA.country: found 'Libya', expected a country of two letters such as LY"),
        ("AAAA: {name: A, lat: 1, lon: 2, runways: 2}",
         ".AAAA.runways: no such key; did you mean runway_ft?"),
        ("A_A: {name: A, lat: 1, lon: 2}",
         ".A_A: found 'A_A', expected a code of 2 to 10 letters, digits or -"),
        ("AAAA: 5", ".AAAA: found '5', expected keys: name, lat, lon, elevation_ft, runway_ft, "
                    "country"),
    ],
)  # fmt: skip
def test_a_wrong_airfield(mistakes: Mistakes, airfield: str, expected: str) -> None:
    """Each rule of an airfield has its own message."""
    assert mistakes(airfields=f"{{{airfield}}}") == [f"config.yaml:4: airfields{expected}"]


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        ("x: {}", ".x: found nothing, expected one of: polygon, circle, box"),
        ("x: {polygon: [[1, 1], [2, 2], [1, 2]], box: {}}",
         ".x: found polygon and box, expected one of: polygon, circle, box"),
        ("x: {polygn: []}", ".x.polygn: no such key; did you mean polygon?"),
        ("x: {polygon: [[1, 1], [2, 2]]}",
         ".x.polygon: found 2 corners, expected 3 or more as [lat, lon]"),
        ("x: {polygon: [[1, 1], [2, 2], [1, 1], [2, 2]]}",
         ".x.polygon: found 2 corners, expected 3 or more as [lat, lon]"),
        ("x: {polygon: [[1, 1], [2, 2], [1]]}", ".x.polygon[3]: expected a corner as [lat, lon]"),
        ("x: {polygon: [[1, 1], [2, 2], [91, 2]]}",
         ".x.polygon[3][1]: found '91', expected a latitude from -90 to 90"),
        ("x: {polygon: [[1, -100], [2, 0], [1, 81]]}",
         ".x.polygon: found corners 180 degrees of longitude apart, expected a smaller area"),
        ("x: {circle: {lat: 1, lon: 1}}",
         ".x.circle.radius_nm: found nothing, expected its radius in nautical miles"),
        ("x: {circle: {lat: 1, lon: 1, radius_nm: 0}}",
         ".x.circle.radius_nm: found '0', expected nautical miles from 0.5 to 3000"),
        ("x: {circle: {lat: 1, lon: 1, radius_nm: -5}}",
         ".x.circle.radius_nm: found '-5', expected nautical miles from 0.5 to 3000"),
        ("x: {box: {south: 2, north: 1, west: 1, east: 2}}",
         ".x.box: found south 2 and north 1, expected south below north"),
        ("x: {box: {south: 1, north: 2, west: 5, east: 5}}",
         ".x.box: found west 5 and east 5, expected a box less than 180 degrees wide"),
        ("x: {box: {south: 1, north: 2, west: 5, east: 4}}",
         ".x.box: found west 5 and east 4, expected a box less than 180 degrees wide"),
        ("a b: {box: {south: 1, north: 2, west: 5, east: 6}}",
         ".a b: found 'a b', expected a name of letters, digits, - _ . (up to 40)"),
        ("oslk: {box: {south: 1, north: 2, west: 5, east: 6}}",
         ".oslk: oslk is also the airfield Bassel Al-Assad International Airport, expected another "
         "name"),
    ],
)  # fmt: skip
def test_a_wrong_area(mistakes: Mistakes, area: str, expected: str) -> None:
    """Each rule of an area has its own message."""
    assert mistakes(areas=f"{{{area}}}") == [f"config.yaml:4: areas{expected}"]


def test_areas_that_are_no_mapping(mistakes: Mistakes) -> None:
    """A list where names are expected is said as such."""
    assert mistakes(areas="[a]", airfields="[b]") == [
        "config.yaml:4: areas: found a list, expected names with a colon behind each",
        "config.yaml:5: airfields: found a list, expected names with a colon behind each",
    ]
