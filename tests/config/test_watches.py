"""Watches: rates, alerts, confidence, and what they refer to."""

from datetime import date

import pytest

from bot.model.watch import AlertPolicy, Peak
from tests.config.conftest import Load, Mistakes


def watch(rest: str) -> str:
    return f"[{{name: W, from: [OSLK], audience: [desk], {rest}}}]"


def test_a_watch_has_sensible_defaults(load: Load) -> None:
    """All traffic, a surge once a year by chance, 70 % sure of each end."""
    found = load().watches[0]
    assert (found.aircraft, found.usual_per_day, found.usual_text) == ((), None, "")
    assert found.alerts == AlertPolicy(1.0, None, None, False)
    assert (found.min_confidence, found.audience) == (0.7, ("desk",))


@pytest.mark.parametrize(
    ("typed", "per_day"),
    [("1 per month", 12 / 365.25), ("2 per week", 2 / 7), ("1 per year", 1 / 365.25),
     ("0.5 per day", 0.5), ("3/day", 3), ("1 a day", 1), ("2 Per Weeks", 2 / 7)],
)  # fmt: skip
def test_what_is_usual(load: Load, typed: str, per_day: float) -> None:
    """A rate is a number and a unit; the owner's words are kept for messages."""
    found = load(watches=watch(f"usual: {typed}")).watches[0]
    assert found.usual_per_day == pytest.approx(per_day)
    assert found.usual_text == typed


@pytest.mark.parametrize(
    ("typed", "policy"),
    [
        ("{}", AlertPolicy()),
        ("{surge: on}", AlertPolicy(1.0)),
        ("{surge: off, sightings: on}", AlertPolicy(None, sightings=True)),
        ("{surge: 2 per year}", AlertPolicy(2.0)),
        ("{surge: {false_alarms: 0.5 per year}, lull: {false_alarms: 1 per year}}",
         AlertPolicy(0.5, None, 1.0)),
        ("{first_after: 90 days}", AlertPolicy(1.0, 90)),
        ("{first_after: 12w, lull: on}", AlertPolicy(1.0, 84, 1.0)),
        ("{first_after: 1 year}", AlertPolicy(1.0, 365)),
        ("{first_after: off}", AlertPolicy()),
    ],
)  # fmt: skip
def test_what_may_fire(load: Load, typed: str, policy: AlertPolicy) -> None:
    """Each alert takes on, off, a rate or its long form."""
    assert load(watches=watch(f"alerts: {typed}")).watches[0].alerts == policy


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("usual: often", ".usual: found 'often', expected a rate such as 1 per month, 0.5 per day"),
        ("usual: 0 per day", ".usual: found '0 per day', expected 0.01 per year to 1000 per day"),
        ("usual: 5000 per day", ".usual: found '5000 per day', expected 0.01 per year to 1000 per "
                                "day"),
        ("usual: 1 per decade", ".usual: found '1 per decade', expected a rate such as 1 per "
                                "month, "
                                "0.5 per day"),
        ("usual: ", ".usual: found nothing, expected a value (or leave the key out)"),
        ("usual: [1 per day]", ".usual: found a list, expected a single value"),
        ("alerts: {surge: often}", ".alerts.surge: found 'often', expected a rate such as 1 per "
                                   "month, 0.5 per day"),
        ("alerts: {surge: {false_alarms: 0 per year}}",
         ".alerts.surge.false_alarms: found '0 per year', expected 0.01 per year to 1 per week"),
        ("alerts: {surge: {false_alarms: 1 per day}}",
         ".alerts.surge.false_alarms: found '1 per day', expected 0.01 per year to 1 per week"),
        ("alerts: {surge: {}}", ".alerts.surge.false_alarms: found nothing, expected a rate such "
                                "as "
                                "1 per year"),
        ("alerts: {first_after: 12h}", ".alerts.first_after: found '12h', expected 1 day to 3650 "
                                       "days"),
        ("alerts: {first_after: 90}", ".alerts.first_after: found '90', expected a time such as 90 "
                                      "days"),
        ("alerts: {sightings: all}", ".alerts.sightings: found 'all', expected on or off"),
        ("alerts: {serge: on}", ".alerts.serge: no such key; did you mean surge?"),
        ("alerts: on", ".alerts: found 'on', expected keys: surge, first_after, lull, sightings"),
        ("min_confidence: 1.7", ".min_confidence: found '1.7', expected a probability from 0.05 to "
                                "0.99"),
        ("min_confidence: 0", ".min_confidence: found '0', expected a probability from 0.05 to "
                              "0.99"),
        ("aircraft: [jets]", ".aircraft[1]: jets: no such aircraft class; none is defined"),
        ("aircraft: []", ".aircraft: found an empty list, expected the name of an aircraft class"),
        ("froom: [OSLK]", ".froom: no such key; did you mean from?"),
    ],
)  # fmt: skip
def test_a_wrong_watch(mistakes: Mistakes, rest: str, expected: str) -> None:
    """Each rule of a watch has its own message."""
    assert mistakes(watches=watch(rest)) == [f"config.yaml:3: watches[1]{expected}"]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("{from: [OSLK], audience: [desk]}", ".name: found nothing, expected a name for messages"),
        ("{name: '  ', from: [OSLK], audience: [desk]}",
         ".name: found '  ', expected a name of 1 to 60 characters"),
        (f"{{name: {'x' * 61}, from: [OSLK], audience: [desk]}}",
         f".name: found '{'x' * 59}…', expected a name of 1 to 60 characters"),
        ("{name: W, from: [OSLK]}", ".audience: found nothing, expected the name of an audience"),
        ("{name: W, from: [OSLK], audience: []}",
         ".audience: found an empty list, expected the name of an audience"),
        ("{name: W, from: [OSLK], audience: dsek}",
         ".audience: dsek: no such audience; did you mean desk?"),
        ("{name: W, from: [OSLK], audience: [x]}",
         ".audience[1]: x: no such audience; expected one of: desk"),
        ("W", ": found 'W', expected keys: name, from, to, aircraft, usual, alerts, "
              "min_confidence, audience, holidays, peaks"),
    ],
)  # fmt: skip
def test_a_watch_with_something_missing(mistakes: Mistakes, item: str, expected: str) -> None:
    """A watch needs a name and somebody to tell."""
    assert mistakes(watches=f"[{item}]") == [f"config.yaml:3: watches[1]{expected}"]


def test_two_watches_of_one_name(mistakes: Mistakes) -> None:
    """A watch's name is typed after `why`: unique, whatever its case."""
    one = "{name: Gulf, from: [OSLK], audience: [desk]}"
    assert mistakes(watches=f"\n  - {one}\n  - {one.replace('Gulf', 'GULF')}") == [
        "config.yaml:5: watches[2].name: GULF: the watch in line 4 has this name, expected a new "
        "one"
    ]


@pytest.mark.parametrize(("watches", "line"), [(None, 1), ("", 1), ("[]", 3)])
def test_no_watch_at_all(mistakes: Mistakes, watches: str | None, line: int) -> None:
    """A bot that watches nothing is a mistake."""
    assert mistakes(watches=watches) == [
        f"config.yaml:{line}: watches: found nothing, expected at least one entry"
    ]


def ends(rest: str) -> str:
    return f"[{{name: W, from: [OSLK], to: [LTFM], audience: [desk], {rest}}}]"


@pytest.mark.parametrize(
    ("typed", "countries"),
    [("off", ()), ("on", ("SY", "TR")), ("TR", ("TR",)), ("[tr, SY, TR]", ("TR", "SY")),
     ("NO", ("NO",)), ("[]", ())],
)  # fmt: skip
def test_whose_holidays_count(load: Load, typed: str, countries: tuple[str, ...]) -> None:
    """Off unless asked for; on takes the countries of both ends; NO is Norway."""
    assert load(watches=ends("usual: 1 per day")).watches[0].holidays == ()
    assert load(watches=ends(f"holidays: {typed}")).watches[0].holidays == countries


def test_a_country_without_known_holidays_is_told(load: Load) -> None:
    """It is a warning that names watch and country, and the rest goes on."""
    found = load(watches=ends("holidays: [ZZ, TR]"))
    assert found.watches[0].holidays == ("TR",)
    assert [text for text in found.warnings if "ZZ" in text] == [
        "watches[1].holidays: no public holidays are known of ZZ; its days are judged like any "
        "others"
    ]


def test_peaks_are_days_by_name(load: Load) -> None:
    """One day or several, yearly or dated, over New Year or in a leap year."""
    found = load(watches=ends("peaks: {Fair: [2025-06-01 to 2025-06-10, 02-29], Turn: 12-28 to "
                              "01-03}"))  # fmt: skip
    assert found.watches[0].peaks == (
        Peak("Fair", (((2, 29), (2, 29)),), ((date(2025, 6, 1), date(2025, 6, 10)),)),
        Peak("Turn", (((12, 28), (1, 3)),)),
    )


@pytest.mark.parametrize("typed", ["13-01", "02-30", "2025-06-31", "2025-06-10 to 2025-06-01",
                                   "05-01 to 2025-06-01", "01-01 to 12-31", "soon", "1066-10-14",
                                   "06-01 to", "٠١-٠١"])  # fmt: skip
def test_a_wrong_peak(mistakes: Mistakes, typed: str) -> None:
    """Days that do not exist, end before they begin, or make a season."""
    (text,) = mistakes(watches=ends(f"peaks: {{Fair: {typed}}}"))
    assert text.startswith(
        f"config.yaml:3: watches[1].peaks.Fair: found '{typed}', expected days such as 12-24"
    )


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("holidays: maybe", ".holidays: found 'maybe', expected on, off, or countries such as "
                            "[TR, SY]"),
        ("holidays: [TR, 5]", ".holidays[2]: found '5', expected on, off, or countries such as "
                              "[TR, SY]"),
        ("peaks: 12-24", ".peaks: found '12-24', expected names with a colon behind each"),
    ],
)  # fmt: skip
def test_wrong_special_days(mistakes: Mistakes, rest: str, expected: str) -> None:
    """Each is named with its line and field."""
    assert mistakes(watches=ends(rest)) == [f"config.yaml:3: watches[1]{expected}"]


def test_holidays_of_an_area_must_be_named(mistakes: Mistakes) -> None:
    """An area lies in no country that could be looked up."""
    text = mistakes(
        areas="{east: {circle: {lat: 32, lon: 22, radius_nm: 40}}}",
        watches="[{name: W, to: [east], audience: [desk], holidays: on}]",
    )
    assert text == ["config.yaml:3: watches[1].holidays: found on, but no end names an airfield "
                    "whose country is known, expected countries such as [TR, SY]"]  # fmt: skip
