"""From a series to findings: what is judged, what is raised, what is only learnt."""

from datetime import date, timedelta

import numpy as np

from bot.judge import Judge
from bot.model.alert import Finding, Kind, Series
from bot.model.watch import AlertPolicy, Watch
from bot.series import build
from detectors import walk_forward
from tests.nouns import watch

START = date(2023, 12, 1)
QUIET = {date(2024, 1, 20): (1, 0), date(2024, 4, 11): (1, 0), date(2024, 8, 2): (1, 0)}
AIRLIFT = {date(2024, 12, 14) + timedelta(days=k): (1 + k % 2, 0) for k in range(10)}


def made(
    today: date, counts: dict[date, tuple[int, int]], exposure: dict[date, float] | None = None,
    start: date = START,
) -> Series:  # fmt: skip
    days = [start + timedelta(days=k) for k in range((today - start).days + 1)]
    rows = {
        day: (*map(float, counts.get(day, (0, 0))), (exposure or {}).get(day, 1.0)) for day in days
    }
    series = build("w", rows, today, running=True)  # type: ignore[arg-type]
    assert series is not None
    return series


def found(
    today: date, counts: dict[date, tuple[int, int]], *, who: Watch | None = None,
    dark: frozenset[date] = frozenset(), start: date = START,
) -> dict[tuple[Kind, date], Finding]:  # fmt: skip
    until = {day: n for day, n in counts.items() if day <= today}
    series = made(today, until, dict.fromkeys(dark, 0.0), start)
    (judged,) = Judge().judge([who or watch()], [series], today)
    return {(f.kind, f.day): f for f in judged.findings}


def test_the_airlift_is_raised_within_two_days() -> None:
    """One or two flights a day on a route with three in the year are a surge by the second day."""
    second = date(2024, 12, 15)
    surge = found(second, QUIET | AIRLIFT)[Kind.SURGE, second]
    assert surge.raised
    assert surge.since == date(2024, 12, 14)
    assert surge.return_period_years > 1
    assert not surge.complete


def test_a_quiet_year_raises_nothing() -> None:
    """Three flights in a year are the baseline, not a surge."""
    for day in (*QUIET, date(2024, 12, 13)):
        finding = found(day, QUIET)[Kind.SURGE, day]
        assert not finding.raised, day


def test_a_doubled_day_of_a_timetabled_route_is_raised_and_then_over() -> None:
    """Four legs where two fly every day are told though the week's sum is nearly the usual one;
    nine days later it is over."""
    doubled = date(2024, 12, 14)
    flown = {START + timedelta(days=k): (2, 0) for k in range(400)} | {doubled: (4, 0)}
    assert found(doubled, flown)[Kind.SURGE, doubled].raised
    later = doubled + timedelta(days=9)
    assert not found(later, flown)[Kind.SURGE, later].raised


def test_a_better_source_makes_no_first() -> None:
    """A flight seen for the first time once twice as much is seen is news of the source."""
    day = date(2024, 12, 14)
    better = dict.fromkeys([day - timedelta(days=k) for k in range(3)], 2.0)

    def first(exposure: dict[date, float]) -> Finding:
        series = made(day + timedelta(days=1), QUIET | {day: (1, 0)}, exposure)
        (judged,) = Judge().judge([watch()], [series], day + timedelta(days=1))
        return next(f for f in judged.findings if f.kind is Kind.FIRST and f.day == day)

    assert first({}).raised
    assert not first(better).judged


def test_first_in_ninety_days_needs_proof_of_looking() -> None:
    """The same flight after three unwatched months is not 'first': nobody can know."""
    day = date(2024, 12, 14)
    seen = found(day, QUIET | AIRLIFT)[Kind.FIRST, day]
    assert seen.raised
    assert seen.last_before == date(2024, 8, 2)
    assert seen.days_looked == 134
    dark = frozenset(day - timedelta(days=k) for k in range(1, 60))
    blind = found(day, QUIET | AIRLIFT, dark=dark)[Kind.FIRST, day]
    assert not blind.raised
    assert not blind.judged


def test_a_second_flight_is_not_a_first() -> None:
    """The day after, the route is known to be flown."""
    day = date(2024, 12, 15)
    assert not found(day, QUIET | AIRLIFT)[Kind.FIRST, day].raised


def test_the_running_day_is_judged_against_the_whole_day() -> None:
    """At one in the morning the expectation is that of a day, so looking hourly adds nothing."""
    day = date(2024, 12, 10)
    (full,) = Judge().judge([watch()], [made(day, QUIET)], day)
    (early,) = Judge().judge([watch()], [made(day, QUIET, {day: 1 / 24})], day)
    assert early.series.expected is not None
    assert full.series.expected is not None
    assert early.series.expected[-1] == full.series.expected[-1]


def test_an_unlooked_day_is_not_judged() -> None:
    """Nobody looked: no verdict, neither raised nor calm."""
    day = date(2024, 12, 10)
    finding = found(day, QUIET, dark=frozenset({day}))[Kind.SURGE, day]
    assert not finding.judged
    assert not finding.raised
    assert not finding.calm
    assert np.isnan(finding.observed)


def test_a_usual_rate_lets_a_new_watch_fire() -> None:
    """With 'usual: 1 per month' and no history, daily flights are raised within days."""
    who = watch(usual_per_day=1 / 30.4, usual_text="1 per month")
    day = date(2024, 12, 17)
    surge = found(day, AIRLIFT, who=who, start=date(2024, 12, 14))[Kind.SURGE, day]
    assert surge.raised
    assert (surge.start_per_day, surge.taught_by) == (1 / 30.4, 0)
    assert surge.since is not None
    assert surge.since >= date(2024, 12, 14)
    assert surge.window_days <= 4  # of days that nobody knew it does not speak


def test_calm_needs_a_covered_complete_usual_week() -> None:
    """Calm is said of complete days whose last week looks usual, never of today."""
    day = date(2024, 11, 20)
    calm = found(day, QUIET)
    assert not calm[Kind.SURGE, day].calm
    assert calm[Kind.SURGE, day - timedelta(days=1)].calm
    busy = found(date(2024, 12, 20), QUIET | AIRLIFT)
    assert not busy[Kind.SURGE, date(2024, 12, 19)].calm


def test_only_what_is_on_is_judged() -> None:
    """A watch with surges off gives no surge findings."""
    who = watch(alerts=AlertPolicy(surge_per_year=None, first_after_days=None))
    assert found(date(2024, 12, 20), AIRLIFT, who=who) == {}


def test_the_company_of_others_changes_nothing() -> None:
    """A watch judged among others gets the verdict that it gets alone."""
    day = date(2024, 12, 16)
    busy = made(day, {START + timedelta(days=k): (3, 0) for k in range(400)})
    mine = made(day, QUIET | AIRLIFT)
    (alone,) = Judge().judge([watch()], [mine], day)
    together = Judge().judge(
        [watch("busy"), watch(), watch("x", usual_per_day=1.0)], [busy, mine, mine], day
    )
    for a, b in zip(alone.findings, together[1].findings, strict=True):
        assert (a.raised, a.window_days, a.state) == (b.raised, b.window_days, b.state)
        assert np.isclose(a.score, b.score, rtol=0, atol=1e-9, equal_nan=True)


def test_taking_up_a_walk_changes_no_number() -> None:
    """Day by day, with late legs and corrected days, the verdict is that of a fresh start."""
    counts = QUIET | AIRLIFT
    day = date(2024, 12, 10)
    patient = Judge()
    for step in range(8):
        today = day + timedelta(days=step)
        until = {d: n for d, n in counts.items() if d <= today}
        if step == 4:
            until[today - timedelta(days=1)] = (4, 0)  # late legs
        if step >= 6:
            until[date(2024, 3, 3)] = (2, 0)  # an import corrects the past
        series = made(today, until)
        (kept,) = patient.judge([watch()], [series], today)
        (fresh,) = Judge().judge([watch()], [series], today)
        for a, b in zip(kept.findings, fresh.findings, strict=True):
            assert repr(a) == repr(b)
        assert np.array_equal(kept.series.expected, fresh.series.expected, equal_nan=True)  # type: ignore[arg-type]


def test_the_walk_is_that_of_the_library() -> None:
    """What the bot says of a day is the last entry of `walk_forward`."""
    day = date(2024, 12, 16)
    series = made(day, QUIET | AIRLIFT)
    (judged,) = Judge().judge([watch()], [series], day)
    walk = walk_forward(series.counts, series.days, series.exposure, 1.0)
    surge = next(f for f in judged.findings if f.kind is Kind.SURGE and f.day == day)
    assert np.isclose(surge.score, walk.score[-1], rtol=0, atol=1e-9)
    assert np.allclose(judged.series.expected, walk.expected, equal_nan=True)  # type: ignore[arg-type]


def test_unknown_looking_still_lets_a_surge_be_seen() -> None:
    """Imported days and unheard places: what was counted is judged, but proves no first leg."""
    day = date(2024, 12, 16)
    blind = {START + timedelta(days=k): float("nan") for k in range(400)}
    (judged,) = Judge().judge([watch()], [made(day, QUIET | AIRLIFT, blind)], day)
    found = {(f.kind, f.day): f for f in judged.findings}
    assert found[Kind.SURGE, day].raised
    assert "coverage: unknown" in found[Kind.SURGE, day].notes[0]
    assert not found[Kind.FIRST, date(2024, 12, 14)].judged


def test_a_first_leg_on_a_holiday_names_it() -> None:
    """Where the watch asks for holidays, a first leg on one says which."""
    day = date(2024, 1, 1) + timedelta(days=366)
    who = watch(holidays=("RU",))
    first = found(day, {day: (1, 0)}, who=who)[Kind.FIRST, day]
    assert first.raised
    assert any("public holiday in Russia" in note for note in first.notes)
    assert not found(day, {day: (1, 0)})[Kind.FIRST, day].notes
