"""Two pictures of docs/detection.md: `python bench/detect/pictures.py`."""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from detectors import Walk, evaluate, simulate, walk_forward

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "docs" / "pictures"
DATA = ROOT / "tests" / "detectors" / "data"
SEED = 3001
REAL = (
    ("albania_2021-2022.csv", "flt_a", "Albania, arrivals", "2021-10-01"),
    ("turkiye_2022-2023.csv", "flt_i", "Türkiye, domestic", "2022-08-01"),
    ("moldova_2021-2022.csv", "flt_d", "Moldova, departures", "2021-09-01"),
    ("estonia_2023-2024.csv", "flt_d", "Estonia, departures (no event known)", "2023-06-01"),
    ("nyc_2013_route_daily_counts.csv", "HNL", "New York - Honolulu", "2013-01-01"),
    ("nyc_2013_route_daily_counts.csv", "MVY", "New York - Martha's Vineyard", "2013-01-01"),
)


def real() -> None:
    """Each series with what was expected, the limit, and the alarms."""
    fig, axes = plt.subplots(len(REAL), 1, figsize=(10, 15), layout="constrained")
    for ax, (name, field, title, start) in zip(axes, REAL, strict=True):
        with (DATA / name).open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        dates = np.array([next(iter(r.values())) for r in rows], "datetime64[D]")
        y = np.array([float(r[field]) for r in rows])
        y[y < 0] = np.nan
        walk = walk_forward(y, dates)
        show = dates >= np.datetime64(start)
        ax.plot(dates[show], y[show], color="0.35", lw=0.8, label="legs")
        ax.plot(dates[show], walk.expected[show], color="tab:blue", lw=1.2, label="expected")
        ax.plot(dates[show], walk.limit[show], color="tab:orange", lw=0.8, label="limit")
        hit = show & walk.alarm
        ax.plot(dates[hit], y[hit], "o", color="tab:red", ms=3.5, label="alarm")
        first = np.flatnonzero(hit & ~np.r_[np.zeros(7, bool), walk.alarm[:-7]])
        ax.set_title(f"{title}: {_said(walk, first)}", fontsize=9, loc="left")
    axes[0].legend(ncols=4, fontsize=8, frameon=False)
    fig.savefig(OUT / "detection-real.png", dpi=110)


def _said(walk: Walk, first: np.ndarray) -> str:
    if not first.size:
        return "nothing would have been said"
    t = first[np.argmax(walk.score[first])]
    years = min(walk.return_period_years[t], 1e6)
    return (
        f"loudest: {walk.observed_window[t]:.0f} in {walk.window_days[t]} d, "
        f"{walk.expected_window[t]:.0f} expected, once in {years:,.0f} years by chance"
    )


def calibration() -> None:
    """Stated against actual false alarms a year, one line a class."""
    trial = simulate.sparse_grid(SEED, per_class=60, surges=False)
    score = walk_forward(trial.counts, trial.dates).score
    ok = evaluate.clean(trial, score)
    stated = np.array([0.1, 0.2, 0.5, 1.0, 2.0, 5.0])
    fig, ax = plt.subplots(figsize=(6, 5.5), layout="constrained")
    for k, name in enumerate(np.unique(trial.group)):
        rows = trial.group == name
        actual = [evaluate.far_at(score[rows], ok[rows], -np.log10(s)) for s in stated]
        ax.plot(stated, actual, "o-", ms=3, lw=0.8, color=plt.cm.viridis(k / 18), label=name)
    ax.plot(stated, stated, color="black", lw=1.5, label="as stated")
    ax.set(xscale="log", yscale="log", xlabel="stated false alarms a year", ylabel="actual")
    ax.legend(fontsize=6, ncols=2, frameon=False)
    fig.savefig(OUT / "detection-calibration.png", dpi=110)


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    real()
    calibration()


if __name__ == "__main__":
    main()
