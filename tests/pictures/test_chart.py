"""The chart: what is on it, and that any series can be drawn."""

import struct
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import same_color, to_rgba

from bot.model.alert import Kind
from bot.pictures.chart import chart, draw_chart
from bot.pictures.theme import DARK
from tests.nouns import watch
from tests.pictures.facts import LAST, evidence, finding, named, outside, overlaps, series, texts


@pytest.mark.parametrize("dark", [True, False])
def test_the_picture_says_what_it_shows(dark: bool) -> None:
    """A PNG of the promised size, with the same story in its alternative text."""
    picture = chart(evidence(), dark=dark)
    assert picture.name == "chart.png"
    assert picture.png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", picture.png[16:24]) == (1100, 680)
    assert picture.alt.startswith("RECONSTRUCTION")
    assert "5 in 3 days, 0.1 expected" in picture.alt


def test_title_label_window_and_sources_are_printed() -> None:
    """Watch, judgement, window, label and sources stand in the image itself."""
    sheet = draw_chart(evidence())
    assert texts(sheet, "title") == ["Hmeimim to eastern Libya"]
    assert texts(sheet, "label") == ["RECONSTRUCTION from published reports – not recorded data"]
    assert texts(sheet, "window") == ["5 in 3 days, 0.1 expected"]
    assert texts(sheet, "attribution") == ["Days in UTC · Data: adsb-lol, roof"]


def test_unseen_days_are_hatched_and_not_zero() -> None:
    """Runs of days nobody looked are hatched columns, and the key says so."""
    counts = np.array([0, np.nan, np.nan, 1, 0, np.nan, 2.0])
    sheet = draw_chart(evidence(series=series(counts)))
    columns = named(sheet, "unseen")
    assert [(c.get_x(), c.get_width()) for c in columns] == [(0.5, 2), (4.5, 1)]
    assert all(c.get_hatch() for c in columns)
    assert "nobody looked" in texts(sheet, "key")
    assert not named(draw_chart(evidence()), "unseen")


def test_poor_days_are_weaker() -> None:
    """A poorly watched day's bar is more transparent than a well watched one's."""
    sheet = draw_chart(evidence(series=series([2, 2, 2], exposure=np.array([1.0, 0.2, 1.0]))))
    well, poor, *_ = named(sheet, "day")
    assert poor.get_alpha() is None  # carried by the colour itself
    assert poor.get_facecolor()[3] < 0.5 < well.get_facecolor()[3]
    assert named(sheet, "poor")


def test_alarm_days_are_coloured_and_the_running_day_is_a_part() -> None:
    """Alarm days wear the alarm colour; the running day is outlined and only half filled."""
    alarm = np.array([False, True, False])
    sheet = draw_chart(evidence(series=series([0, 3, 2], alarm=alarm)))
    days, (part,) = named(sheet, "day"), named(sheet, "part")
    assert same_color(days[1].get_facecolor(), DARK.alarm)
    assert part.get_facecolor()[3] == 0.5
    assert same_color(part.get_edgecolor(), to_rgba(DARK.alarm))
    assert texts(sheet, "number") == ["3", "2"]


def test_possible_legs_are_outlines_on_top() -> None:
    """Possible legs add to a bar's height but not to its filled part."""
    sheet = draw_chart(evidence(series=series([0, 1, 2], possible=np.array([0, 0, 3.0]))))
    (outline,) = named(sheet, "possible")
    assert (outline.get_y(), outline.get_height()) == (2, 3)
    assert outline.get_facecolor()[3] == 0
    assert sheet.figure.axes[0].get_ylim()[1] > 5


def test_the_limit_has_treads_but_no_risers() -> None:
    """Where the limit changes from day to day no vertical line is drawn."""
    sheet = draw_chart(evidence(series=series([0, 0, 3, 0], limit=np.array([1.0, 1.0, 4.0, 1.0]))))
    (line,) = named(sheet, "limit")
    x, y = line.get_xdata(), line.get_ydata()
    joined = np.isfinite(y[1:]) & np.isfinite(y[:-1])
    assert (np.diff(y)[joined] == 0).all()
    assert np.ptp(x[np.isfinite(y)]) == 4


@pytest.mark.parametrize("peak", [0, 1, 2, 7, 40, 300, 2000])
def test_the_count_axis_has_few_whole_numbers(peak: int) -> None:
    """Its numbers are whole, start at zero, and are 2 to 7 in number for any count."""
    axes = draw_chart(evidence(series=series([0, 0, peak], limit=None))).figure.axes[0]
    ticks = axes.get_yticks()
    assert ticks[0] == 0
    assert 2 <= len(ticks) <= 7
    assert all(tick == int(tick) for tick in ticks)
    assert axes.get_ylim()[1] >= peak


def test_the_bracket_spans_the_loudest_window() -> None:
    """The bracket reaches from the window's first day to its last."""
    (line,) = named(draw_chart(evidence()), "bracket")
    x = line.get_xdata()
    assert round(x[0] + 0.45) == 27
    assert round(x[-1] - 0.45) == 29


def test_words_when_nothing_is_known() -> None:
    """All days unseen, or no day at all, is said in words."""
    unseen = series([np.nan] * 9, exposure=np.zeros(9))
    quiet = finding(raised=False, judged=False, observed=np.nan)
    sheet = draw_chart(evidence(series=unseen, finding=quiet))
    assert texts(sheet, "empty") == ["Nobody looked in these days"]
    assert texts(draw_chart(evidence(series=series([]), finding=quiet)), "empty") == ["No days yet"]


SHAPES = {
    "three days": series([0, 2, 5]),
    "one day": series([3]),
    "two months": series(np.arange(60) % 5),
    "a long quarter": series(np.arange(130) % 7),
    "weeks": series(np.arange(400) % 9, alarm=np.arange(400) > 396),
    "thousands": series(1000 + np.arange(40) * 25.0, limit=np.full(40, 1800.0)),
    "zeros": series(np.zeros(90)),
    "a tower of old": series([0, 0, 90, 90, 90, 0, 0, 0, 1, 2, 2]),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("kind", [Kind.SURGE, Kind.FIRST])
def test_no_words_collide(name: str, kind: Kind) -> None:
    """No text overlaps another or leaves the picture, whatever the series' shape."""
    gaps = SHAPES[name]
    gaps.possible[0] = 1
    told = finding(kind=kind, window_days=min(3, len(gaps.days)), days_looked=700)
    sheet = draw_chart(evidence(series=gaps, finding=told, watch=watch("A long name " * 9)))
    assert overlaps(sheet) == []
    assert outside(sheet) == []


def test_a_full_key_fits() -> None:
    """With every kind of mark on the picture the key still meets no other text."""
    counts = np.where(np.arange(30) % 9 == 4, np.nan, 2.0)
    exposure = np.where(np.arange(30) % 9 == 6, 0.2, 1.0)
    full = series(counts, exposure=exposure, possible=np.ones(30), alarm=np.arange(30) > 27)
    sheet = draw_chart(evidence(series=full))
    assert len(texts(sheet, "key")) == 7
    assert overlaps(sheet) == []
    assert outside(sheet) == []


number = st.one_of(st.integers(0, 3), st.integers(0, 2000), st.just(np.nan), st.just(np.inf))
rows = st.lists(
    st.tuples(number, st.integers(0, 4), st.sampled_from([0.0, 0.1, 0.7, 1.0, 1.4, np.nan]),
              number, number, st.booleans()),
    min_size=1, max_size=150,
)  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(rows, st.sampled_from(list(Kind)), st.integers(1, 500), number, st.booleans())
def test_any_series_can_be_drawn(
    table: list[tuple[float, ...]], kind: Kind, window: int, seen: float, raised: bool
) -> None:
    """Whatever a series holds, the chart is drawn and no text leaves it."""
    columns = [np.array(column) for column in zip(*table, strict=True)]
    keys = ("possible", "exposure", "expected", "limit", "alarm")
    drawn = series(columns[0], **dict(zip(keys, columns[1:], strict=True)))
    told = finding(
        kind=kind, window_days=window, since=LAST - timedelta(days=window - 1), raised=raised,
        observed_window=float(seen), observed=float(columns[0][-1]),
    )  # fmt: skip
    assert outside(draw_chart(evidence(series=drawn, finding=told))) == []
