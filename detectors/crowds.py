"""Days of one kind or a few: how rare a new day is among all of them.

A day is the mean of its legs' features. Its scatter about its kind is taken as
`share + (1 - share) / n`: legs average out, what a day does as a whole does not. Kinds share one
covariance. The mean of few skewed legs is skewed, and less so the more legs there are; each
feature is turned into normal scores accordingly (Wilson & Hilferty 1931). What is heavier in
the tails than that is Student's, with the freedom that the past itself shows. So a day of one leg
and one of thirty have p-values on one scale, without ranking one against the other. How many
kinds there are is decided by BIC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats
from scipy.special import gammaln

from detectors.inputs import Floats, Ints

SHARES = (0.0, 0.1, 1.0)  # of a leg's variance that is the whole day's
KINDS = (1, 2, 3)
DAYS_A_KIND = 15  # days each kind must have on average, or there are not so many kinds
LEAST_KIND = 0.1  # of all days: one weekday is a kind, a day in twenty is an exception
STEPS = 25  # of expectation maximisation; two crowds far apart need five
SKEW_DAYS = 3.0  # days of one leg that believe in no skewness
MOST_SKEW = 2.5  # a leg's; an exponential's is 2
FREEDOMS = (4.0, 7.0, 12.0, 25.0, 60.0)  # Student's; 60 is as good as normal
LEAST_ROOT = 0.03  # of the cube root's argument: where a skewed law ends, normal scores must not
LEAST_SPREAD = 0.1  # variance of normal scores; that of any but the most discrete features is 1
CLIP = 5.0  # normal scores beyond this count as there in the covariance
LOG_FLOOR = 250.0  # p-values below this are all the same


@dataclass(frozen=True, slots=True)
class Crowds:
    """A fitted model of days with K features and k kinds.

    size: days it was fitted on. share: see the module. weight (k,), centre (k, K): the kinds.
    width, skew (K,): a leg's standard deviation and skewness. middle (K,), turn (K, K): what
    makes normal scores uncorrelated; `shrink` of each correlation was not believed. freedom:
    Student's. bic: smaller is likelier.
    """

    size: int
    share: float
    weight: Floats
    centre: Floats
    width: Floats
    skew: Floats
    middle: Floats
    turn: Floats
    shrink: float
    freedom: float
    bic: float

    def normal(self, x: Floats, legs: Floats, kind: int = 0) -> tuple[Floats, Floats]:
        """Normal scores (m, K) of days x (m, K) about one kind, and the log of their slope."""
        noise = np.sqrt(_noise(self.share, legs))[:, None]
        scaled = (x - self.centre[kind]) / noise / self.width
        return _normal_scores(scaled, self.skew / (legs[:, None] * noise))

    def axes(self, x: Floats, legs: Floats) -> Floats:
        """Normal scores about the first kind, uncorrelated (m, K)."""
        return np.asarray((self.normal(x, legs)[0] - self.middle) @ self.turn)

    def far(self, x: Floats, legs: Floats) -> tuple[Floats, Floats]:
        """Squared distance of days to each kind (m, k), and the log of the scores' slope."""
        square, slope = [], []
        for kind in range(len(self.weight)):
            score, log_slope = self.normal(x, legs, kind)
            square.append((((score - self.middle) @ self.turn) ** 2).sum(axis=1))
            slope.append(log_slope.sum(axis=1))
        return np.stack(square, axis=1), np.stack(slope, axis=1)

    def log10_p(self, x: Floats, legs: Floats, overlap: int = 1) -> Floats:
        """log10 of the chance (m,) of a day that the model holds for no likelier than this one.

        The level sets of the mixture are taken as balls about each kind. `overlap`: days that
        share a row of the past, which is then worth fewer.
        """
        width = self.centre.shape[1]
        log_weight = np.log(self.weight)
        rows, freedom = self._doubt(overlap)
        power = self.freedom + width
        level = log_weight - 0.5 * power * np.log1p(self.far(x, legs)[0] / self.freedom)
        level = np.logaddexp.reduce(level, axis=1)[:, None]
        ball = self.freedom * np.expm1(np.clip(2 * (log_weight - level) / power, 0, 500))
        log_p = stats.f.logsf(ball / width * rows / (rows + 1), width, freedom)
        log_p = np.logaddexp.reduce(log_weight + log_p, axis=1)
        return np.asarray(np.clip(log_p / np.log(10), -LOG_FLOOR, 0.0))

    def log10_p_alone(self, x: Floats, legs: Floats, overlap: int = 1) -> Floats:
        """log10 of the chance (m,) of a day with one feature as far from what its others foretell.

        What is odd in one feature, or in one of two that go together, is so in few directions:
        the distance, which looks in all of them, needs more of it. Arguments as `log10_p`.
        """
        sure = self.turn @ self.turn.T
        off = np.stack([
            np.abs((self.normal(x, legs, kind)[0] - self.middle) @ sure).T
            for kind in range(len(self.weight))
        ])  # fmt: skip
        worst = (off / np.sqrt(np.diag(sure))[:, None]).max(axis=1).min(axis=0)
        rows, freedom = self._doubt(overlap)
        log_p = np.log(2 * len(sure)) + stats.t.logsf(worst * np.sqrt(rows / (rows + 1)), freedom)
        return np.asarray(np.clip(log_p / np.log(10), -LOG_FLOOR, 0.0))

    def _doubt(self, overlap: int) -> tuple[float, float]:
        """Rows the past is worth, and Student's freedom: the doubt about the covariance makes tails
        heavier, as in Hotelling's test."""
        k, width = self.centre.shape
        rows = max(self.size / np.sqrt(overlap) - k + 1, width + 4)
        return rows, 1 / (1 / self.freedom + 1 / (rows - width))


def fit(x: Floats, legs: Floats, floor: Floats, kinds: Sequence[int]) -> tuple[Crowds, Crowds]:
    """The model of one kind, and the likeliest of `kinds`, of days x (n, K) with legs (n,).

    floor (K,): least width of a feature. Rows should be clipped and of about unit scale.
    """
    one = min((_fit(x, legs, floor, 1, share) for share in SHARES), key=lambda m: m.bic)
    best = one
    for k in kinds:
        # three kinds are only looked for where two were better than one
        if k == 1 or len(x) < DAYS_A_KIND * k or len(best.weight) < k - 1:
            continue
        more = (_fit(x, legs, floor, k, share) for share in {0.0, one.share})
        more = (m for m in more if m.weight.min() >= LEAST_KIND)
        best = min((best, *more), key=lambda m: m.bic)
    single = _tails(one, x, legs)
    return single, single if best is one else _tails(best, x, legs)


def _noise(share: float, legs: Floats) -> Floats:
    return np.asarray(share + (1 - share) / legs)


def _normal_scores(scaled: Floats, skew: Floats) -> tuple[Floats, Floats]:
    """Normal scores of a standardised gamma-like variable of this skewness; log of their slope."""
    s = np.where(np.abs(skew) < 1e-3, 1e-3, skew)
    base = np.maximum(0.5 * s * scaled + 1, LEAST_ROOT)
    return 6 / s * (np.cbrt(base) - 1) + s / 6, -2 / 3 * np.log(base)


def _fit(x: Floats, legs: Floats, floor: Floats, k: int, share: float) -> Crowds:
    """k kinds by expectation maximisation, then skewness and covariance of normal scores."""
    from sklearn.covariance import ledoit_wolf_shrinkage  # a second to load, only needed here

    n, width = x.shape
    noise = _noise(share, legs)
    weight, centre, own = _kinds(x, noise, k)
    off = (x - centre[own]) / np.sqrt(noise)[:, None]
    sd = np.maximum(np.sqrt((np.clip(off, -6, 6) ** 2).mean(axis=0)), floor)
    few = 1 / (legs * np.sqrt(noise))  # how much of a leg's skewness the day has
    cubes = (np.clip(off / sd, -4, 4) ** 3 * few[:, None]).sum(axis=0)
    skew = np.clip(cubes / ((few**2).sum() + SKEW_DAYS), -MOST_SKEW, MOST_SKEW)
    score, _ = _normal_scores(off / sd, skew * few[:, None])
    score = np.clip(score, -CLIP, CLIP)
    middle = score.mean(axis=0)
    shrink = ledoit_wolf_shrinkage(score)
    cov = (score - middle).T @ (score - middle) / n
    # where `floor` held the width up, the covariance must not take it down again
    cov += np.diag(np.maximum(LEAST_SPREAD - np.diag(cov), 0.0))
    turn = _turn(cov, shrink)
    model = Crowds(n, share, weight, centre, sd, skew, middle, turn, shrink, FREEDOMS[-1], np.inf)
    square, slope = model.far(x, legs)
    likely = np.logaddexp.reduce(np.log(weight) - 0.5 * square + slope, axis=1).sum()
    likely += (
        n * (np.log(np.diag(turn)).sum() - np.log(sd).sum()) - 0.5 * width * np.log(noise).sum()
    )
    price = np.log(n) * (k - 1) * (width + 1) + (2.0 if share > 0 else 0.0)
    return replace(model, bic=float(price - 2 * likely))


def _turn(cov: Floats, shrink: float) -> Floats:
    """What makes rows of this covariance (K, K) uncorrelated, lower triangular. Few rows say
    little about correlations: `shrink` of each is not believed (Ledoit & Wolf 2004)."""
    spread = np.diag(np.diag(cov))
    cov = (1 - shrink) * cov + shrink * spread + 1e-3 * (spread + 1e-3 * np.eye(len(cov)))
    return np.asarray(np.linalg.cholesky(np.linalg.inv(cov)))


def _kinds(x: Floats, noise: Floats, k: int) -> tuple[Floats, Floats, Ints]:
    """Weight (k,), centre (k, K) and each row's kind (n,), the covariance being common."""
    n = len(x)
    part = np.eye(k)[_start(x, k)]
    last = -np.inf
    for _ in range(STEPS):
        pull = part / noise[:, None]
        centre = pull.T @ x / (pull.sum(axis=0)[:, None] + 1e-9)
        weight = (part.sum(axis=0) + 1) / (n + k)
        scatter = sum(
            (x - c).T @ ((x - c) * p[:, None]) for c, p in zip(centre, pull.T, strict=True)
        )
        turn = _turn(np.asarray(scatter) / n, x.shape[1] / (5 * n))
        square = np.stack([(((x - c) @ turn) ** 2).sum(axis=1) for c in centre], axis=1)
        level = np.log(weight) - 0.5 * square / noise[:, None]
        total = np.logaddexp.reduce(level, axis=1)
        part = np.exp(level - total[:, None])
        likely = float(total.sum() + n * np.log(np.diag(turn)).sum())
        if k == 1 or likely - last < 0.01:
            break
        last = likely
    return weight, centre, level.argmax(axis=1)


def _start(x: Floats, k: int) -> Ints:
    """A first guess of each row's kind: cut along the longest axis."""
    if k == 1:
        return np.zeros(len(x), np.int64)
    along = x @ np.linalg.eigh(np.cov(x.T).reshape(x.shape[1], -1))[1][:, -1]
    if k > 2:
        return np.asarray(np.searchsorted(np.quantile(along, np.arange(1, k) / k), along))
    cut = along.mean()
    for _ in range(20):  # two means
        low, high = along[along <= cut], along[along > cut]
        if not (len(low) and len(high)):
            break
        cut = 0.5 * (low.mean() + high.mean())
    return np.asarray(along > cut, dtype=np.int64)


def _tails(model: Crowds, x: Floats, legs: Floats) -> Crowds:
    """The model with Student's tails, of the freedom likeliest for its own days."""
    n, width = x.shape
    square, slope = model.far(x, legs)
    own = (np.log(model.weight) - 0.5 * square + slope).argmax(axis=1)
    every = np.stack([model.normal(x, legs, kind)[0] for kind in range(len(model.weight))])
    score = every[own, np.arange(n)]
    best, found = -np.inf, model
    for freedom in FREEDOMS:
        # same covariance, longer tails
        turn = model.turn * np.sqrt(freedom / (freedom - 2))
        far = (((score - model.middle) @ turn) ** 2).sum(axis=1)
        likely = gammaln((freedom + width) / 2) - gammaln(freedom / 2)
        likely += np.log(np.diag(turn)).sum() - 0.5 * width * np.log(freedom)
        likely = n * likely - 0.5 * (freedom + width) * np.log1p(far / freedom).sum()
        if likely > best:
            best, found = likely, replace(model, turn=turn, freedom=freedom)
    return found
