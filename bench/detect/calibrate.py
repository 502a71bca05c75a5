"""Refit the table that turns scores into false alarms a year, from simulated quiet series.

    python bench/detect/calibrate.py [--per-class 40] [--write]

Quiet negative binomial (and, below dispersion 1, timetabled) series over a grid of rates
and dispersions, half of them plain and half with weekday, season and trend. The table
states slightly more false alarms than happen (AIM), because a class must not exceed its
budget by the noise of its own fit. Seeds 900-999 are used nowhere else.

The shipped daily surges are `daily_fit.json`, lowered: the fit as this script made it before the
season had to prove itself. Fitted anew on the engine of today, the columns of regular routes move,
which lost 0.003 POD on the grid and 0.03 at cold start (seeds 78000 and 78700); `--anew` fits them.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from detectors import calibration, evaluate, simulate
from detectors.engine import Engine, Judged
from detectors.inputs import Floats
from detectors.prior import spread_priors

OUT = Path(calibration.__file__).parent / "data" / "calibration.json"
TARGETS = np.array([0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.5, 4.0, 8.0])
# Where the fit counts most: the default budget.
IMPORTANCE = np.array([0.5, 1.0, 1.0, 2.0, 3.0, 2.0, 1.0, 1.0, 0.5])
AIM = 0.87
# In the rare, clumped corner the fit runs away (levels up to 5), because there a dispersion
# looks large mostly after a surge. Uncapped: POD 0.957 of the oracle's at one common
# threshold, worst class 1.03 a year; capped at 1.3: 0.971 and 2.0.
# Lulls are compared with nobody else's: a silence is worth what it is worth on its own
# route, and regular or rare ones need the room (capped as surges: worst class 2.1 a year).
LEVEL_CAP = {1: 2.0, -1: 6.0}
# The log10 likelihood ratio that is worth one surge alarm a year, by step: least, least on
# rare routes, most. Seeds 21, 321, 322 (daily): freely 0.957 of the oracle at one common
# threshold, worst class 0.93 and overall 0.78 a year; so 0.98, 1.2 and 0.65. Seed 32
# (weekly), FPR 1 % and 2.5 %: freely 0.91 and 0.97, so 0.96 and 0.99.
EVIDENCE = {1: (0.95, 1.65, 1.25), 7: (0.7, 0.7, 0.9)}
# On rare routes nobody can tell a clumped one from one that is not, and evidence beyond
# the threshold is worth what it is worth on the clumped.
SLOPE_MOST, SLOPE_RARE = 1.2, 0.6
# Regular routes need less, a decade of dispersion half a decade of evidence: at the full
# measure their one-day doublings would come too late.
REGULAR_FALL = 0.5
KINDS = (("daily", 1, 1), ("weekly", 7, 1), ("lull daily", 1, -1), ("lull weekly", 7, -1))
SLOPE_RANGE = {1: (0.85, 2.5), -1: (0.3, 6.0)}
NAMES = ("rates", "spreads", "level", "slope")
# The kept fit of daily surges, and what is taken off its levels: a season that must prove itself
# made the detector quieter, and this gives some of the eagerness back.
KEPT, LOWERED = Path(__file__).with_name("daily_fit.json"), 0.03
DAILY_RATES = (0.01, 0.02, 0.04, 0.07, 0.12, 0.2, 0.35, 0.6, 1.0, 2.0, 4.0, 8.0, 16.0, 40.0)
WEEKLY_RATES = (0.1, 0.3, 1.0, 2.0, 5.0, 12.0, 40.0, 150.0)
SPREADS = (1.0, 1.3, 1.8, 2.5, 4.0)
REGULAR = (0.1, 0.25, 0.5)


@dataclass(frozen=True)
class Recorder(calibration.Table):
    """A table that changes nothing and writes down what it was asked."""

    rates: Floats = field(default_factory=lambda: np.zeros(2))
    spreads: Floats = field(default_factory=lambda: np.zeros(2))
    level: Floats = field(default_factory=lambda: np.zeros((2, 2)))
    slope: Floats = field(default_factory=lambda: np.zeros((2, 2)))
    asked: list[tuple[Floats, Floats]] = field(default_factory=list)

    def lines(self, rate: Floats, spread: Floats) -> tuple[Floats, Floats]:
        self.asked.append((rate.copy(), spread.copy()))
        return np.zeros_like(rate), np.ones_like(rate)


@dataclass(frozen=True)
class Quiet:
    """Raw scores of one class on judged entries, (n, T), and what the model believed."""

    score: Floats
    rate: Floats
    spread: Floats
    step: int


def quiet_class(
    rate: float, spread: float, n: int, seed: int, step: int = 1, sign: int = 1
) -> Quiet:
    """Simulate and score n quiet series of one class."""
    rng = np.random.default_rng(seed)
    size = 365 * 3 if step == 1 else 420
    dates = simulate.FIRST_DAY + step * np.arange(size)
    rates = rate * 10 ** rng.uniform(-0.1, 0.1, n)
    mean = simulate.seasonal(rng, rates, dates.astype(np.int64))
    if step == 7:  # a weekday effect means nothing in weekly sums
        wave = np.sin(2 * np.pi * dates.astype(np.int64) / 365.25)
        mean = rates[:, None] * np.exp(rng.uniform(0, 0.6, (n, 1)) * wave)
    mean[: n // 2] = rates[: n // 2, None]
    counts = simulate.draw(rng, mean, np.full((n, 1), spread))
    recorder = Recorder()
    engine = Engine.start(
        spread_priors(None, n), step, int(dates[0].astype(int)), 0, recorder, sign
    )
    out = Judged.empty(n, size)
    engine.run(counts, np.ones_like(counts), np.zeros((1, size, 0)), False, 1.0, out)
    first = 365 if step == 1 else 156
    asked = [np.concatenate([a[k] for a in recorder.asked], axis=1)[:, first:] for k in (0, 1)]
    return Quiet(out.score[:, first:], asked[0], asked[1], step)


def nodes(step: int) -> tuple[Floats, Floats]:
    """Where the table is pinned: log10 rates and log10 dispersions."""
    rates = np.arange(-2.0, 1.6, 0.5) if step == 1 else np.arange(-1.0, 2.1, 0.5)
    return rates, np.log10([0.1, 0.3, 0.7, 1.0, 1.4, 2.0, 4.0])


def basis(rate: Floats, spread: Floats, step: int) -> Floats:
    """Interpolation weights of the nodes, (..., R * S)."""
    rates, spreads = nodes(step)
    shape = (len(rates), len(spreads))
    i, u = calibration.place(rates, np.asarray(rate))
    j, v = calibration.place(spreads, np.asarray(spread))
    out = np.zeros((*np.shape(rate), shape[0] * shape[1]))
    for di, dj, w in (
        (0, 0, (1 - u) * (1 - v)),
        (0, 1, (1 - u) * v),
        (1, 0, u * (1 - v)),
        (1, 1, u * v),
    ):
        at = (i + di) * shape[1] + j + dj
        np.put_along_axis(out, at[..., None], w[..., None], -1)
    return out


def as_table(level: Floats, slope: Floats, step: int) -> calibration.Table:
    """Coefficients as the table the detector reads."""
    rates, spreads = nodes(step)
    shape = (len(rates), len(spreads))
    return calibration.Table(rates, spreads, level.reshape(shape), slope.reshape(shape))


def stated(c: Quiet, table: calibration.Table) -> Floats:
    """Calibrated scores of a class under a table, from what the model believed each day."""
    level, slope = table.lines(c.rate, c.spread)
    return slope * c.score - level


def roughness(step: int) -> Floats:
    """Penalty (R*S, R*S) on second differences along both axes: empty corners continue lines."""
    rates, spreads = nodes(step)
    shape = (len(rates), len(spreads))
    eye = np.eye(shape[0] * shape[1]).reshape(-1, *shape)
    parts = [np.diff(eye, 2, axis=axis).reshape(len(eye), -1) for axis in (1, 2)]
    return np.asarray(sum(p @ p.T for p in parts))


def fit(classes: list[Quiet], step: int, sign: int = 1, rounds: int = 4) -> calibration.Table:
    """The table under which stated and actual rates agree.

    Each round applies the table with the ESTIMATED rate and dispersion of each day,
    finds where every class really has the target rates, and moves the table there.
    """
    size = len(nodes(step)[0]) * len(nodes(step)[1])
    level, slope = np.ones(size), np.ones(size)
    rough = roughness(step)
    penalty = np.block([[0.1 * rough, np.zeros_like(rough)], [np.zeros_like(rough), 0.3 * rough]])
    penalty += 1e-3 * np.eye(2 * size)
    start = np.concatenate([level, slope])
    for _ in range(rounds):
        a, y = _equations(classes, as_table(level, slope, step), step)
        found = np.linalg.solve(a.T @ a + penalty, a.T @ y + 1e-3 * start)
        # Held near 1: a likelihood ratio means the same on every route, and a slope that
        # follows the noise of rare, clumped routes cost 0.03 POD at one common threshold.
        slope = np.clip(found[size:], *SLOPE_RANGE[sign])
        rest = y - a[:, size:] @ slope
        left = a[:, :size]
        level = np.linalg.solve(
            left.T @ left + penalty[:size, :size], left.T @ rest + 1e-3 * start[:size]
        )
    return as_table(np.minimum(level, LEVEL_CAP[sign]), slope, step)


def held(table: calibration.Table, step: int) -> calibration.Table:
    """The surge table with the evidence for "once a year" held between bounds.

    All routes' surges compete for one threshold: classes whose own fit would alarm on weak
    evidence state more false alarms than happen, clumped ones slightly fewer.
    """
    least, least_rare, most = EVIDENCE[step]
    rare = np.clip(-0.5 - table.rates, 0.0, 1.0)[:, None]
    slope = table.slope
    if step == 1:
        cap = SLOPE_MOST - (SLOPE_MOST - SLOPE_RARE) * rare
        slope = np.where(table.spreads >= 0, np.minimum(slope, cap), slope)
    low = least + (least_rare - least) * rare + REGULAR_FALL * np.minimum(table.spreads, 0.0)
    evidence = np.clip(table.level / table.slope, low, np.maximum(low, most))
    return calibration.Table(table.rates, table.spreads, evidence * slope, slope)


def _equations(classes: list[Quiet], table: calibration.Table, step: int
               ) -> tuple[Floats, Floats]:  # fmt: skip
    """Weighted rows (level | slope) whose solution gives every class its target rates."""
    rows, values = [], []
    for c in classes:
        score = stated(c, table)
        ok = np.isfinite(score)
        near = score > np.quantile(score[ok], 0.9)
        for target, weight in zip(TARGETS, IMPORTANCE, strict=True):
            found = evaluate.threshold_for(score, ok, target * AIM, c.step)
            at = near & ok & (np.abs(score - found) < 0.3)
            if not at.any():
                continue
            b = basis(c.rate[at], c.spread[at], step).mean(0)
            level, slope = table.lines(c.rate[at], c.spread[at])
            raw = float(((found + level) / slope).mean())
            rows.append(np.concatenate([-b, b * raw]) * np.sqrt(weight))
            values.append(-np.log10(target) * np.sqrt(weight))
    return np.array(rows), np.array(values)


def actual(classes: list[Quiet], table: calibration.Table, budget: float) -> list[float]:
    """False alarms a year of each class when the table states `budget`."""
    scores = [stated(c, table) for c in classes]
    return [evaluate.far_at(s, np.isfinite(s), -np.log10(budget), classes[0].step) for s in scores]


def grid(step: int, sign: int = 1) -> list[tuple[float, float]]:
    """Rates (legs an entry) and dispersions of the classes."""
    rates = DAILY_RATES if step == 1 else WEEKLY_RATES
    # On a route of a leg a month nobody, the model least of all, can tell a dispersion of 4
    # from 1; such classes would only make the others deaf.
    top = {s: (0.0 if s < 2 else 0.06 if s < 3 else 0.15) for s in SPREADS}
    cells = [(r, s) for r in rates for s in SPREADS if r >= top[s]]
    cells += [(r, s) for r in rates if r >= 1 for s in REGULAR]
    # A lull needs traffic: below a leg in ten days silence is the rule.
    return cells if sign > 0 else [c for c in cells if c[0] >= 0.1]


def calibrate(
    step: int, per_class: int, seed: int, sign: int = 1
) -> tuple[dict[str, Any], list[str]]:
    """The table's part for one step, and lines that say how well it fits."""
    cells = grid(step, sign)
    scale = 1 if step == 1 else 7
    classes = [quiet_class(r, s, per_class, seed + i, step, sign) for i, (r, s) in enumerate(cells)]
    table = fit(classes, step, sign)
    if sign > 0:
        table = held(table, step)
    lines = []
    for budget in (1.0, 0.2):
        far = np.array(actual(classes, table, budget)) / budget
        lines.append(f"step {step}: stated {budget:g} a year, actual / stated by class")
        for cell, value in zip(cells, far, strict=True):
            lines.append(f"  {cell[0] / scale:7.3f}/d x{cell[1]:4.2f}: {value:.2f}")
        lines.append(f"  mean {far.mean():.2f}, worst {far.max():.2f}")
    return {name: _rounded(getattr(table, name)) for name in NAMES}, lines


def kept() -> dict[str, Any]:
    """The daily surges as shipped: rates, spreads, levels and slopes."""
    fit = json.loads(KEPT.read_text("utf-8"))
    rates, spreads = nodes(1)
    table = calibration.Table(rates, spreads, np.array(fit["level"]) - LOWERED, fit["slope"])
    return {name: _rounded(getattr(table, name)) for name in NAMES}


def _rounded(values: Floats) -> Any:
    return np.round(values, 4).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-class", type=int, default=40)
    parser.add_argument("--only", default="", choices=["", *(k[0] for k in KINDS)])
    parser.add_argument("--anew", action="store_true", help="fit the daily surges too")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    parts = json.loads(OUT.read_text("utf-8")) if OUT.exists() else {}
    for name, step, sign in KINDS:
        if args.only not in ("", name):
            continue
        if name == "daily" and not args.anew:
            parts[name] = kept()
            continue
        parts[name], lines = calibrate(step, args.per_class, 900 + 10_000 * step, sign)
        print("\n".join(lines), flush=True)
    text = json.dumps(parts) + "\n"
    if args.write:
        OUT.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
