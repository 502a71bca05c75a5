"""What was normal lately: coming back to it is no surge.

A receiver that sees half for two months leaves a low level behind; when it sees all again, nothing
has surged. Promises: what the four best of the last thirteen four-weekly means reached, less what
chance adds to such a mean, is a normal of the watch. A surge does not become one before it has
lasted for months: the means are of what was learnt (`level`), not of what was counted. Daily
series only.
"""

from __future__ import annotations

import numpy as np

from detectors import design
from detectors.inputs import Floats
from detectors.level import TAIL, Memory

# The second and third highest month cost 0.002 to 0.008 POD; the fifth leaves 0.05 to 0.1 more of
# the usual false alarms after hidden coverage changes.
RANK = 4
CHANCE_SD = 0.6  # taken off each month. 0.25: POD at 0.2 a year 0.01 less; 1: as the fifth month
LEAST_DAYS = 7.0  # plain days that a month must hold


def settle(m: Memory, done: int) -> None:
    """Every four weeks, at refits only: their dates do not depend on the caller."""
    if m.step != 1 or done % TAIL:
        return
    _take_in(m)
    y, with_season, without = m.months.transpose(1, 0, 2)
    low = np.maximum(y - CHANCE_SD * np.sqrt(m.spread()[:, None] * (y + 0.5)), 0.0)
    m.former, m.former_f = _reached(low, with_season), _reached(low, without)


def _take_in(m: Memory) -> None:
    """The four weeks that end now: legs learnt, and plain days with and without season."""
    last = slice(m.size - TAIL, m.size)
    x = design.columns(m.days()[last], m.step, m.fit_day)
    e = m.past_e[:, last]
    m.months = np.roll(m.months, 1, axis=2)
    m.months[:, 0, 0] = m.past_y[:, last].sum(1)
    m.months[:, 1, 0] = (e * design.shape(x, m.beta)).sum(1)
    m.months[:, 2, 0] = (e * design.week(x, m.beta)).sum(1)


def _reached(legs: Floats, days: Floats) -> Floats:
    """Legs a plain day that `RANK` months reached, (n,); 0 while there are fewer."""
    rate = np.where(days >= LEAST_DAYS, legs / np.maximum(days, LEAST_DAYS), 0.0)
    return np.asarray(np.sort(rate, axis=1)[:, -RANK])
