"""One airframe's legs that follow each other are one story."""

from bot.evidence import chains, idents
from bot.model.air import End
from tests.nouns import leg


def test_legs_that_meet_are_told_as_one() -> None:
    """OSLK-HL59 and HL59-GABS by one airframe within 48 h are one story."""
    first = leg("OSLK", "HL59", "2024-12-26 18:10")
    onward = leg("HL59", "GABS", "2024-12-27 02:00")
    other = leg("HL59", "GABS", "2024-12-27 02:00", icao24="152c2d")
    assert chains([first], [onward, other]) == ((first, onward),)


def test_a_hole_or_two_days_end_a_story() -> None:
    """Legs that do not meet, or too far apart in time, are not joined."""
    first = leg("OSLK", "HL59", "2024-12-26 18:10")
    assert chains([first], [leg("GABS", "HL59", "2024-12-27 02:00")]) == ()
    assert chains([first], [leg("HL59", "GABS", "2024-12-30 02:00")]) == ()


def test_two_unknown_ends_prove_nothing() -> None:
    """Unknown is not a place where legs meet."""
    first = leg("OSLK", End(), "2024-12-26 18:10")
    assert chains([first], [leg(End(), "GABS", "2024-12-27 02:00")]) == ()


def test_candidates_are_named_too() -> None:
    """A map needs the places that were considered, not only the one that was named."""
    torn = leg("OSLK", End(candidates=(("HL59", 0.4), ("HLLB", 0.3))))
    assert idents([torn, leg("HL59", "GABS")]) == {
        "OSLK", "HL59", "HLLB", "GABS",
    }  # fmt: skip
