"""What each kind of message says, held in golden files, and what must never be said."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from math import inf, nan
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import spell
from bot.commands import why
from bot.message import compose, service, sightings, welcome
from bot.message.words import about
from bot.model.air import NOWHERE
from bot.model.alert import CoverageNote, Evidence, Kind, Message, Reason
from bot.model.watch import Place, Spot
from bot.pictures import captions
from tests.message.cases import (
    ALERT,
    COVERAGE,
    DAY,
    LABEL,
    LEGS,
    NAMES,
    NOW,
    ONWARD,
    POSSIBLE,
    SPOTS,
    SURGE,
    WATCH,
    evidence,
    flown,
    series,
)
from tests.message.conftest import PICTURES
from tests.nouns import at, leg

Golden = Callable[[str, Message], None]
FIRST = replace(
    DAY, kind=Kind.FIRST, day=date(2024, 12, 14), complete=True, observed=1,
    last_before=date(2024, 9, 11), days_looked=91, notes=(),
)  # fmt: skip
CALM = replace(DAY, day=date(2024, 12, 30), complete=True, raised=False, calm=True, observed=0)
AFTER = series("2024-12-30")


def told(backing: Evidence, reason: Reason = Reason.FIRST, **more: object) -> Message:
    """Composed on the evening of the 26th, with pictures."""
    fields = {"now": NOW, "tz": UTC, **more}
    return replace(compose(backing, reason, **fields), pictures=PICTURES)  # type: ignore[arg-type]


def words(message: Message) -> str:
    blocks = [spell.head(message), *map(spell.block, message.sections)]
    return "\n".join(spell.line_plain(line) for block in blocks for line in block)


# ---------------------------------------------------------------------------------- golden


def test_surge_over_two_weeks(golden: Golden) -> None:
    """A window speaks: legs newest first, the rest counted, a chain told as one story."""
    golden("surge_window", told(evidence(story=((LEGS[-1], ONWARD),))))


def test_surge_today(golden: Golden) -> None:
    """The running day is flagged as such, on the reader's clock."""
    one = replace(DAY, complete=False, return_period_years=37.0)
    backing = evidence(one, legs=LEGS[-1:], possible=(), label="")
    golden("surge_today", told(backing, tz=ZoneInfo("Africa/Tripoli")))


def test_surge_that_moves_other_watches(golden: Golden) -> None:
    """Watches moved by the same legs are told inside one message."""
    other = replace(DAY, watch="Libya to Mali", observed=1, return_period_years=9e5, complete=True)
    lone = replace(other, watch="Anywhere to Bamako", kind=Kind.FIRST, last_before=None)
    backing = evidence(also=(other, lone), other_legs={"Libya to Mali": (ONWARD,)})
    golden("surge_group", told(backing))


def test_worse(golden: Golden) -> None:
    """A worsening names the rarity last told."""
    longer = replace(SURGE, since=date(2024, 12, 4))
    golden("worse", told(evidence(longer), Reason.WORSE, alert=ALERT))


def test_resolved(golden: Golden) -> None:
    """The all-clear: how long, how many, the peak, and what is usual."""
    golden("resolved", told(evidence(CALM, series=AFTER), Reason.RESOLVED, alert=ALERT))


def test_new_level(golden: Golden) -> None:
    """A lasting level is announced as the new usual."""
    level = replace(CALM, state="new_level", expected=1.3)
    ended = replace(ALERT, usual_before=1 / 30.4, usual_after=1.3)
    golden("new_level", told(evidence(level, series=AFTER), Reason.RESOLVED, alert=ended))


def test_first(golden: Golden) -> None:
    """First in N days names the days with somebody looking."""
    now = at("2024-12-14 20:30")
    golden("first", told(evidence(FIRST, legs=LEGS[:1], possible=()), now=now))


def test_lull(golden: Golden) -> None:
    """Too few legs, on days when somebody looked."""
    quiet = replace(SURGE, kind=Kind.LULL, complete=True, observed=0, observed_window=0,
                    expected_window=18.2, return_period_years=7e4, possible=0)  # fmt: skip
    golden("lull", told(evidence(quiet, legs=(), possible=())))


def test_sightings(golden: Golden) -> None:
    """Every leg of an hour, counted and possible apart."""
    message = sightings(
        WATCH, LEGS[-2:], now=NOW, tz=UTC, possible=POSSIBLE, names=NAMES, spots=SPOTS, label=LABEL
    )
    golden("sightings", message)


def test_service_and_welcome(golden: Golden) -> None:
    """The bot's own troubles, and its greeting with headings."""
    golden("service", service("adsb-lol has been silent for 42 min", ["429 since 20:58 UTC"]))
    lines = ["Watched:", WATCH.label(), "", "Through:", "adsb-lol, every 60 s", "Good hunting."]
    golden("welcome", welcome(lines))


def test_everything_unknown(golden: Golden) -> None:
    """What is not known is said to be unknown, never zero and never a number."""
    blind = replace(
        SURGE, complete=True, observed=nan, expected=nan, limit=inf, exposure=nan, possible=0,
        observed_window=nan, expected_window=nan, return_period_years=nan, since=None,
        state="unknown", notes=(),
    )  # fmt: skip
    nobody = CoverageNote(nan, 0, 12, 0, ())
    lost = leg(NOWHERE, NOWHERE, takeoff=None, callsign=None, registration=None, type_code=None)
    golden("unknown", told(evidence(blind, legs=(lost,), possible=(), coverage=nobody, label="")))


# -------------------------------------------------------------------------------- promises


@pytest.mark.parametrize("reason", [Reason.FIRST, Reason.WORSE, Reason.RESOLVED])
def test_the_label_comes_first(reason: Reason) -> None:
    """A reconstruction says so before anything else, in every part of every message."""
    message = told(evidence(), reason, alert=ALERT)
    for piece in spell.pieces(message):
        assert piece.plain().startswith(LABEL)


def test_the_number_comes_first() -> None:
    """The title is what a phone's notification shows: one emoji, then the number."""
    assert told(evidence()).title == (
        "📈 7 legs in 14 days so far, usually about 1 a month: Hmeimim to eastern Libya"
    )
    assert told(evidence(FIRST)).title == "🛫 First leg in 94 days: Hmeimim to eastern Libya"


def test_what_the_expectation_rests_on_is_said() -> None:
    """The owner's word or the other watches are named while they outweigh the data, not after."""
    line = "Expected: what you called usual, 1 per month, until data replaces it"
    own = replace(SURGE, start_per_day=1 / 30.4)
    assert line in words(told(evidence(own)))
    assert "Expected: " not in words(told(evidence(SURGE)))
    taught = words(told(evidence(replace(own, taught_by=11))))
    assert "Expected: as on your 11 other watches at first (about 1 a month), until data" in taught
    assert "you called" not in taught


def test_two_usuals_are_not_left_side_by_side() -> None:
    """Where the days seen say another pace than the owner, the message tells which is which."""
    mixed = replace(SURGE, start_per_day=2 / 30.4, expected_window=14 * 9 / 365.25)
    text = words(told(evidence(mixed)))
    assert ", usually about 9 a year: " in text
    assert ("Expected: what you called usual, 1 per month; with the days seen so far "
            "about 9 a year") in text  # fmt: skip


def test_unknown_looking_is_said_once() -> None:
    """With its reason beside the count, in no other place, and without a range from nothing."""
    note = "coverage: unknown, no other traffic is heard there to compare with"
    dark = replace(SURGE, exposure=nan, notes=(note, "weekday: Thursday"))
    unsure = replace(evidence(dark).coverage, exposure_today=nan, low=0.0, high=1.24)
    text = words(told(evidence(dark, coverage=unsure)))
    assert ("How much was missed is not known: no other traffic is heard there to compare "
            "with") in text  # fmt: skip
    assert text.count("not known") == 1
    assert text.count("unknown") == text.count("type unknown")
    assert "as usual" not in text
    assert "124\xa0%" not in text
    assert "– weekday: Thursday" in text


@pytest.mark.parametrize(
    ("today", "low", "high", "said"),
    [
        (1.24, 0.9, 1.4, "Watched today as well as usual (at least 90\xa0%)"),
        (1.24, 1.1, 1.4, "Watched today as well as usual\n"),
        (0.62, 0.4, 1.1, "Watched today 62\xa0% as well as usual (at least 40\xa0%)"),
        (0.0, 0.0, 0.0, "Nobody looked today\n"),
        (0.62, nan, nan, "Watched today 62\xa0% as well as usual\n"),
    ],
)
def test_looking_is_never_more_than_whole(today: float, low: float, high: float, said: str) -> None:
    """How well the running day was watched in plain words, with the least it may have been."""
    backing = evidence()
    note = replace(backing.coverage, exposure_today=today, low=low, high=high)
    assert said in words(told(replace(backing, coverage=note))) + "\n"


def test_a_long_shuttle_is_told_by_its_ends() -> None:
    """Where the airframe began and where it is now; what was between is counted."""
    legs = tuple(flown(day, LEGS[0].destination) for day in range(10, 22))
    text = words(told(replace(evidence(), story=(legs,))))
    chain = next(line for line in text.splitlines() if "more stops" in line)
    assert chain.count("→") == 6
    assert "→ … 7 more stops … →" in chain


@pytest.mark.parametrize(
    ("kind", "usual", "years", "said"),
    [
        (Kind.SURGE, 0.03, 4.0, "once in 4 years"),
        (Kind.SURGE, 0.03, 37.0, "once in 10 years or rarer"),
        (Kind.SURGE, 0.001, inf, "once in 10 years or rarer"),
        (Kind.SURGE, 3.0, 25.0, "once in 30 years"),
        (Kind.SURGE, 3.0, 4e4, "once in 100 years or rarer"),
        (Kind.LULL, 3.0, 4e4, "once in 100 years or rarer"),
        (Kind.MAKEUP, 3.0, 37.0, "once in 4 years or rarer"),
        (Kind.SURGE, nan, 37.0, "once in 10 years or rarer"),
    ],
)
def test_no_rarity_is_claimed_that_nobody_could_see(
    kind: Kind, usual: float, years: float, said: str
) -> None:
    """Message, chart and `why` say the same, and nothing beyond what was simulated."""
    one = replace(DAY, kind=kind, expected_window=usual, return_period_years=years)
    assert f"By chance {about(said)} on such a route" in words(told(evidence(one)))
    assert f"; by chance {said}" in " ".join(why._words(one))
    if kind is not Kind.MAKEUP:
        assert captions.chart_subtitle(one).endswith(f" · by chance {said}")


def test_a_worsening_beyond_words_does_not_repeat_them() -> None:
    """What was last told is left out where it reads the same now."""
    louder = replace(DAY, expected_window=0.03, return_period_years=900.0)
    text = words(told(evidence(louder), Reason.WORSE, alert=ALERT))
    assert "When last told" not in text
    assert "It has grown much since last told" in text
    common = replace(louder, expected_window=3.0)
    busy = replace(ALERT, usual_before=3.0)
    assert "When last told: about once in 40 years" in (
        words(told(evidence(common), Reason.WORSE, alert=busy))
    )


def test_a_lull_is_dated_by_its_day_and_not_by_its_notice() -> None:
    """A day without legs is noticed when it is over, and ends an alert that began the day after."""
    noticed = at("2024-12-24 00:10")
    lull = replace(
        ALERT, kind=Kind.LULL, opened=noticed, fired=noticed, calm_days=7, usual_before=3.0
    )
    backing = evidence(replace(CALM, kind=Kind.LULL), series=AFTER)
    text = words(told(backing, Reason.RESOLVED, alert=lull, now=at("2024-12-31 00:10")))
    assert "The lull lasted 1 day: 23 Dec" in text
    assert "At its rarest: by chance once in 100 years or rarer" in text


def test_long_lists_are_counted_not_hidden() -> None:
    """Twelve legs are five, and when and who of seven; of 24 some are only counted."""
    many = tuple(flown(day, LEGS[0].destination) for day in range(10, 22))
    text = words(told(evidence(legs=many)))
    assert text.count("· track") == 5 + 1  # and the possible one
    before = [f"{day} Dec 18:05 RA-76841" for day in range(16, 9, -1)]
    assert f"Before these: {', '.join(before[:-1])} and {before[-1]}" in text
    assert " and 4 more\n" in words(told(evidence(legs=many * 2)))


def test_possible_legs_stand_apart() -> None:
    """What does not count is shown under its own heading and counted apart."""
    text = words(told(evidence()))
    assert "And 1 possible leg, not counted" in text
    assert text.index("RA-78842") > text.index("Possible legs, not counted")


def test_poor_looking_is_admitted() -> None:
    """A count from a day half watched is a floor."""
    half = replace(DAY, complete=True, exposure=0.4)
    assert "Watched only 40\xa0% as well as usual that day: there may be more" in words(
        told(evidence(half))
    )


def test_names_are_short() -> None:
    """Titles of airfields and long ends of a watch do not drown the number."""
    names = {**NAMES, "HL59": "Benina International Airport", "OSLK": "Airport"}
    text = words(told(evidence(names=names)))
    assert "International" not in text
    assert "Airport 97" in text  # a name that is nothing but its title stays
    spots = tuple(Spot(f"XX0{i}", f"Field {i}", 0.0, 0.0) for i in range(5))
    many = replace(WATCH, origin=Place(spots), destination=None, aircraft=())
    assert "Field 0, Field 1 and 3 more → anywhere · all aircraft" in words(
        told(evidence(watch=many))
    )


def test_a_limit_of_nothing_is_not_told() -> None:
    """When the days before raise the alarm by themselves, today has no limit to speak of."""
    assert "alarm from" not in words(told(evidence(replace(SURGE, limit=0))))


def test_links_show_the_day_of_the_track() -> None:
    """The link names the airframe and the UTC day it counts on."""
    late = leg("OSLK", "HL59", "2024-12-26 23:30")
    text = words(told(evidence(legs=(late,), possible=()), tz=ZoneInfo("Asia/Tokyo")))
    assert "https://adsb.lol/?icao=154076&showTrace=2024-12-26" in text
    assert "27 Dec 08:30" in text


def test_a_story_bridges_an_unknown_stop() -> None:
    """Where one leg lost sight of the stop, the next one's start names it."""
    unseen = replace(LEGS[-1], destination=NOWHERE)
    text = words(told(evidence(story=((unseen, ONWARD),))))
    assert "RA-82038: Hmeimim → al-Khadim → Bamako, 26 Dec 18:05 – 27 Dec 05:40" in text


def test_resolved_without_an_alert_reads_the_series() -> None:
    """The days of the alarms tell what it was when no history is at hand."""
    text = words(told(evidence(CALM, series=AFTER), Reason.RESOLVED))
    assert "The surge lasted 13 days: 14–26 Dec" in text
    assert "7 legs in all, peak 1 on 14 Dec" in text


def test_resolved_admits_days_nobody_looked() -> None:
    """A gap within the surge is said, not counted as zero."""
    counts = AFTER.counts.copy()
    counts[-7] = nan
    backing = evidence(CALM, series=replace(AFTER, counts=counts))
    text = words(told(backing, Reason.RESOLVED, alert=ALERT))
    assert "nobody looked on 1 day of them" in text


@given(
    callsign=st.text(max_size=12), name=st.text(max_size=20), area=st.text(max_size=20),
    years=st.floats(0, 1e12) | st.just(nan), expected=st.floats(0, 1e6) | st.just(nan),
    altitude=st.floats(-2000, 60000) | st.none(),
)  # fmt: skip
def test_no_evidence_breaks_a_message(
    callsign: str, name: str, area: str, years: float, expected: float, altitude: float | None
) -> None:
    """Whatever strangers send and detectors say, there is a message and it fits Telegram."""
    end = replace(LEGS[1].destination, area=area, altitude_ft=altitude)
    one = replace(LEGS[0], callsign=callsign, registration=name, destination=end)
    finding = replace(SURGE, return_period_years=years, expected=expected, expected_window=expected)
    backing = evidence(finding, legs=(one,), names={**NAMES, "HL59": name})
    for piece in spell.pieces(told(backing)):
        assert 0 < spell.units(piece.plain()) <= piece.room
        piece.html().encode()


def test_days_are_told_with_their_year_when_it_is_another() -> None:
    """A date of last year says so."""
    january = datetime(2025, 1, 3, tzinfo=UTC)
    assert "13–26 Dec 2024" in words(told(evidence(), now=january))


def test_coverage_that_is_whole_reads_simply() -> None:
    """No failed look, no arithmetic."""
    whole = replace(COVERAGE, looks_failed=0, others_seen=1, dark=())
    text = words(told(evidence(coverage=whole)))
    assert "All 1,412 looks answered (adsb-lol, roof)\nOther traffic seen 1 time\n" in text
