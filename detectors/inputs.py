"""What callers hand in, checked once and brought to one shape.

Promises: after `read` every array is float64, (N, T) on a gapless grid of days or
weeks, counts are finite and >= 0 where observed, exposure lies in [0, 5].
Refuses anything whose meaning would have to be guessed, with a `ValueError`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# A day seen with less than 2 % of normal coverage says nothing (detection.md, section 2).
EXPOSURE_SEEN = 0.02
# More than five times normal coverage is a broken proxy, not better looking (section 7).
EXPOSURE_CAP = 5.0
# Beyond this a double no longer tells neighbouring counts' ratios apart; no sky holds as many.
COUNT_CAP = 1e12
# Seven result arrays of this many cells fill about 16 GB; larger batches are cut by the caller.
MAX_CELLS = 250_000_000


@dataclass(frozen=True)
class Panel:
    """A batch of series on one gapless calendar.

    `counts`, `exposure` (N, G): NaN where missing or unknown. `days` (G,): ordinal
    days since 1970-01-01. `step`: days per entry, 1 or 7. `keep` (T,): columns of the
    grid that the caller asked about. `calendar` (N or 1, G, C): covariates. `told`:
    exposure was given. `flat`: the caller handed in a single series.
    """

    counts: Floats
    exposure: Floats
    calendar: Floats
    days: Ints
    step: int
    keep: Ints
    told: bool
    flat: bool


def read(counts: Any, dates: Any, exposure: Any = None, calendar: Any = None) -> Panel:
    """Check and align one series (T,) or a batch (N, T).

    Raises `ValueError` for wrong shapes, negative, absurd or infinite counts or exposure, more
    cells than memory can hold, and dates that are unsorted, repeated or irregular.
    """
    values = _floats(counts, "counts")
    if values.ndim not in (1, 2):
        raise ValueError(f"counts must have shape (T,) or (N, T), not {values.shape}")
    if values.size > MAX_CELLS:
        raise ValueError(f"{values.size} cells in one call; hand in at most {MAX_CELLS}")
    if (values > COUNT_CAP).any():
        raise ValueError(f"counts must be at most {COUNT_CAP:g}")
    flat = values.ndim == 1
    values = np.atleast_2d(values)
    days, step = read_dates(dates, values.shape[1])
    seen = _exposure(exposure, values.shape, flat)
    extra = _calendar(calendar, values.shape)
    return _on_grid(values, seen, extra, days, step, exposure is not None, flat)


def read_dates(dates: Any, length: int) -> tuple[Ints, int]:
    """Days since 1970-01-01 and the step (1 or 7) of `length` dates.

    Takes datetime64, `datetime.date` or ISO text. A gap is allowed where it is a whole
    number of steps; its days count as missing.
    """
    try:
        days = np.asarray(dates, dtype="datetime64[D]")
    except (TypeError, ValueError) as exc:
        raise ValueError(f"dates must be dates (datetime64, date or ISO text): {exc}") from exc
    if days.shape != (length,):
        raise ValueError(f"{length} counts need {length} dates, got shape {days.shape}")
    if np.isnat(days).any():
        raise ValueError("dates must not be missing (NaT)")
    ordinals = days.astype(np.int64)
    gaps = np.diff(ordinals)
    if gaps.size == 0:
        return ordinals, 1
    if gaps.min() <= 0:
        at = int(np.argmin(gaps)) + 1
        raise ValueError(f"dates must rise: {days[at]} follows {days[at - 1]}")
    step = 7 if bool((gaps % 7 == 0).all()) else 1
    if ordinals[-1] - ordinals[0] > step * 40_000:
        raise ValueError(f"dates span {days[0]} to {days[-1]}: too long for one watch")
    return ordinals, step


def _floats(values: Any, name: str) -> Floats:
    try:
        array = np.array(values, dtype=np.float64)  # a copy: the caller's array stays as it is
    except (TypeError, ValueError) as exc:
        raise ValueError(f"{name} must be numbers: {exc}") from exc
    if np.isinf(array).any():
        raise ValueError(f"{name} must be finite (NaN means missing)")
    if (array < 0).any():
        raise ValueError(f"{name} must not be negative")
    return array


def _exposure(exposure: Any, shape: tuple[int, ...], flat: bool) -> Floats:
    if exposure is None:
        return np.ones(shape)
    array = _floats(exposure, "exposure")
    if array.ndim == 1 and array.shape[0] == shape[1]:
        array = np.broadcast_to(array, shape)
    if array.shape != shape:
        want = shape[1:] if flat else shape
        raise ValueError(f"exposure has shape {array.shape}, counts need {want}")
    return np.minimum(array, EXPOSURE_CAP)


def _calendar(calendar: Any, shape: tuple[int, ...]) -> Floats:
    if calendar is None:
        return np.zeros((1, shape[1], 0))
    array = np.asarray(calendar, dtype=np.float64)
    if not np.isfinite(array).all() or np.abs(array).max(initial=0.0) > 10:
        raise ValueError("calendar must be finite, about 0 to 1 (1 = the day is special)")
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or array.shape[0] not in (1, shape[0]) or array.shape[1] != shape[1]:
        raise ValueError(
            f"calendar has shape {np.shape(calendar)}; give (T,), (T, C) or (N, T, C) "
            f"with T = {shape[1]}"
        )
    return array


def _on_grid(
    values: Floats,
    seen: Floats,
    extra: Floats,
    days: Ints,
    step: int,
    told: bool,
    flat: bool,
) -> Panel:
    """Put the entries on a gapless grid; days in between are missing."""
    if days.size == 0:
        return Panel(values, np.array(seen), extra, days, step, days, told, flat)
    keep = (days - days[0]) // step
    size = int(keep[-1]) + 1
    if size != days.size:
        values = _spread(values, keep, size, np.nan)
        seen = _spread(seen, keep, size, 0.0)
        extra = np.moveaxis(_spread(np.moveaxis(extra, 1, -1), keep, size, 0.0), -1, 1)
    grid = days[0] + step * np.arange(size, dtype=np.int64)
    return Panel(values, np.array(seen), extra, grid, step, keep, told, flat)


def _spread(array: Floats, keep: Ints, size: int, fill: float) -> Floats:
    out = np.full((*array.shape[:-1], size), fill)
    out[..., keep] = array
    return out
