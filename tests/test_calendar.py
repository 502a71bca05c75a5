"""Days known beforehand: which they are, what they explain, and what they never do."""

from datetime import date, timedelta

import numpy as np
import pytest

from bot import lull
from bot.calendar import calendar_of, is_known, remarks
from bot.judge import Judge, Judged, explained_by
from bot.model.alert import Kind, Series
from bot.model.watch import AlertPolicy, Peak, Watch
from bot.pool import OPEN_DAYS
from detectors import walk_forward
from tests.nouns import watch

START = date(2021, 1, 1)
EID = [date(2021, 7, 20), date(2022, 7, 9), date(2023, 6, 28), date(2024, 6, 16)]
FEAST = {first + timedelta(days=k) for first in EID for k in range(4)}
POLICY = AlertPolicy(surge_per_year=1.0, first_after_days=None, lull_per_year=1.0)
TURKISH = watch(holidays=("TR",), alerts=POLICY)
PLAIN = watch(alerts=POLICY)


def flown(last: date, at_feasts: int = 10) -> Series:
    """Four or five legs a day, and another number at the feast."""
    days = [START + timedelta(days=k) for k in range((last - START).days + 1)]
    usual = np.random.default_rng(11).binomial(5, 0.9, len(days))
    counts = [at_feasts if day in FEAST else n for day, n in zip(days, usual, strict=True)]
    size = len(days)
    return Series(
        "w", np.array(days, "datetime64[D]"), np.array(counts, float), np.zeros(size), np.ones(size)
    )  # fmt: skip


def judged(who: Watch, series: Series) -> Judged:
    (found,) = Judge().judge([who], [series], series.days[-1].item() + timedelta(days=1))
    return found


def raised_at_feasts(who: Watch, series: Series) -> list[int]:
    """Days alarmed within a week of each feast."""
    alarm = judged(who, series).walk.alarm
    near = [(series.days >= np.datetime64(day)) & (series.days < np.datetime64(day) + 7)
            for day in EID]  # fmt: skip
    return [int(alarm[span].sum()) for span in near]


def test_a_yearly_doubling_is_news_once_at_most() -> None:
    """A route that doubles every year at a moving feast alarms in the first year at most; without
    its calendar every year again."""
    series = flown(date(2024, 12, 30))
    assert all(raised_at_feasts(PLAIN, series))
    assert raised_at_feasts(TURKISH, series)[1:] == [0, 0, 0]


def test_a_surge_beyond_the_holiday_is_still_raised() -> None:
    """Once a feast's doubling is known, five times the usual at the feast is a surge."""
    series = flown(EID[3] + timedelta(days=1))
    counts = series.counts.copy()
    counts[-2:] = 25
    series = Series("w", series.days, counts, series.possible, series.exposure)
    assert judged(TURKISH, series).walk.alarm[-1]


def test_a_holiday_stands_in_the_evidence() -> None:
    """A surge on a holiday names country and feast, and says whether its effect is known."""
    first = judged(TURKISH, flown(EID[0] + timedelta(days=1)))
    later = judged(TURKISH, flown(EID[1] + timedelta(days=1)))
    for found, known in ((first, "not known yet"), (later, "is allowed for")):
        notes = [f.notes for f in found.findings if f.kind is Kind.SURGE][-1]
        said = [note for note in notes if "public holiday in Turkey: Eid al-Adha" in note]
        assert said, notes
        assert known in said[0]
    plain = judged(PLAIN, flown(EID[1])).findings[-1].notes
    assert not any("holiday" in note for note in plain)


def test_what_no_count_weighs_only_names_the_holiday() -> None:
    """Where counts are not judged, nothing is said of what earlier feasts did to them."""
    series = flown(EID[1] + timedelta(days=1))
    notes = explained_by(TURKISH, series, len(series.days) - 1, 2, allowed_for=False)
    assert any("public holiday in Turkey: Eid al-Adha" in note for note in notes)
    assert not any("allowed for" in note or "not known" in note for note in notes)


def test_a_lull_knows_the_holiday() -> None:
    """A feast on which nothing flies every year is no lull in a later year, and is named."""
    last = EID[3] + timedelta(days=2)
    series = flown(last, at_feasts=0)
    today = last + timedelta(days=1)
    plain, known = (lull.findings(who, series, today) for who in (PLAIN, TURKISH))
    assert any(f.raised for f in plain)
    assert not any(f.raised for f in known)
    assert any("Eid al-Adha" in note for f in known for note in f.notes)


def test_without_a_calendar_no_number_changes() -> None:
    """A plain watch has the library's numbers, whether or not its company asks for holidays."""
    series = flown(date(2022, 8, 1))
    today = date(2022, 8, 2)
    alone = judged(PLAIN, series)
    (_, among) = Judge().judge([TURKISH, PLAIN], [series, series], today)
    walk = walk_forward(series.counts, series.days, series.exposure)
    for name in ("score", "expected", "limit"):
        want = getattr(walk, name)
        assert np.allclose(getattr(alone.walk, name), want, atol=1e-9, rtol=0, equal_nan=True)
        assert np.allclose(getattr(among.walk, name), want, atol=1e-9, rtol=0, equal_nan=True)


def test_going_on_and_starting_anew_agree_with_a_calendar() -> None:
    """Day by day over New Year, and after the owner changed the holidays, the numbers are those
    of a fresh start and of the library."""
    patient = Judge()
    for step in range(5):
        last = date(2021, 12, 30) + timedelta(days=step)
        who = TURKISH if step < 3 else watch(holidays=("DE", "TR"), alerts=POLICY)
        series = flown(last)
        today = last + timedelta(days=1)
        (kept,) = patient.judge([who], [series], today)
        fresh = judged(who, series)
        assert repr(kept.findings) == repr(fresh.findings)
        calendar = calendar_of(who, START, last)
        assert calendar is not None
        walk = walk_forward(series.counts, series.days, series.exposure,
                            calendar=calendar.matrix(series.days))  # fmt: skip
        tail = slice(-OPEN_DAYS, None)
        assert np.allclose(kept.walk.score[tail], walk.score[tail], atol=1e-9, rtol=0)


def test_a_feast_at_both_ends_is_one() -> None:
    """Two countries that share a feast make one covariate of it, and both are named."""
    both = calendar_of(watch(holidays=("SY", "TR")), EID[1], EID[1])
    assert both is not None
    assert both.matrix(np.array([EID[1]], "datetime64[D]")).sum() == 1
    assert {words.split(":")[0] for words in both.said[EID[1]]} == {
        "public holiday in Syria", "public holiday in Turkey",
    }  # fmt: skip


def test_eve_and_day_after_are_apart_from_the_holiday() -> None:
    """The days beside a holiday have a covariate of their own, one a day."""
    calendar = calendar_of(watch(holidays=("TR",)), EID[1], EID[1])
    assert calendar is not None
    names = [calendar.columns[calendar.of[EID[1] + timedelta(days=k)]] for k in (-1, 0, 3, 4)]
    assert names == ["beside Eid al-Adha", "Eid al-Adha", "Eid al-Adha", "beside Eid al-Adha"]
    series = flown(EID[1] - timedelta(days=1))
    eve = remarks(calendar, series, len(series.days) - 1, 1)
    assert eve == ("the day before a public holiday in Turkey: Eid al-Adha",)
    near = remarks(calendar, series, len(series.days) - 3, 1)
    assert near == ("3 days before a public holiday in Turkey: Eid al-Adha",)
    assert remarks(calendar, series, len(series.days) - 4, 1) == ()


def test_a_peak_of_the_owner_comes_first() -> None:
    """Known days of one's own, yearly over New Year or dated, are the day's covariate."""
    peak = Peak("Fair", yearly=(((12, 30), (1, 2)),), dated=((date(2022, 7, 9), date(2022, 7, 9)),))
    calendar = calendar_of(watch(holidays=("TR",), peaks=(peak,)), EID[1], EID[1])
    assert calendar is not None
    days = (date(2021, 12, 31), date(2022, 1, 1), date(2022, 7, 9), date(2022, 12, 30))
    assert {calendar.columns[calendar.of[day]] for day in days} == {"peak Fair"}
    assert "known peak: Fair" in calendar.said[EID[1]]


@pytest.mark.parametrize("country", ["TR", "SY", "LY", "RU", "DE", "US", "JP", "BR", "SE"])
def test_most_days_are_plain(country: str) -> None:
    """No country's calendar, eves included, takes a quarter of the year."""
    calendar = calendar_of(watch(holidays=(country,)), date(2024, 1, 1), date(2024, 12, 31))
    assert calendar is not None
    year = [date(2024, 1, 1) + timedelta(days=k) for k in range(366)]
    assert 5 < sum(day in calendar.of for day in year) < 92


def test_no_calendar_is_no_calendar() -> None:
    """A watch that asks for nothing has none, and an unknown country none either."""
    assert calendar_of(watch(), START, START) is None
    assert not is_known("ZZ")
    empty = calendar_of(watch(holidays=("ZZ",)), START, START)
    assert empty is not None
    assert empty.columns == ()
