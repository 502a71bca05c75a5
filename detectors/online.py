"""The walk one entry at a time, with a state that can be stored and restored.

The same engine as `walk_forward`, so the numbers are the same: a block of entries may
end anywhere.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.engine import Engine, Judged
from detectors.inputs import Panel, read
from detectors.level import Memory
from detectors.prior import Prior, spread_priors
from detectors.walk import Walk, as_walk

NEVER = -(10**9)  # stands for "no entry yet" in a stored state
FORMAT = 5  # of a stored state; a state of another format is refused


class Online:
    """A batch of n watches judged as the days come.

    >>> online = Online(1)
    >>> for day, legs in enumerate([0] * 60 + [2, 3]):
    ...     walk = online.update([legs], np.datetime64("2024-01-01") + day)
    >>> bool(walk.alarm[0]), str(walk.state[0])
    (True, 'raised')
    """

    def __init__(
        self,
        n: int,
        *,
        step: int = 1,
        budget: float = 1.0,
        told: bool = False,
        specials: int = 0,
        prior: Prior | Sequence[Prior] | None = None,
    ) -> None:
        """`told`: exposure will be given; `specials`: columns of the calendar."""
        if step not in (1, 7):
            raise ValueError(f"step must be 1 (days) or 7 (weeks), not {step!r}")
        if not (np.isfinite(budget) and budget > 0):
            raise ValueError(f"budget must be a positive number of false alarms a year: {budget!r}")
        self.budget, self.told = budget, told
        self._engine = Engine.start(spread_priors(prior, n), step, 0, specials)
        self._next: int | None = None

    def update(
        self,
        counts: npt.ArrayLike,
        date: Any,
        exposure: npt.ArrayLike | None = None,
        calendar: npt.ArrayLike | None = None,
    ) -> Walk:
        """Judge one entry of every watch; attributes of the result are (n,).

        counts, exposure (n,); calendar (n, C) or (C,). Days left out since the last call
        count as missing. Raises `ValueError` for a date that is not after the last one.
        """
        m = self._engine.memory
        panel = self._panel(counts, date, exposure, calendar)
        day = int(panel.days[0])
        if self._next is None:
            m.first_day = m.fit_day = self._next = day
        if day < self._next or (day - self._next) % m.step:
            raise ValueError(f"{date} does not follow the last entry by whole steps of {m.step}")
        while self._next < day:
            self._run(np.full_like(panel.counts, np.nan), panel)
            self._next += m.step
        out = self._run(panel.counts, panel)
        self._next += m.step
        walk = as_walk(out, panel)
        return Walk(*(getattr(walk, f.name)[:, 0] for f in fields(walk)))

    def _panel(self, counts: Any, date: Any, exposure: Any, calendar: Any) -> Panel:
        m = self._engine.memory
        n, specials = m.special_y.shape
        column = np.asarray(counts, dtype=np.float64).reshape(-1, 1)
        if len(column) != n:
            raise ValueError(f"{len(column)} counts for {n} watches")
        if (exposure is not None) != self.told:
            raise ValueError("exposure must be given always (told=True) or never")
        look = None if exposure is None else np.asarray(exposure, dtype=np.float64).reshape(-1, 1)
        days = None if calendar is None else np.asarray(calendar, float).reshape(-1, 1, specials)
        panel = read(column, [np.datetime64(date, "D")], look, days)
        if panel.calendar.shape[2] != specials:
            raise ValueError(f"calendar has {panel.calendar.shape[2]} columns, not {specials}")
        return panel

    def _run(self, counts: Any, panel: Panel) -> Judged:
        out = Judged.empty(len(counts), 1)
        calendar = panel.calendar
        self._engine.run(counts, panel.exposure, calendar, self.told, self.budget, out)
        return out

    def dump(self) -> bytes:
        """The whole state as bytes (numpy's npz: no code inside)."""
        engine, memory = self._engine, self._engine.memory
        arrays: dict[str, Any] = {
            f.name: np.asarray(getattr(memory, f.name)) for f in fields(Memory)
        }
        for name in ("past_y", "past_e", "past_r", "past_m"):
            arrays[name] = arrays[name][:, : memory.size]
        following = NEVER if self._next is None else self._next
        head = np.array([FORMAT, engine.done, following, int(self.told)], np.int64)
        target = io.BytesIO()
        arrays.update(
            head=head, budget=np.array(self.budget), raised=engine.raised, calm=engine.calm
        )
        np.savez_compressed(target, **arrays)
        return target.getvalue()

    @classmethod
    def load(cls, data: bytes) -> Online:
        """The watches as they were dumped. Raises `ValueError` when it cannot be read."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as stored:
                arrays: dict[str, Any] = {name: stored[name] for name in stored.files}
            return cls._rebuild(arrays)
        except (OSError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as exc:
            raise ValueError(f"not a stored detector state: {exc}") from exc

    @classmethod
    def _rebuild(cls, arrays: dict[str, Any]) -> Online:
        head = arrays.pop("head").tolist()
        if head[0] != FORMAT:
            raise ValueError(f"stored detector state has format {head[0]}, this reads {FORMAT}")
        budget = float(arrays.pop("budget"))
        raised, calm = arrays.pop("raised"), arrays.pop("calm")
        plain = {k: int(arrays.pop(k)) for k in ("step", "first_day", "fit_day", "size")}
        memory = Memory(**{**arrays, **plain})
        online = cls(len(calm), step=memory.step, budget=budget, told=bool(head[3]))
        online._engine.memory = memory
        online._engine.done, online._engine.raised, online._engine.calm = head[1], raised, calm
        online._next = None if head[2] == NEVER else head[2]
        return online
