"""Which legs a watch counts, which it only shows."""

from bot.matching import Fit, aircraft_fits, end_confidence, fit, matches
from bot.model.air import NOWHERE, Aircraft, End, How, Icao24, Leg
from bot.model.watch import AircraftClass, Place
from tests.nouns import FIELDS, HL59, LIBYA, OSLK, end, leg, watch

RUSLAN = Aircraft(Icao24("154076"), type_code="A124")


def how(flown: Leg, craft: Aircraft = RUSLAN, **more: object) -> Fit:
    return fit(watch(**more), flown, lambda _: craft, FIELDS.get).fit


def test_both_ends_sure_counts() -> None:
    """A leg of a watched type with both ends in the watched set counts."""
    assert how(leg("OSLK", "HL59")) is Fit.COUNTS


def test_direction_matters() -> None:
    """The way back is another route."""
    assert how(leg("HL59", "OSLK")) is Fit.NO


def test_doubt_is_shared_inside_an_area() -> None:
    """Doubt between two fields of one watched area is no doubt about the area."""
    torn = End("HL59", How.PROJECTED, 0.5, candidates=(("HL59", 0.5), ("HLLB", 0.4)))
    assert end_confidence(torn, Place((), (LIBYA,)), FIELDS.get) == 0.9
    assert end_confidence(torn, Place((HL59,)), FIELDS.get) == 0.5
    assert how(leg("OSLK", torn)) is Fit.COUNTS


def test_a_weak_end_is_possible_not_counted() -> None:
    """Below the watch's confidence a leg is shown, not counted; below a fifth not even shown."""
    assert how(leg("OSLK", end("HL59", 0.5))) is Fit.POSSIBLE
    assert how(leg("OSLK", end("HL59", 0.5)), min_confidence=0.5) is Fit.COUNTS
    assert how(leg("OSLK", end("HL59", 0.1))) is Fit.NO
    assert how(leg("OSLK", None)) is Fit.NO


def test_a_named_area_without_candidates() -> None:
    """An imported end that names only the area is taken at its word."""
    named = End(area="eastern-libya", confidence=0.8, how=How.PROJECTED)
    assert end_confidence(named, Place((), (LIBYA,)), FIELDS.get) == 0.8
    assert end_confidence(named, Place((OSLK,)), FIELDS.get) == 0.0


def test_anywhere_is_certain() -> None:
    """An end left out of the watch matches whatever happened there, even the unknown."""
    assert end_confidence(NOWHERE, None, FIELDS.get) == 1.0
    assert how(leg("OSLK", None), destination=None) is Fit.COUNTS


def test_unknown_aircraft_is_possible() -> None:
    """What cannot be told is neither yes nor no."""
    assert aircraft_fits(watch(), Aircraft(Icao24("152c2d"))) is None
    assert how(leg("OSLK", "HL59"), Aircraft(Icao24("152c2d"))) is Fit.POSSIBLE
    assert how(leg("OSLK", "HL59"), Aircraft(Icao24("152c2d"), type_code="B738")) is Fit.NO
    assert aircraft_fits(watch(aircraft=()), Aircraft(Icao24("152c2d"))) is True


def test_a_union_of_classes() -> None:
    """A watch's classes are a union: one that says yes is enough."""
    both = (AircraftClass("a", types=frozenset({"B738"})), AircraftClass("b", callsigns=("RFF*",)))
    assert aircraft_fits(watch(aircraft=both), Aircraft(Icao24("1"), callsign="RFF1")) is True  # type: ignore[arg-type]


def test_many_legs_are_judged_as_each_alone() -> None:
    """`matches` leaves out only what `fit` refuses, whatever the watch's origin is made of."""
    doubtful = End("HLLB", How.STOP, 0.6, candidates=(("HLLB", 0.6), ("OSLK", 0.3)))
    ends = [end("OSLK", 0.9), end("HL59", 0.9), doubtful, None,
            End(area="eastern-libya", confidence=0.8, how=How.PROJECTED)]  # fmt: skip
    legs = [leg(a, b) for a in ends for b in ends]
    for origin in (None, Place((OSLK,)), Place((HL59,), (LIBYA,)), Place()):
        asked = watch(origin=origin, destination=None)
        each = [fit(asked, flown, lambda _: RUSLAN, FIELDS.get) for flown in legs]
        alone = [match for match in each if match.fit is not Fit.NO]
        assert list(matches(asked, legs, lambda _: RUSLAN, FIELDS.get)) == alone
