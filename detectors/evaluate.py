"""How good a detector is: the measures of detection.md, section 8, and the oracle.

`score` arrays are (N, T), larger is rarer, NaN = not judged. Nothing here knows which
detector made them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from detectors import surge
from detectors.inputs import Bools, Floats, Ints
from detectors.simulate import TAIL_DAYS, Trial

GRACE = {"spike": 2, "burst": 4}  # days that an alarm may come after a short surge
MERGE_DAYS = 7  # alarms within a week are one false alarm
MISS_DAYS = 28.0  # what a miss counts in the mean delay


@dataclass(frozen=True)
class Report:
    """Measures at one threshold; `hit`, `delay` (M,) for paired intervals."""

    threshold: float
    far: float
    fpr: float
    pod: float
    pod_week: float
    delay_mean: float
    delay_median: float
    hit: Bools
    delay: Floats


def clean(trial: Trial, score: Floats) -> Bools:
    """Entries on which an alarm would be false, (N, T): judged, no surge, no tail of one."""
    out = np.isfinite(score)
    out[:, : trial.judge_from] = False
    tail = TAIL_DAYS // trial.step
    for row, start, end in zip(trial.surges.row, trial.surges.start, trial.surges.end, strict=True):
        out[row, start : end + 1 + tail] = False
    return out


def false_alarms(alarm: Bools, ok: Bools, step: int = 1) -> Ints:
    """False alarms a series, (N,): those within a week of a counted one are the same."""
    last = np.full(len(alarm), -10_000)
    count = np.zeros(len(alarm), np.int64)
    hits = alarm & ok
    for t in np.flatnonzero(hits.any(axis=0)):
        new = hits[:, t] & ((t - last) * step >= MERGE_DAYS)
        last[new] = t
        count += new
    return count


def far_at(score: Floats, ok: Bools, threshold: float, step: int = 1) -> float:
    """False alarms per series-year of clean entries."""
    with np.errstate(invalid="ignore"):
        alarm = score >= threshold
    years = max(ok.sum() * step / 365.25, 1e-9)
    return float(false_alarms(alarm, ok, step).sum() / years)


def threshold_for(score: Floats, ok: Bools, far: float, step: int = 1) -> float:
    """Lowest threshold whose pooled FAR does not exceed `far`."""
    values = score[ok]
    years = ok.sum() * step / 365.25
    # Few of an episode's entries are counted, but never fewer than one in sixty.
    top = min(len(values), int(far * years * 60) + 50)
    candidates = np.unique(np.partition(values, len(values) - top)[-top:])
    rows, cols = np.nonzero(ok & (score >= candidates[0]))
    events = (rows, cols, score[rows, cols])
    low, high = 0, len(candidates)
    while low < high:
        mid = (low + high) // 2
        if _count_events(*events, candidates[mid], step) / years <= far:
            high = mid
        else:
            low = mid + 1
    return float(candidates[min(low, len(candidates) - 1)])


def _count_events(rows: Ints, cols: Ints, values: Floats, threshold: float, step: int) -> int:
    """`false_alarms` over a sparse list in row-major order."""
    use = values >= threshold
    last_row, last_col, count = -1, 0, 0
    for row, col in zip(rows[use].tolist(), cols[use].tolist(), strict=True):
        if row != last_row or (col - last_col) * step >= MERGE_DAYS:
            last_row, last_col = row, col
            count += 1
    return count


def threshold_for_fpr(score: Floats, ok: Bools, fpr: float) -> float:
    """Threshold that this share of clean entries reaches."""
    return float(np.quantile(score[ok], 1 - fpr, method="higher"))


def delays(trial: Trial, score: Floats, threshold: float) -> Floats:
    """Days from start to first alarm, (M,); infinite where the surge was missed."""
    with np.errstate(invalid="ignore"):
        alarm = score >= threshold
    out = np.full(len(trial.surges), np.inf)
    s = trial.surges
    for i, (row, start, end, kind) in enumerate(zip(s.row, s.start, s.end, s.kind, strict=True)):
        late = end + GRACE.get(str(kind), 0) // trial.step
        hits = np.flatnonzero(alarm[row, start : late + 1])
        if hits.size:
            out[i] = hits[0] * trial.step
    return out


def report(trial: Trial, score: Floats, threshold: float) -> Report:
    """All measures at one threshold."""
    ok = clean(trial, score)
    delay = delays(trial, score, threshold)
    hit = np.isfinite(delay)
    capped = np.where(hit, np.minimum(delay, MISS_DAYS), MISS_DAYS)
    empty = len(delay) == 0
    return Report(
        threshold,
        far_at(score, ok, threshold, trial.step),
        float((score[ok] >= threshold).mean()),
        float(hit.mean()) if not empty else np.nan,
        float((delay < 7).mean()) if not empty else np.nan,
        float(capped.mean()) if not empty else np.nan,
        float(np.median(delay)) if not empty else np.nan,
        hit,
        delay,
    )


def at_far(trial: Trial, score: Floats, far: float) -> Report:
    """All measures at the threshold where the pooled FAR hits `far`."""
    return report(trial, score, threshold_for(score, clean(trial, score), far, trial.step))


def group_far(trial: Trial, alarm: Bools) -> dict[str, float]:
    """False alarms per series-year of each group."""
    ok = clean(trial, np.zeros(alarm.shape))
    counts = false_alarms(alarm, ok, trial.step)
    out = {}
    for name in np.unique(trial.group):
        rows = trial.group == name
        out[str(name)] = float(counts[rows].sum() / (ok[rows].sum() * trial.step / 365.25))
    return out


def ratio_interval(a: Floats, b: Floats, row: Ints, seed: int = 0) -> tuple[float, float, float]:
    """mean(a) / mean(b) of paired surge outcomes with a 95 % bootstrap over series."""
    rng = np.random.default_rng(seed)
    rows, index = np.unique(row, return_inverse=True)
    sum_a = np.bincount(index, a.astype(float), len(rows))
    sum_b = np.bincount(index, b.astype(float), len(rows))
    draws = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), 1000)
    ratio = (draws @ sum_a) / np.maximum(draws @ sum_b, 1e-9)
    low, high = np.quantile(ratio, [0.025, 0.975])
    return float(a.mean() / max(b.mean(), 1e-9)), float(low), float(high)


def oracle(trial: Trial) -> Floats:
    """The omnibus oracle: told mean and dispersion, it averages likelihood ratios over
    surge sizes and durations, (N, T) in log10. Surges keep the dispersion (NB1)."""
    lengths = surge.windows(trial.step)
    total = np.full(trial.counts.shape, -np.inf)
    for w in lengths:
        count, mean = _rolling(trial.counts, int(w)), _rolling(trial.mean, int(w))
        mean = np.maximum(mean, 1e-9)
        for size in surge.SIZES:
            k = (1 + 0.5 * size * np.sqrt(trial.spread[:, None] / mean)) ** 2
            total = np.logaddexp(total, _log_ratio(count, mean, k, trial.spread[:, None]))
    return np.asarray((total - np.log(len(lengths) * len(surge.SIZES))) / np.log(10))


def _rolling(x: Floats, w: int) -> Floats:
    total = np.cumsum(x, axis=1)
    total[:, w:] = total[:, w:] - total[:, :-w]
    return total


def _log_ratio(count: Floats, mean: Floats, k: Floats, spread: Floats) -> Floats:
    """Log likelihood ratio of mean k x mean to mean, dispersion unchanged."""
    over = np.maximum(spread, 1.0 + 1e-6) - 1
    r, rk = mean / over, k * mean / over
    clumped = (
        gammaln(count + rk) - gammaln(rk) - gammaln(count + r) + gammaln(r)
        - (rk - r) * np.log1p(over)
    )  # fmt: skip
    scaled = (count * np.log(k) - (k - 1) * mean) / np.minimum(spread, 1.0)
    return np.where(spread > 1.0001, clumped, scaled)
