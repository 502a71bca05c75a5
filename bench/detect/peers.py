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

# Each method of R's surveillance sees one series `s`, judged from entry `first`, and leaves
# a score `found` for the entries of `range`.
R_METHODS = {
    # 10 noPeriods, 26 weeks left out: the settings of Noufaily et al. 2013.
    "farringtonFlexible": """
    f <- farringtonFlexible(s, list(range = range, b = 5, w = 3, noPeriods = 10,
      reweight = TRUE, weightsThreshold = 2.58, pastWeeksNotIncluded = 26, trend = TRUE,
      pThresholdTrend = 1, thresholdMethod = "nbPlugin", alpha = 0.01))
    mu <- f@control$expected
    found <- (s@observed[range, 1] - mu) / pmax(f@upperbound[, 1] - mu, 0.5)""",
    # Hoehle & Paul 2008: mean with season and trend and dispersion fitted to what lies before,
    # the size of the shift unknown, onset within half a year. A limit never reached: the
    # statistic would begin anew after each alarm, and one score must serve every threshold.
    "glrnb": """
    g <- glrnb(s, list(range = range, c.ARL = 1e6, mu0 = list(S = 1, trend = TRUE),
      alpha = NULL, Mtilde = 1, M = 26, change = "intercept", theta = NULL, dir = "inc",
      ret = "value"))
    found <- upperbound(g)[, 1]""",
}
R_CODE = """
suppressPackageStartupMessages(library(surveillance))
args <- commandArgs(TRUE)
y <- as.matrix(read.csv(args[1], header = FALSE))
first <- as.integer(args[3]); out <- matrix(NA, nrow(y), ncol(y))
for (i in seq_len(nrow(y))) {
  s <- sts(observed = y[i, ], start = c(2010, 1), frequency = 52)
  range <- first:ncol(y)
  try({METHOD
    found[is.na(found)] <- -99  # fewer than five cases in four weeks: never an alarm
    out[i, range] <- found
  }, silent = TRUE)
}
write.table(out, args[2], sep = ",", row.names = FALSE, col.names = FALSE)
"""
R_SECONDS = 900  # a method that takes longer is told as too slow, not waited for


def surveillance(method: str, counts: Floats, first: int) -> Floats | str:
    """Scores (N, T) of one of `R_METHODS` on weekly counts, judged from entry `first`; or why
    there are none."""
    program = shutil.which("Rscript")
    if program is None:
        return "apt-get install r-base-core r-cran-surveillance"
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        np.savetxt(here / "y.csv", counts, "%d", ",")
        (here / "run.R").write_text(R_CODE.replace("METHOD", R_METHODS[method]), "utf-8")
        try:
            done = subprocess.run(
                [program, "run.R", "y.csv", "out.csv", str(first + 1)],
                cwd=here, capture_output=True, check=False, timeout=R_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"not done in {R_SECONDS} s"
        if done.returncode != 0:
            return done.stderr.decode()[-200:]
        return np.genfromtxt(here / "out.csv", delimiter=",", missing_values="NA")
