"""A series made ready to draw: one bar a day, or one a week when there are too many days.

A day nobody looked stays apart from a day with no legs, also inside a week.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.geo import Floats
from bot.model.alert import Finding, Series

MOST_DAYS = 130  # more daily bars are thinner than 7 px, and a third of that on a phone
POOR = 0.5  # exposure below which a day is drawn weaker


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """What the chart draws; arrays of shape (n,), oldest first.

    `counts` NaN: nobody looked or not known. `exposure` is clipped to 0..1; NaN unknown. `expected`
    and `limit` NaN where there is none (a limit is one day's, so weeks have none).
    """

    starts: npt.NDArray[np.datetime64]  # first day of each bar
    step_days: int  # 1 or 7
    counts: Floats
    possible: Floats
    exposure: Floats
    expected: Floats
    limit: Floats
    alarm: npt.NDArray[np.bool_]
    part: npt.NDArray[np.bool_]  # the running day or week

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def unseen(self) -> npt.NDArray[np.bool_]:
        """Bars of which nothing is known: hatched, never drawn as zero."""
        return ~np.isfinite(self.counts)

    @property
    def poor(self) -> npt.NDArray[np.bool_]:
        """Bars that were looked at, but poorly; an unfinished one is only unfinished."""
        return ~self.unseen & ~self.part & (self.exposure < POOR)

    @property
    def tops(self) -> Floats:
        """How high each bar reaches, possible legs included."""
        return np.asarray(np.nan_to_num(self.counts) + self.possible)

    def where(self, day: date) -> float:
        """The place of a day on the bars' axis."""
        ahead = (np.datetime64(day, "D") - self.starts[0]) / np.timedelta64(1, "D")
        return float(ahead // self.step_days)


def of(series: Series, finding: Finding) -> Bars:
    """The bars of a series; weeks end on its last day."""
    counts = np.where(_positive(series.exposure), series.counts, np.nan)
    # legs that were seen are facts, whatever the exposure says
    counts = np.where((series.counts > 0) & np.isfinite(series.counts), series.counts, counts)
    starts = series.days.astype("datetime64[D]")
    judged = starts == np.datetime64(finding.day, "D")
    alarm = np.zeros(len(starts), bool) if series.alarm is None else series.alarm.astype(bool)
    daily = Bars(
        starts, 1, _clean(counts), np.nan_to_num(_clean(series.possible)),
        np.clip(series.exposure, 0, 1), _known(series.expected, counts),
        _known(_above_zero(series.limit), counts), alarm | (judged & finding.raised),
        judged & (not finding.complete),
    )  # fmt: skip
    return daily if len(daily) <= MOST_DAYS else _weekly(daily)


def _positive(exposure: Floats) -> npt.NDArray[np.bool_]:
    """Whether somebody looked, or may have (NaN)."""
    return ~(exposure <= 0)


def _clean(values: Floats) -> Floats:
    return np.where(np.isfinite(values), np.maximum(values, 0), np.nan)


def _above_zero(limit: Floats | None) -> Floats | None:
    """A limit of nothing is no limit: it stands for a day that cannot be judged."""
    return None if limit is None else np.where(limit > 0, limit, np.nan)


def _known(values: Floats | None, counts: Floats) -> Floats:
    """What was expected, on the days that can be compared with it."""
    blank = np.full(counts.shape, np.nan)
    return blank if values is None else np.where(np.isfinite(counts), _clean(values), blank)


def _weekly(daily: Bars) -> Bars:
    short = len(daily) % 7  # a broken first week would look like a lull: left out

    def weeks(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return values[short:].reshape(-1, 7)

    counts, expected = weeks(daily.counts), weeks(daily.expected)
    known = np.isfinite(counts)
    looked = np.where(known, np.nan_to_num(weeks(daily.exposure), nan=1.0), 0.0)
    return Bars(
        weeks(daily.starts)[:, 0], 7, _sum(counts), weeks(daily.possible).sum(axis=1),
        looked.mean(axis=1), _sum(expected), np.full(len(counts), np.nan),
        np.asarray(weeks(daily.alarm).any(axis=1)), np.asarray(weeks(daily.part).any(axis=1)),
    )  # fmt: skip


def _sum(weeks: Floats) -> Floats:
    """Each week's sum over its known days; NaN if there is none."""
    return np.where(np.isfinite(weeks).any(axis=1), np.nansum(weeks, axis=1), np.nan)
