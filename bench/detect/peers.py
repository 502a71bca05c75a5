"""What others use, scored in the same run: larger is rarer, NaN = not judged, (N, T).

Written from the published descriptions; the R methods call R's package as a program.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from detectors.inputs import Floats

WEEK_OR_MONTH = {1: 28, 7: 26}  # entries of baseline for the moving-window methods


def _moving(counts: Floats, size: int, lag: int = 0) -> tuple[Floats, Floats]:
    """Mean and sd of `size` entries before each, `lag` entries left out, (N, T)."""
    n, total = counts.shape
    mean, sd = np.full((n, total), np.nan), np.full((n, total), np.nan)
    for t in range(size + lag, total):
        part = counts[:, t - lag - size : t - lag]
        mean[:, t], sd[:, t] = part.mean(1), part.std(1, ddof=1)
    return mean, sd


def zscore(counts: Floats, step: int) -> Floats:
    """(y - mean) / sd of the last 28 days (26 weeks)."""
    mean, sd = _moving(counts, WEEK_OR_MONTH[step])
    return (counts - mean) / np.maximum(sd, 0.1)


def ratio(counts: Floats, step: int) -> Floats:
    """y over the mean of the last 28 days: "twice the usual" is a score of 2."""
    mean, _ = _moving(counts, WEEK_OR_MONTH[step])
    return counts / np.maximum(mean, 0.02)


def ears_c1(counts: Floats, _step: int) -> Floats:
    """EARS C1 (Hutwagner et al. 2003): seven entries, no gap."""
    mean, sd = _moving(counts, 7)
    return (counts - mean) / np.maximum(sd, 0.2)


def ears_c2(counts: Floats, _step: int) -> Floats:
    """EARS C2: seven entries, two left out."""
    mean, sd = _moving(counts, 7, lag=2)
    return (counts - mean) / np.maximum(sd, 0.2)


def ears_c3(counts: Floats, step: int) -> Floats:
    """EARS C3: sum of the excess of C2 over 1 on three entries."""
    part = np.maximum(ears_c2(counts, step) - 1, 0)
    out = part.copy()
    out[:, 1:] += part[:, :-1]
    out[:, 2:] += part[:, :-2]
    return out


def nb_cusum(counts: Floats, step: int) -> Floats:
    """CUSUM of negative binomial log likelihood ratios for a doubling; a year of baseline."""
    size = 365 if step == 1 else 52
    mean, sd = _moving(counts, size)
    mean = np.maximum(mean, 0.01)
    phi = np.clip(sd**2 / mean, 1.05, 20.0)
    r = mean / (phi - 1)
    gain = counts * np.log(2 * (r + mean) / (r + 2 * mean)) + r * np.log(
        (r + mean) / (r + 2 * mean)
    )
    out = np.full(counts.shape, np.nan)
    state = np.zeros(len(counts))
    for t in range(size, counts.shape[1]):
        state = np.maximum(0.0, state + gain[:, t])
        out[:, t] = state
    return out


def naive_forest(counts: Floats, step: int) -> Floats:
    """Isolation forest on the count, lags 1-6 and means of 7 and 28, one fit a series."""
    from sklearn.ensemble import IsolationForest

    lags = np.stack([np.roll(counts, k, axis=1) for k in range(7)], axis=-1)
    week, _ = _moving(counts, 7)
    month, _ = _moving(counts, 28)
    x = np.nan_to_num(np.concatenate([lags, week[..., None], month[..., None]], axis=-1))
    first = 365 if step == 1 else 312
    out = np.full(counts.shape, np.nan)
    for i in range(len(counts)):
        model = IsolationForest(n_estimators=50, random_state=1).fit(x[i, 28:first])
        out[i, first:] = -model.score_samples(x[i, first:])
    return out


PEERS = {
    "z-score": zscore,
    "ratio": ratio,
    "EARS C1": ears_c1,
    "EARS C2": ears_c2,
    "EARS C3": ears_c3,
    "NB CUSUM": nb_cusum,
    "forest, naive": naive_forest,
}

R_CODE = """
suppressPackageStartupMessages(library(surveillance))
args <- commandArgs(TRUE)
y <- as.matrix(read.csv(args[1], header = FALSE))
first <- as.integer(args[3]); out <- matrix(NA, nrow(y), ncol(y))
for (i in seq_len(nrow(y))) {
  s <- sts(observed = y[i, ], start = c(2010, 1), frequency = 52)
  range <- first:ncol(y)
  f <- try(farringtonFlexible(s, list(range = range, b = 5, w = 3, noPeriods = 10,
    reweight = TRUE, weightsThreshold = 2.58, pastWeeksNotIncluded = 26, trend = TRUE,
    pThresholdTrend = 1, thresholdMethod = "nbPlugin", alpha = 0.01)), silent = TRUE)
  if (!inherits(f, "try-error")) {
    mu <- f@control$expected; ub <- f@upperbound[, 1]
    out[i, range] <- (y[i, range] - mu) / pmax(ub - mu, 0.5)
  }
}
write.table(out, args[2], sep = ",", row.names = FALSE, col.names = FALSE)
"""


def farrington(counts: Floats, first: int) -> Floats | None:
    """R surveillance's farringtonFlexible, exceedance score; None where R is absent."""
    program = shutil.which("Rscript")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        np.savetxt(here / "y.csv", counts, "%d", ",")
        (here / "run.R").write_text(R_CODE, "utf-8")
        done = subprocess.run(
            [program, "run.R", "y.csv", "out.csv", str(first + 1)],
            cwd=here, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            print("  farringtonFlexible skipped:", done.stderr.decode()[-200:])
            return None
        return np.genfromtxt(here / "out.csv", delimiter=",", missing_values="NA")
