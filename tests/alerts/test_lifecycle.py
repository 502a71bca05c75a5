"""pending -> firing -> resolved, day by day, and what must hold whatever comes."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.alerts import Batch, Item, Policy, Step, dedup, event_key, group, silence, step, told
from bot.model.alert import Alert, Finding, Kind, Reason, Silence, State
from bot.model.watch import Address
from tests.alerts.findings import DAY, calm, dark, finding

POLICY = Policy(per_year=1.0)
ONE = timedelta(days=1)
DESK, NIGHT = Address("telegram", "-100"), Address("console")


def day(n: int) -> date:
    return DAY + n * ONE


def clock(n: float) -> datetime:
    """Noon of day n, or a part of a day later."""
    return datetime.combine(DAY, time(12), UTC) + n * ONE


@dataclass
class Life:
    """One watch's alert over many runs: step, stages, and what was told to whom."""

    alert: Alert | None = None
    audience: tuple[Address, ...] = (DESK,)
    silences: tuple[Silence, ...] = ()
    policy: Policy = POLICY

    def run(self, at: datetime, *findings: Finding) -> list[Reason]:
        """One run; the reasons that reached the audience."""
        reasons: list[Reason] = []
        for found in findings:
            result = step(self.alert, found, self.policy, at)
            self.alert = result.alert
            if result.alert is not None:
                reasons += self._tell(result, found, at)
        return reasons

    def _tell(self, result: Step, found: Finding, at: datetime) -> list[Reason]:
        assert result.alert is not None
        batch = Batch((Item(result.alert, found, result.reason, self.audience),))
        batch = group(dedup(silence(batch, self.silences, at), self.policy.cooldown, at))
        (final,) = told(batch)
        self.alert = final.alert
        return [item.reason for item in batch.kept]

    @property
    def state(self) -> State | None:
        return self.alert.state if self.alert else None


# ------------------------------------------------------------------------------------ opening


def test_a_complete_raised_day_fires() -> None:
    """A finished day over the limit is told at once, and only once."""
    life = Life()
    assert life.run(clock(1), finding()) == [Reason.FIRST]
    assert life.run(clock(1.1), finding()) == []
    assert life.state is State.FIRING


def test_the_running_day_waits_below_twice_the_budget() -> None:
    """One false alarm a year: once in 1.9 years waits, once in 2 years fires."""
    life = Life()
    today = finding(complete=False, return_period_years=1.9)
    assert life.run(clock(0), today) == []
    assert life.state is State.PENDING
    assert life.run(clock(0.1), replace(today, return_period_years=2.0)) == [Reason.FIRST]


def test_the_budget_sets_what_is_sure() -> None:
    """Four false alarms a year: once in half a year is enough."""
    life = Life(policy=Policy(per_year=4.0))
    assert life.run(clock(0), finding(complete=False, return_period_years=0.5)) == [Reason.FIRST]


def test_a_pending_day_that_ends_raised_fires() -> None:
    """What was doubtful while it ran is not when it is over."""
    life = Life()
    life.run(clock(0), finding(complete=False, return_period_years=1.2))
    assert life.run(clock(1), finding(return_period_years=1.2)) == [Reason.FIRST]


def test_pending_and_no_longer_raised_is_dropped_quietly() -> None:
    """A leg revised away takes its doubt with it; the next rise is a new alert."""
    life = Life()
    life.run(clock(0), finding(complete=False, return_period_years=1.2))
    first = life.alert
    assert life.run(clock(0.1), finding(complete=False, raised=False)) == []
    assert life.state is State.RESOLVED
    assert life.run(clock(0.2), finding(complete=False)) == [Reason.FIRST]
    assert first is not None
    assert life.alert is not None
    assert life.alert.id != first.id


def test_yesterday_judged_again_does_not_drop_today() -> None:
    """A quiet yesterday says nothing about a pending today."""
    life = Life()
    life.run(clock(0), finding(complete=False, return_period_years=1.2))
    life.run(clock(0.1), calm(day(-1)), finding(complete=False, return_period_years=1.2))
    assert life.state is State.PENDING


def test_late_legs_that_raise_yesterday_fire_a_pending_today() -> None:
    """A completed day that turns out raised fires, though the alert is at the running day."""
    life = Life()
    life.run(clock(0), finding(complete=False, return_period_years=1.2))
    assert life.run(clock(0.1), finding(day=day(-1))) == [Reason.FIRST]
    assert life.alert is not None
    assert life.alert.day == DAY


# --------------------------------------------------------------------------------- worsening


def test_ten_times_rarer_is_told_again() -> None:
    """WORSE comes at a tenfold rise since the last telling, neither before nor twice."""
    life = Life()
    life.run(clock(1), finding(return_period_years=4.0))
    assert life.run(clock(2), finding(day=day(1), return_period_years=39.0)) == []
    assert life.run(clock(3), finding(day=day(2), return_period_years=41.0)) == [Reason.WORSE]
    assert life.run(clock(4), finding(day=day(3), return_period_years=400.0)) == []
    assert life.run(clock(5), finding(day=day(4), return_period_years=math.inf)) == [Reason.WORSE]
    assert life.run(clock(6), finding(day=day(5), return_period_years=math.inf)) == []


def test_beyond_what_can_be_said_only_growth_is_told() -> None:
    """A route of a leg a week, told as once in 10 years or rarer: no words for five more legs of
    an airlift; at about three times the legs once, and then nobody doubts it."""
    life = Life()
    told = []
    for n, legs in enumerate(range(4, 41)):
        years = 10.0 ** (0.6 * legs - 0.1)  # about as the digits grow with the legs
        seen = finding(day=day(n), return_period_years=years, expected_window=0.14)
        told += [legs for reason in life.run(clock(n + 1), seen) if reason is not Reason.NONE]
    assert told == [4, 16]


def test_a_usual_that_wavers_changes_no_rule() -> None:
    """A route told as once in 10 years or rarer is not told again for words that it never had
    because today's usual is a little over where more could be said, nor one over for one under."""
    for began, today, reasons in ((0.19, 0.21, []), (0.21, 0.19, [Reason.WORSE])):
        life = Life()
        life.run(clock(1), finding(return_period_years=50.0, expected_window=7 * began))
        louder = finding(day=day(1), return_period_years=600.0, expected_window=7 * today)
        assert life.run(clock(2), louder) == reasons


def test_an_unknown_rarity_never_worsens() -> None:
    """Lulls without a return period are told once."""
    life = Life()
    lull = finding(kind=Kind.LULL, return_period_years=math.nan)
    assert life.run(clock(1), lull) == [Reason.FIRST]
    assert life.run(clock(2), replace(lull, day=day(1))) == []


# --------------------------------------------------------------------------------- resolving


def fired() -> Life:
    life = Life()
    life.run(clock(1), finding())
    return life


def test_seven_calm_days_resolve() -> None:
    """On the seventh, not before; whoever heard FIRST hears it."""
    life = fired()
    for n in range(1, 7):
        assert life.run(clock(n + 1), calm(day(n))) == []
    assert life.run(clock(8), calm(day(7))) == [Reason.RESOLVED]
    assert life.run(clock(9), calm(day(8))) == []


def test_a_day_judged_again_counts_once() -> None:
    """Hourly runs over the same yesterday are one calm day."""
    life = fired()
    for hour in range(20):
        life.run(clock(2 + hour / 24), calm(day(1)))
    assert life.alert is not None
    assert life.alert.calm_days == 1


def test_dark_days_neither_count_nor_break() -> None:
    """Six calm days, a month of darkness, one calm day: resolved on that one."""
    life = fired()
    for n in range(1, 7):
        life.run(clock(n + 1), calm(day(n)))
    for n in range(7, 37):
        assert life.run(clock(n + 1), dark(day(n))) == []
        assert life.state is State.FIRING
    assert life.run(clock(38), calm(day(37))) == [Reason.RESOLVED]


def test_a_day_that_is_not_calm_begins_the_count_anew() -> None:
    """Six calm days and one unusual one are none, though it was not raised."""
    life = fired()
    for n in range(1, 7):
        life.run(clock(n + 1), calm(day(n)))
    life.run(clock(8), finding(day=day(7), raised=False))
    for n in range(8, 14):
        assert life.run(clock(n + 1), calm(day(n))) == []
    assert life.run(clock(15), calm(day(14))) == [Reason.RESOLVED]


def test_the_running_day_is_never_calm() -> None:
    """A morning without legs is no calm day."""
    life = fired()
    life.run(clock(1), calm(day(1), complete=False))
    assert life.alert is not None
    assert life.alert.calm_days == 0


def test_a_calm_day_that_turns_out_raised_is_taken_back() -> None:
    """Late legs break the count; withdrawn again, the day counts again, once."""
    life = fired()
    for n in range(1, 4):
        life.run(clock(n + 1), calm(day(n)))
    life.run(clock(4.1), finding(day=day(3)))
    assert life.alert is not None
    assert life.alert.calm_days == 0
    life.run(clock(4.2), calm(day(3)))
    life.run(clock(4.3), calm(day(3)))
    assert life.alert.calm_days == 1


def test_an_old_day_does_not_touch_the_count() -> None:
    """The raised day that began it, judged again after calm ones, changes nothing."""
    life = fired()
    for n in range(1, 4):
        life.run(clock(n + 1), finding(), calm(day(n)))
    assert life.alert is not None
    assert life.alert.calm_days == 3


# --------------------------------------------------------------------------- the new usual


def settled(day: date, per_day: float, **changes: object) -> Finding:
    """A day of a surge that the detector has learnt: not raised, and not calm by itself."""
    fields: dict[str, object] = {
        "raised": False, "state": "new_level", "window_days": 7, "expected_window": 7 * per_day,
    }  # fmt: skip
    return finding(day=day, **{**fields, **changes})


def lasting(days: int) -> Life:
    """Raised for so many days on end, and told when it began."""
    life = Life()
    for n in range(days):
        life.run(clock(n + 1), finding(day=day(n)))
    return life


def test_a_level_that_was_learnt_is_the_new_usual_and_told_once() -> None:
    """A month later the detector says 'new level': the alert is over at once, with both levels."""
    life = lasting(35)
    assert life.run(clock(36), settled(day(35), 4.0)) == [Reason.RESOLVED]
    assert life.alert is not None
    assert (life.alert.usual_before, life.alert.usual_after) == (1 / 7, 4.0)
    assert life.run(clock(37), settled(day(36), 4.0)) == []


def test_a_surge_above_the_new_usual_is_another() -> None:
    """Three days after a level became usual, more than that is a new alert with its own FIRST."""
    life = lasting(35)
    life.run(clock(36), settled(day(35), 4.0))
    before = life.alert
    assert life.run(clock(39), finding(day=day(38))) == [Reason.FIRST]
    assert before is not None
    assert life.alert is not None
    assert life.alert.id != before.id
    assert life.alert.usual_after is None


def test_a_young_alert_is_not_ended_by_an_older_new_level() -> None:
    """A level adopted before the surge began says nothing about the surge."""
    life = lasting(4)
    assert life.run(clock(5), settled(day(4), 1.0)) == []
    assert life.state is State.FIRING


def test_what_has_lasted_a_month_needs_three_calm_days() -> None:
    """Learnt bit by bit instead: three usual days end it, as the new usual if that has moved."""
    life = lasting(35)
    for n in (35, 36):
        assert life.run(clock(n + 1), calm(day(n), expected_window=10.0)) == []
    assert life.run(clock(38), calm(day(37), expected_window=10.0)) == [Reason.RESOLVED]
    assert life.alert is not None
    assert life.alert.usual_after == 10 / 7


def test_a_surge_that_went_away_leaves_the_usual_as_it_was() -> None:
    """Back at the former level it is over, and no new usual is claimed."""
    life = fired()
    for n in range(1, 8):
        life.run(clock(n + 1), calm(day(n)))
    assert life.state is State.RESOLVED
    assert life.alert is not None
    assert life.alert.usual_after is None


# --------------------------------------------------------------------------------- reopening


def resolved() -> Life:
    """Told on day 1, over on day 8."""
    life = fired()
    for n in range(1, 8):
        life.run(clock(n + 1), calm(day(n)))
    assert life.state is State.RESOLVED
    return life


def test_raised_again_within_two_weeks_is_the_same_episode() -> None:
    """The same alert, told as FIRST again; its end is told again."""
    life = resolved()
    before = life.alert
    assert life.run(clock(12), finding(day=day(11))) == [Reason.FIRST]
    assert before is not None
    assert life.alert is not None
    assert (life.alert.id, life.alert.opened) == (before.id, before.opened)
    ends = [life.run(clock(n + 1), calm(day(n))) for n in range(12, 19)]
    assert ends[-1] == [Reason.RESOLVED]


def test_raised_again_at_once_waits_for_the_cooldown() -> None:
    """Within a day of its end nothing is said; after it, if it is still raised, FIRST."""
    life = resolved()
    assert life.run(clock(8.5), finding(day=day(8), complete=False)) == []
    assert life.state is State.FIRING
    assert life.run(clock(8.9), finding(day=day(8), complete=False)) == []
    assert life.run(clock(9.1), finding(day=day(8))) == [Reason.FIRST]


def test_what_was_never_told_again_has_no_second_end() -> None:
    """Raised for an hour within the cooldown: no FIRST, and so no RESOLVED."""
    life = resolved()
    life.run(clock(8.5), finding(day=day(8), complete=False))
    assert [life.run(clock(n + 1.1), calm(day(n))) for n in range(8, 15)] == [[]] * 7
    assert life.state is State.RESOLVED


def test_after_two_weeks_it_is_a_new_alert() -> None:
    """A new episode has a new id."""
    life = resolved()
    before = life.alert
    assert life.run(clock(23), finding(day=day(22))) == [Reason.FIRST]
    assert before is not None
    assert life.alert is not None
    assert life.alert.id != before.id


def test_an_old_day_does_not_reopen() -> None:
    """The day of the surge, judged again after the end, is not news."""
    life = resolved()
    assert life.run(clock(8.2), finding()) == []
    assert life.state is State.RESOLVED


def test_a_doubtful_rise_goes_back_to_how_it_ended() -> None:
    """Reopened as pending and dropped: the end stays that of the old episode."""
    life = resolved()
    before = life.alert
    life.run(clock(10), finding(day=day(10), complete=False, return_period_years=1.2))
    assert life.state is State.PENDING
    life.run(clock(10.1), finding(day=day(10), complete=False, raised=False))
    assert before is not None
    assert life.alert is not None
    assert (life.alert.state, life.alert.resolved) == (State.RESOLVED, before.resolved)


# -------------------------------------------------------------------------- what moves nothing


@pytest.mark.parametrize("alert", [None, fired().alert, resolved().alert])
@pytest.mark.parametrize("changes", [
    {"judged": False}, {"observed": math.nan}, {"exposure": 0.0}, {"judged": False, "calm": True},
    {"exposure": 0.0, "raised": False, "calm": True},
])  # fmt: skip
def test_darkness_moves_nothing(alert: Alert | None, changes: dict[str, object]) -> None:
    """A day that was not judged or not looked at leaves the very same alert."""
    result = step(alert, finding(day=day(20), **changes), POLICY, clock(21))
    assert result == Step(alert)
    assert result.alert is alert


def test_nothing_new_is_no_change() -> None:
    """The same finding again returns the same object: nothing is written for nothing."""
    life = fired()
    assert step(life.alert, finding(), POLICY, clock(1.5)).alert is life.alert


# --------------------------------------------------------------------------- first in N days


FIRST = finding(kind=Kind.FIRST, complete=False, return_period_years=math.nan)


def test_a_first_leg_is_told_once_and_ends_silently() -> None:
    """An event: FIRST at the leg, no doubt about the running day, no RESOLVED."""
    life = Life()
    assert life.run(clock(0), FIRST) == [Reason.FIRST]
    assert life.run(clock(0.1), FIRST) == []
    nothing = replace(FIRST, day=day(1), raised=False)
    assert life.run(clock(1), replace(FIRST, complete=True), nothing) == []
    assert life.state is State.RESOLVED
    assert life.run(clock(1.1), replace(FIRST, complete=True), nothing) == []
    assert life.state is State.RESOLVED


def test_a_first_leg_that_is_withdrawn_ends_and_the_next_is_new() -> None:
    """Revised away it is over; another one later is another alert, whatever the cooldown."""
    life = Life()
    life.run(clock(0), FIRST)
    before = life.alert
    assert life.run(clock(0.1), replace(FIRST, raised=False)) == []
    assert life.run(clock(1), replace(FIRST, day=day(1))) == [Reason.FIRST]
    assert before is not None
    assert life.alert is not None
    assert life.alert.id != before.id


# --------------------------------------------------------------------------------- silence


def hush(until: float) -> tuple[Silence, ...]:
    return (Silence(1, "w", clock(until), "ada", "", clock(-1)),)


def test_who_heard_first_hears_resolved_though_silenced_since() -> None:
    """The promise of an end is kept; worsening in between is not told."""
    life = fired()
    life.silences = hush(99)
    assert life.run(clock(2), finding(day=day(1), return_period_years=1e6)) == []
    ends = [life.run(clock(n + 1), calm(day(n))) for n in range(2, 9)]
    assert ends[-1] == [Reason.RESOLVED]


def test_what_still_goes_on_when_the_silence_ends_is_told_then() -> None:
    """One FIRST, late."""
    life = Life(silences=hush(3))
    assert life.run(clock(1), finding()) == []
    assert life.state is State.FIRING
    assert life.run(clock(2), finding(day=day(1))) == []
    assert life.run(clock(3), finding(day=day(2))) == [Reason.FIRST]


def test_what_began_and_ended_in_silence_is_never_told() -> None:
    """No FIRST, no RESOLVED."""
    life = Life(silences=hush(99))
    life.run(clock(1), finding())
    assert [life.run(clock(n + 1), calm(day(n))) for n in range(1, 8)] == [[]] * 7
    assert life.state is State.RESOLVED


def test_event_keys_name_the_change() -> None:
    """A firing has one FIRST and one RESOLVED key; a second firing has others."""
    life = fired()
    assert life.alert is not None
    first = event_key(life.alert, Reason.FIRST)
    assert first == event_key(replace(life.alert, updated=clock(5)), Reason.FIRST)
    again = resolved()
    again.run(clock(12), finding(day=day(11)))
    assert again.alert is not None
    assert event_key(again.alert, Reason.FIRST) != first


# ---------------------------------------------------------------------------- whatever comes


years = st.one_of(st.floats(0.01, 1e6), st.just(math.nan), st.just(math.inf))
events = st.lists(
    st.tuples(
        st.integers(0, 2),  # days that pass
        st.integers(0, 2),  # how old the judged day is
        st.booleans(), st.booleans(), st.booleans(), st.booleans(), years,
    ),
    max_size=60,
)  # fmt: skip


def story(kind: Kind, steps: Iterable[tuple[int, int, bool, bool, bool, bool, float]],
          life: Life) -> list[tuple[Reason, Alert]]:  # fmt: skip
    """Everything told, with the alert it was told of."""
    heard: list[tuple[Reason, Alert]] = []
    n = 0
    for passed, age, judged, raised, is_calm, silenced, rarity in steps:
        n += passed
        life.silences = hush(9999) if silenced and n % 3 == 0 else ()
        complete = age > 0
        found = finding(
            kind=kind, day=day(n - age), complete=complete, judged=judged, raised=raised,
            calm=is_calm and complete and not raised, return_period_years=rarity,
        )  # fmt: skip
        at = clock(n) + timedelta(seconds=len(heard))
        for reason in life.run(at, found):
            assert judged
            assert life.alert is not None
            heard.append((reason, life.alert))
    return heard


@given(events, st.sampled_from([Kind.SURGE, Kind.LULL, Kind.FIRST]))
@settings(max_examples=300)
def test_the_order_of_what_is_told(
    steps: list[tuple[int, int, bool, bool, bool, bool, float]], kind: Kind
) -> None:
    """Per alert: FIRST, then WORSE any number of times, then RESOLVED; FIRST again only after an
    end; and each FIRST under its own key."""
    before: dict[str, Reason] = {}
    keys: set[str] = set()
    for reason, alert in story(kind, steps, Life(audience=(DESK, NIGHT))):
        last = before.get(alert.id)
        if reason is Reason.FIRST:
            assert last in (None, Reason.RESOLVED)
            assert alert.state is State.FIRING
            assert event_key(alert, reason) not in keys
            keys.add(event_key(alert, reason))
            assert set(alert.heard) == {DESK.key(), NIGHT.key()}
        elif reason is Reason.WORSE:
            assert last in (Reason.FIRST, Reason.WORSE)
        else:
            assert reason is Reason.RESOLVED
            assert last in (Reason.FIRST, Reason.WORSE)
            assert alert.state is State.RESOLVED
            assert kind is not Kind.FIRST
        before[alert.id] = reason


@given(events)
@settings(max_examples=100)
def test_whoever_heard_first_hears_the_end(
    steps: list[tuple[int, int, bool, bool, bool, bool, float]],
) -> None:
    """However it went, after enough calm days everything that was told is told as over."""
    life = Life()
    heard = story(Kind.SURGE, steps, life)
    start = 1 + sum(step[0] for step in steps)
    for n in range(start, start + 9):
        life.silences = hush(9999)
        heard += [(r, life.alert) for r in life.run(clock(n + 1), calm(day(n))) if life.alert]
    assert life.state in (None, State.RESOLVED)
    told_last = {alert.id: reason for reason, alert in heard}
    assert set(told_last.values()) <= {Reason.RESOLVED}
