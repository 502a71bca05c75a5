"""Walks over many watches' series that are taken up again where they were left.

A day older than the open ones no longer changes, so it is walked once and its verdict kept; the
open days are walked on a copy, anew each time. The numbers are those of `walk_forward`.
"""

import copy
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import numpy.typing as npt

from bot.calendar import Calendar
from bot.model.alert import Series
from detectors import Prior, Walk
from detectors.online import Online

Floats = npt.NDArray[np.float64]
Columns = tuple[tuple[str, ...], ...]  # of each watch's calendar


class Walker:
    """One budget, one first day, one set of watches. Not thread-safe."""

    def __init__(self, budget: float, priors: Sequence[Prior]) -> None:
        self._budget, self._priors = budget, tuple(priors)
        self._forget(())

    def _forget(self, columns: Columns) -> None:
        n = len(self._priors)
        self._columns = columns
        self._specials = max(map(len, columns), default=0)
        self._online = Online(
            n, budget=self._budget, told=True, specials=self._specials, prior=self._priors
        )
        self._seen = np.empty((2, n, 0))  # counts and exposure of the settled days
        self._past: dict[str, npt.NDArray[np.generic]] = {}

    def walk(
        self, series: Sequence[Series], exposure: Floats, open_days: int,
        calendars: Sequence[Calendar | None],
    ) -> Walk:  # fmt: skip
        """The walk over series of the same days, each attribute (n, T). `exposure` (n, T) is
        what to judge by; the last `open_days` may be others next time. `calendars`: one a
        series; other columns than last time begin the walk anew."""
        counts = np.stack([known.counts for known in series])
        days = series[0].days
        settled = max(0, len(days) - open_days)
        given = np.stack([counts, exposure])
        known = self._seen.shape[2]
        columns = tuple(calendar.columns if calendar else () for calendar in calendars)
        same = known <= settled and columns == self._columns
        if not same or not np.array_equal(self._seen, given[:, :, :known], equal_nan=True):
            self._forget(columns)  # the past was corrected: an import, legs read again
            known = 0
        special = self._special(calendars, days[known:])

        def step(online: Online, i: int) -> Walk:
            covariates = None if special is None else special[i - known]
            return online.update(given[0, :, i], days[i], given[1, :, i], covariates)

        self._keep([step(self._online, i) for i in range(known, settled)])
        self._seen = given[:, :, :settled].copy()
        trial = copy.deepcopy(self._online)
        return self._joined([step(trial, i) for i in range(settled, len(days))])

    def _special(
        self, calendars: Sequence[Calendar | None], days: npt.NDArray[np.datetime64]
    ) -> npt.NDArray[np.bool_] | None:
        """The covariates (T, n, C) of those days; as bits, for years of a thousand watches."""
        if not self._specials:
            return None
        out = np.zeros((len(days), len(calendars), self._specials), bool)
        for row, calendar in enumerate(calendars):
            if calendar is not None:
                out[:, row, : len(calendar.columns)] = calendar.matrix(days)
        return out

    def _keep(self, steps: Sequence[Walk]) -> None:
        if steps:
            self._past = _columns(self._past, steps)

    def _joined(self, steps: Sequence[Walk]) -> Walk:
        columns = _columns(self._past, steps)
        return Walk(**{field.name: columns[field.name] for field in fields(Walk)})  # type: ignore[arg-type]


def _columns(
    past: dict[str, npt.NDArray[np.generic]], steps: Sequence[Walk]
) -> dict[str, npt.NDArray[np.generic]]:
    """The past with the steps behind it, attribute by attribute."""
    joined = {}
    for field in fields(Walk):
        parts = [past[field.name]] if field.name in past else []
        if steps:
            parts.append(np.stack([getattr(step, field.name) for step in steps], axis=1))
        joined[field.name] = np.concatenate(parts, axis=1)
    return joined
