"""Which dates to write under the bars: none touches its neighbour, and today is always named."""

import math
from datetime import date

import numpy as np

from bot.pictures.days import Bars

_LABEL_PX = 92  # a date's width and air
_STEPS_DAYS = (1, 2, 7, 14)


def date_ticks(bars: Bars, bar_px: float) -> tuple[list[int], list[str]]:
    """Places (bar numbers) and texts: day and month, the year where it begins, 'so far'."""
    starts = [day.item() for day in bars.starts]
    last = len(starts) - 1
    places = _regular(starts, bars.step_days, bar_px)
    keep = [p for p in places if (last - p) * bar_px >= _LABEL_PX] + [last]
    texts, year = [], 0
    for place in keep:
        day = starts[place]
        texts.append(f"{day.day} {day:%b}\n{_second_line(bars, place, day, year)}".rstrip())
        year = day.year
    return keep, texts


def _second_line(bars: Bars, place: int, day: date, year: int) -> str:
    if bars.part[place]:
        return "so far"
    return str(day.year) if day.year != year else ""


def _regular(starts: list[date], step_days: int, bar_px: float) -> list[int]:
    """Evenly spaced bars: every day, second day or Monday when there is room, else month starts."""
    count = len(starts)
    for step in _STEPS_DAYS:
        if step % step_days == 0 and step / step_days * bar_px >= _LABEL_PX:
            if step >= 7 and step_days == 1:
                weeks = step // 7
                return [i for i, d in enumerate(starts)
                        if d.weekday() == 0 and d.toordinal() // 7 % weeks == 0]  # fmt: skip
            return list(range((count - 1) % (step // step_days), count, step // step_days))
    firsts = [i for i in range(count) if i and starts[i].month != starts[i - 1].month]
    per_month = 30.4 / step_days * bar_px
    every = max(1, math.ceil(_LABEL_PX / per_month))
    every = next(n for n in (1, 2, 3, 4, 6, 12, 10**6) if n >= every)
    return [i for i in firsts if (starts[i].month - 1) % every == 0] or [int(np.argmin(firsts))]
