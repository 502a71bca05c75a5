"""A flight that a feed hands out and that we saw is one leg, whatever each knew of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.model.air import End, How, Icao24, Leg
from bot.reconcile import REMEMBERED, Handed, reconcile

T0 = datetime(2024, 12, 26, 12, tzinfo=UTC)


def leg(name: str, start_min: float, minutes: float, **more: Any) -> Leg:
    begin = T0 + timedelta(minutes=start_min)
    return Leg(name, Icao24("154076"), begin, begin + timedelta(minutes=minutes),
               **{"source": "ours", **more})  # fmt: skip


def end(ident: str, confidence: float, how: How = How.LOW) -> End:
    return End(ident, how, confidence, candidates=((ident, confidence),))


def test_one_flight_told_twice_is_one_leg() -> None:
    """The better known of both ends, both sources, the whole span, our id."""
    mine = leg("m", 0, 100, origin=end("OSLK", 0.9), destination=End())
    other = leg("o", 5, 110, origin=end("OS65", 0.4), destination=end("HL59", 0.97),
                source="opensky", callsign="RFF8254")  # fmt: skip
    (joined,) = reconcile([mine], [other])
    assert (joined.id, joined.source, joined.callsign) == ("m", "ours,opensky", "RFF8254")
    assert (joined.origin.airfield, joined.destination.airfield) == ("OSLK", "HL59")
    assert (joined.first_seen, joined.last_seen) == (mine.first_seen, other.last_seen)


def test_different_flights_stay_two() -> None:
    """The return flight, and another airframe at the same time, are legs of their own."""
    mine = leg("m", 0, 100)
    back = leg("b", 95, 100, source="opensky")
    stranger = Leg("s", Icao24("152c29"), mine.first_seen, mine.last_seen, source="opensky")
    assert [one.id for one in reconcile([mine], [back, stranger])] == ["m", "s", "b"]


def test_a_flight_cut_in_two_by_the_other_is_counted_once() -> None:
    """Two of theirs within one of ours: one leg, with the last destination known."""
    mine = leg("m", 0, 200, origin=end("OSLK", 0.9))
    parts = [leg("1", 0, 60, source="opensky"),
             leg("2", 120, 80, source="opensky", destination=end("HL59", 0.97))]  # fmt: skip
    (joined,) = reconcile([mine], parts)
    assert joined.destination.airfield == "HL59"
    assert reconcile([joined], parts) == (joined,), "once more changes nothing"


def test_our_halves_of_their_flight_are_one_leg() -> None:
    """We lost it over the sea, they did not: one leg, from our origin to their destination."""
    out = leg("1", 0, 40, origin=end("OSLK", 0.95))
    in_ = leg("2", 90, 20)
    whole = leg("o", -5, 130, source="opensky", origin=end("OSLK", 0.9),
                destination=end("HL59", 0.97))  # fmt: skip
    (joined,) = reconcile([out, in_], [whole])
    assert (joined.id, joined.source) == ("1", "ours,opensky")
    assert (joined.origin.airfield, joined.destination.airfield) == ("OSLK", "HL59")
    assert (joined.first_seen, joined.last_seen) == (whole.first_seen, whole.last_seen)
    again = reconcile([joined, replace(in_, callsign="RFF1")], [whole])
    assert [one.id for one in again] == ["1"], "the half comes back with a revision"


def test_a_stop_that_we_saw_stays() -> None:
    """They made one flight of two: each of ours keeps its end at the stop, none is stretched."""
    out = leg("1", 0, 40, destination=end("LGSA", 0.95, How.SURFACE))
    on = leg("2", 90, 40, origin=end("LGSA", 0.95, How.SURFACE))
    whole = leg("o", 0, 130, source="opensky", origin=end("OSLK", 0.9),
                destination=end("HL59", 0.97))  # fmt: skip
    first, second = reconcile([out, on], [whole])
    assert (first.origin.airfield, first.destination.airfield) == ("OSLK", "LGSA")
    assert (second.origin.airfield, second.destination.airfield) == ("LGSA", "HL59")
    assert (first.last_seen, second.first_seen) == (out.last_seen, on.first_seen)
    assert reconcile([first, second], [whole]) == (first, second)


def test_where_they_lost_it_is_not_where_it_landed() -> None:
    """Their destination counts only if they saw it about as long as we did."""
    mine = leg("m", 0, 200, destination=end("HL59", 0.6))
    lost = leg("o", 0, 100, source="opensky", destination=end("LGSA", 0.97))
    (joined,) = reconcile([mine], [lost])
    assert joined.destination.airfield == "HL59"
    assert joined.last_seen == mine.last_seen


def test_handed_legs_are_remembered_until_ours_are_final() -> None:
    """Handed twice is handed once; a track's better end stays; old ones are forgotten."""
    first = leg("o", 0, 100, source="opensky")
    settled = replace(first, destination=end("HL59", 0.9))
    handed = Handed([first, settled, first])
    assert handed.of(first.icao24) == (settled,)
    assert handed.of(Icao24("aaaaaa")) == ()
    handed.forget(settled.last_seen + REMEMBERED / 2)
    assert handed.all() == (settled,)
    handed.forget(settled.last_seen + REMEMBERED)
    assert handed.all() == ()


_ENDS = st.one_of(
    st.just(End()),
    st.builds(end, st.sampled_from(["OSLK", "HL59", "LGSA"]), st.floats(0.2, 1.0)),
)  # fmt: skip
_LEGS = st.lists(
    st.tuples(st.floats(0, 600), st.floats(0, 300), _ENDS, _ENDS), max_size=4
)  # fmt: skip


@given(_LEGS, _LEGS)
def test_repeating_changes_nothing(ours: list[Any], theirs: list[Any]) -> None:
    """Whatever flights of an airframe: joined once or twice, the same legs come out, none of them
    twice, and never more than there were."""
    mine = [leg(f"m{i}", begin, minutes, origin=a, destination=b)
            for i, (begin, minutes, a, b) in enumerate(ours)]  # fmt: skip
    other = [leg(f"o{i}", begin, minutes, origin=a, destination=b, source="opensky")
             for i, (begin, minutes, a, b) in enumerate(theirs)]  # fmt: skip
    once = reconcile(mine, other)
    assert len({one.id for one in once}) == len(once) <= len(mine) + len(other)
    kept = [one for one in once if one.id.startswith("m")]
    twice = reconcile(kept, other)
    assert {one.id for one in twice if one.id.startswith("m")} <= {one.id for one in kept}
