"""Days, findings and state: unknown stays unknown, imports and observations keep apart."""

import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.model.alert import Finding, Kind, Moved
from bot.model.prior import Pooled
from bot.store import Day, Store
from bot.store.codec import finding_in, finding_out
from tests.alerts.findings import finding
from tests.nouns import at

NAN = math.nan
D = date(2024, 12, 1)


def put(store: Store, *rows: Day, watch: str = "w", **more: object) -> int:
    with store.begin() as tx:
        return store.put_days(tx, watch, rows, **more)  # type: ignore[arg-type]


def test_a_gap_is_not_a_zero(store: Store) -> None:
    """The series is dense from first to last; missing days and values are NaN."""
    put(store, Day(D, 0.0, 1.0, 0.9), Day(date(2024, 12, 4), NAN, 0.0, 0.0))
    series = store.days("w")
    assert series.days.tolist() == [date(2024, 12, day) for day in (1, 2, 3, 4)]
    np.testing.assert_array_equal(series.counts, [0, NAN, NAN, NAN])
    np.testing.assert_array_equal(series.possible, [1, NAN, NAN, 0])
    np.testing.assert_array_equal(series.exposure, [0.9, NAN, NAN, 0])


def test_a_watch_without_days_has_an_empty_series(store: Store) -> None:
    """Nothing known is a series of length zero, not an error."""
    assert store.days("w").days.shape == store.days("w").counts.shape == (0,)


def test_days_are_counted_again(store: Store) -> None:
    """A day put again replaces itself, unknown replacing known too."""
    put(store, Day(D, 1, 0, 1))
    put(store, Day(D, NAN, 0, 0))
    np.testing.assert_array_equal(store.days("w").counts, [NAN])


def test_imports_and_observations_do_not_replace_each_other(store: Store) -> None:
    """Neither origin overwrites the other unless asked, and refusals are counted."""
    other = date(2024, 12, 2)
    assert put(store, Day(D, 1, 0, 1)) == 0
    assert put(store, Day(D, 5, 0, 1), Day(other, 5, 0, 1), origin="imported") == 1
    assert put(store, Day(other, 7, 0, 1)) == 1
    assert store.days("w").counts.tolist() == [1, 5]
    assert put(store, Day(D, 6, 0, 1), origin="imported", overwrite=True) == 0
    assert store.days("w").counts.tolist() == [6, 5]


def test_days_of_another_definition_are_left_out(store: Store) -> None:
    """Observed days count only for the definition they were counted under; imported ones stay."""
    put(store, Day(D, 1, 0, 1), fingerprint="old")
    put(store, Day(D + timedelta(days=1), 2, 0, 1), fingerprint="new")
    put(store, Day(D + timedelta(days=2), 3, 0, 1), origin="imported")
    assert store.days("w", fingerprint="new").counts.tolist() == [2, 3]
    assert store.days("w").counts.tolist() == [1, 2, 3]


def test_the_latest_finding_and_when_it_was_first_said(store: Store) -> None:
    """Judging again to the same result keeps the time; another result takes its place."""
    first = finding(expected=NAN, return_period_years=math.inf, since=D, notes=("a", "b"))
    noon, later = at("2024-12-26 12:00"), at("2024-12-26 13:00")
    for when in (noon, later):
        with store.begin() as tx:
            store.put_finding(tx, first, when)
    (said,) = store.findings("w")
    assert finding_out(said.finding) == finding_out(first)
    assert said.at == noon
    with store.begin() as tx:
        store.put_finding(tx, replace(first, observed=9.0), later)
        store.put_finding(tx, finding(kind=Kind.FIRST), later)
    assert [s.at for s in store.findings("w", kind=Kind.SURGE)] == [later]
    assert len(store.findings()) == 2
    assert store.findings(since=first.day + timedelta(days=1)) == ()
    assert store.findings(until=first.day - timedelta(days=1)) == ()


def test_state_is_kept_under_a_key(store: Store) -> None:
    """Bytes come back as they were; an unknown key is None."""
    with store.begin() as tx:
        store.put_state(tx, "k", b"\x00one")
        store.put_state(tx, "k", b"\x00two")
    assert store.state("k") == b"\x00two"
    assert store.state("other") is None


number = st.floats(allow_nan=True, allow_infinity=True)
a_date = st.dates()
findings = st.builds(
    Finding,
    watch=st.text(), kind=st.sampled_from(Kind), day=a_date, complete=st.booleans(),
    judged=st.booleans(), raised=st.booleans(), calm=st.booleans(), observed=number,
    possible=st.integers(0, 99), expected=number, limit=number, exposure=number,
    window_days=st.integers(0, 99), observed_window=number, expected_window=number,
    return_period_years=number, score=number, state=st.text(),
    since=st.none() | a_date, last_before=st.none() | a_date, days_looked=st.integers(0, 999),
    notes=st.lists(st.text(), max_size=3).map(tuple), start_per_day=number,
    taught_by=st.integers(0, 99),
    moved=st.lists(
        st.builds(Moved, st.text(), number, number, st.integers(0, 28)), max_size=2
    ).map(tuple),
)  # fmt: skip


@given(findings)
def test_any_finding_survives_its_text(found: Finding) -> None:
    """A finding of any content, NaN and infinity included, reads back the same."""
    assert repr(finding_in(finding_out(found))) == repr(found)


def test_the_prior_of_a_week_stands_until_the_past_is_replaced(store: Store) -> None:
    """A week that has its prior keeps it whatever is made later, until all are forgotten."""
    week = date(2024, 12, 23)
    first = Pooled(week, 12, 0.03, 9.5, 1.2)
    for pooled in (first, replace(first, watches=13, rate_per_day=2.0)):
        with store.begin() as tx:
            store.put_priors(tx, [pooled], at("2024-12-23 00:05"))
    assert store.priors() == {week: first}
    with store.begin() as tx:
        store.forget_priors(tx)
    assert store.priors() == {}
