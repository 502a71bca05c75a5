"""What is known of a route before its own data speak.

A `Prior` is a gamma law on the rate and a guess at the dispersion. It comes from the
owner of a watch ("usual: 1 per month"), from the other watches (`pool_prior`), or is
the documented default. Data replace it: its weight is fixed, theirs grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

# Ratio of sums over quiet simulated and real routes clusters a little above Poisson
# (detection.md, section 2); ten expected flights outweigh it.
DEFAULT_DISPERSION = 1.15
DEFAULT_DISPERSION_WEIGHT = 10.0


@dataclass(frozen=True)
class Prior:
    """Rate ~ Gamma(shape = rate_per_day * weight_days, rate = weight_days).

    `rate_per_day`: legs a day expected before any data (> 0). `weight_days`: days of
    data that weigh as much as this guess (> 0). `dispersion`: variance / mean of daily
    counts. `dispersion_weight`: expected legs that weigh as much as that guess.
    """

    rate_per_day: float
    weight_days: float
    dispersion: float = DEFAULT_DISPERSION
    dispersion_weight: float = DEFAULT_DISPERSION_WEIGHT

    def __post_init__(self) -> None:
        for name in ("rate_per_day", "weight_days", "dispersion", "dispersion_weight"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"prior {name} must be a positive number, not {value!r}")

    @property
    def shape(self) -> float:
        """Legs that the guess is worth."""
        return self.rate_per_day * self.weight_days

    @classmethod
    def from_rate(cls, events_per_day: float, weight_days: float = 90.0) -> Prior:
        """The prior of an owner who says what is usual, e.g. one a month = 1 / 30.4.

        Ninety days: long enough that a word of the owner lets a new watch alarm at once,
        short enough that half a year of data overrules it.

        >>> Prior.from_rate(1 / 30.4).shape < 3
        True
        """
        return cls(rate_per_day=events_per_day, weight_days=weight_days)


# Shape 0.4 is the weight that the specification gives to an empty history (0.4 in c^2);
# two days: the first fortnight of data decides nearly alone.
DEFAULT_PRIOR = Prior(rate_per_day=0.2, weight_days=2.0)


def pool_prior(
    counts: npt.ArrayLike, exposure: npt.ArrayLike | None = None, *, step_days: int = 1
) -> Prior:
    """Prior for a new route from the histories of all watches, (N, T), NaN = missing.

    Gamma by moments on the rates (between-route variance net of Poisson noise), median
    dispersion by ratio of sums. The caller cuts `counts` at the day before the first
    judged one and refreshes weekly. Falls back to the default below three usable routes.
    Raises `ValueError` when the shapes differ or `counts` is not (N, T).
    """
    y = np.array(counts, dtype=np.float64)
    e = np.ones_like(y) if exposure is None else np.array(exposure, dtype=np.float64)
    if y.ndim != 2 or y.shape != e.shape:
        raise ValueError(f"pool_prior needs (N, T) arrays, got {y.shape} and {e.shape}")
    seen = np.isfinite(y) & np.isfinite(e) & (e > 0)
    days = np.where(seen, e, 0.0).sum(1) * step_days
    legs = np.where(seen, y, 0.0).sum(1)
    use = days >= 14
    if int(use.sum()) < 3:
        return DEFAULT_PRIOR
    rate = legs[use] / days[use]
    mean = max(float(rate.mean()), 1e-3)
    spread = float(rate.var()) - float(np.mean(rate / days[use]))
    weight = float(np.clip(mean / max(spread, 1e-9), 0.5, 60.0))
    # A group of very unlike routes says little: never less than the default's shape.
    weight = max(weight, 0.2 / mean)
    return Prior(mean, weight, _group_dispersion(y[use], np.where(seen, e, 0.0)[use], seen[use]))


def _group_dispersion(y: Any, e: Any, seen: Any) -> float:
    """Median over routes with 20 or more legs of the ratio of sums, in [0.3, 3]."""
    y = np.where(seen, y, 0.0)
    rate = y.sum(1) / e.sum(1)
    fit = rate[:, None] * e
    ratio = np.where(seen, (y - fit) ** 2, 0.0).sum(1) / np.maximum(fit.sum(1), 1e-9)
    good = y.sum(1) >= 20
    if not good.any():
        return DEFAULT_DISPERSION
    return float(np.clip(np.median(ratio[good]), 0.3, 3.0))


def spread_priors(prior: Prior | Sequence[Prior] | None, n: int) -> tuple[Any, ...]:
    """Columns (N,): gamma shape, gamma rate in days, dispersion and its weight."""
    if prior is None:
        prior = DEFAULT_PRIOR
    many = [prior] * n if isinstance(prior, Prior) else list(prior)
    if len(many) != n or not all(isinstance(p, Prior) for p in many):
        raise ValueError(f"prior must be one Prior or a sequence of {n} of them")
    table = np.array(
        [(p.shape, p.weight_days, p.dispersion, p.dispersion_weight) for p in many]
    ).reshape(n, 4)
    return tuple(np.ascontiguousarray(table[:, k]) for k in range(4))
