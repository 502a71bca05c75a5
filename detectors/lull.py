"""The mirror image of the surge: fewer legs than chance explains.

The same engine with the sizes turned round and a calibration of its own. Two things
differ: days of a suspected outage stay in the windows (a lull is made of them), so a lull
is only worth reporting where exposure proves that somebody looked; and it is judged on
complete days, which is the caller's care.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from detectors.prior import Prior
from detectors.walk import Walk, walk


def lull_forward(
    counts: npt.ArrayLike,
    dates: Any,
    exposure: npt.ArrayLike | None = None,
    budget: float = 1.0,
    *,
    calendar: npt.ArrayLike | None = None,
    prior: Prior | Sequence[Prior] | None = None,
) -> Walk:
    """Judge each entry for a lull; arguments, shapes and errors as `walk_forward`.

    `limit` is the largest count that would have alarmed, NaN where not even 0 would.
    `state` "raised" means a lull.

    >>> import numpy as np
    >>> dates = np.arange(130) + np.datetime64("2024-01-01")
    >>> bool(lull_forward([6] * 120 + [0] * 10, dates).alarm[-1])
    True
    """
    return walk(counts, dates, exposure, budget, calendar=calendar, prior=prior, sign=-1)
