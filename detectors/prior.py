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
from scipy.special import betainc

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

# Of pooling (bench/detect/pool.py). A pool weighs no less than the default, or busy newcomers
# alarm more often, and no more than two months. Watches are never taken to be more alike than
# this share of their squared rate: a few may agree by chance.
POOL_DAYS, POOL_LEAST, POOL_WEIGHT_DAYS = 28.0, 3, (DEFAULT_PRIOR.weight_days, 60.0)
UNLIKE = 0.5
# Clumped neighbours are believed a little: without it rare clumped newcomers had a sixth more
# false alarms, believed wholly they lost 0.14 of their surges (seeds 400 to 601).
POOL_SPREAD = (DEFAULT_DISPERSION, 1.3)
UNLIKELY = 0.1  # in one tail: a route with such a beginning is not one of them


def pool_prior(
    counts: npt.ArrayLike, exposure: npt.ArrayLike | None = None, *, step_days: int = 1
) -> Prior:
    """Prior for a new route from the histories of the others, (N, T), NaN = missing.

    Empirical Bayes: a gamma fitted by moments to the routes' rates (their variance net of
    Poisson noise), so that unlike routes weigh little. The caller cuts `counts` at the day
    before the first judged one, and asks `is_like` before a new route is given the prior. The
    default below three routes seen for four weeks each. The routes' dispersion is taken over
    as far as `POOL_SPREAD` allows. Raises `ValueError` when the shapes differ or `counts` is
    not (N, T).
    """
    y = np.array(counts, dtype=np.float64)
    e = np.ones_like(y) if exposure is None else np.array(exposure, dtype=np.float64)
    if y.ndim != 2 or y.shape != e.shape:
        raise ValueError(f"pool_prior needs (N, T) arrays, got {y.shape} and {e.shape}")
    seen = np.isfinite(y) & np.isfinite(e) & (e > 0)
    days = np.where(seen, e, 0.0).sum(1) * step_days
    use = days >= POOL_DAYS
    if int(use.sum()) < POOL_LEAST:
        return DEFAULT_PRIOR
    rate = np.where(seen, y, 0.0).sum(1)[use] / days[use]
    mean = max(float(rate.mean()), 1e-3)
    between = float(rate.var(ddof=1)) - float(np.mean(rate / days[use]))
    weight = mean / max(between, UNLIKE * mean**2)
    spread = _group_dispersion(y[use], np.where(seen, e, 0.0)[use], seen[use])
    return Prior(mean, float(np.clip(weight, *POOL_WEIGHT_DAYS)), spread)


def _group_dispersion(y: Any, e: Any, seen: Any) -> float:
    """Median over routes with 20 or more legs of the ratio of sums, within bounds."""
    y = np.where(seen, y, 0.0)
    rate = y.sum(1) / e.sum(1)
    fit = rate[:, None] * e
    ratio = np.where(seen, (y - fit) ** 2, 0.0).sum(1) / np.maximum(fit.sum(1), 1e-9)
    good = y.sum(1) >= 20
    if not good.any():
        return DEFAULT_DISPERSION
    return float(np.clip(np.median(ratio[good]), *POOL_SPREAD))


def is_like(prior: Prior, legs: float, days: float) -> bool:
    """Whether a route with so many legs in its first `days` days (times exposure) may be one of
    those that a pooled prior describes: neither tail of what it foretells is below a tenth.

    A busy route among rare ones would else raise alarms for weeks, and a rare one among busy
    ones hear none. What is to be judged by the prior must not be among these days.
    """
    shape, share = prior.shape, prior.weight_days / (prior.weight_days + days)
    n = float(np.floor(legs))
    below = float(betainc(shape, n, share)) if n > 0 else 0.0
    upto = float(betainc(shape, n + 1, share))
    middle = 0.5 * (below + upto)  # half of what is as likely as this
    return min(middle, 1 - middle) >= UNLIKELY


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
