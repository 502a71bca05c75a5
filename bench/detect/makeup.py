"""Make-up and the forest's ablation: `python bench/detect/makeup.py [--series 24]`

Six features in two correlated pairs and two alone; four legs a day; every 60 days one odd
day, half of them in a single margin (1.5 to 3.5 sd a leg), half JOINT (both of a pair move
1 to 2.2 sd, against their correlation: each within its range). All variants see the same
series; the threshold of each is the one at which it has one false alarm a year.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from detectors import composition, evaluate
from detectors.inputs import Bools, Floats

SIZE, FEATURES, JUDGE_FROM, SEED = 730, 6, 365, 4001
PICTURE = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "detection-makeup.png"
VARIANTS: tuple[tuple[str, ...], ...] = (
    ("sum",), ("max",), ("sum", "max"), ("forest",), ("forest", "sum", "max"),
)  # fmt: skip


def series(seed: int) -> tuple[Floats, Floats, dict[int, str]]:
    """Features (T, K), legs (T,) and the odd days with their kind."""
    rng = np.random.default_rng(seed)
    legs = rng.poisson(4.0, SIZE).astype(float)
    odd = {t: str(rng.choice(["single", "joint"])) for t in range(380, SIZE - 20, 60)}
    x = np.full((SIZE, FEATURES), np.nan)
    for t in range(SIZE):
        legs[t] = max(legs[t], 3) if t in odd else legs[t]
        if legs[t]:
            x[t] = _legs(rng, int(legs[t]), odd.get(t)).mean(0)
    return x, legs, odd


def _legs(rng: np.random.Generator, m: int, kind: str | None) -> Floats:
    x = rng.normal(size=(m, FEATURES))
    x[:, 1] = 0.8 * x[:, 0] + 0.6 * x[:, 1]
    x[:, 3] = -0.8 * x[:, 2] + 0.6 * x[:, 3]
    if kind == "single":
        x[:, rng.integers(FEATURES)] += rng.choice([-1, 1]) * rng.uniform(1.5, 3.5)
    if kind == "joint":
        push = rng.choice([-1, 1]) * rng.uniform(1.0, 2.2)
        a, b, sign = (0, 1, -1) if rng.random() < 0.5 else (2, 3, 1)
        x[:, a] += push
        x[:, b] += sign * push
    return x


def _clean(score: Floats, odd: list[dict[int, str]]) -> Bools:
    ok = np.isfinite(score)
    ok[:, :JUDGE_FROM] = False
    for row, days in enumerate(odd):
        for t in days:
            ok[row, t : t + 10] = False
    return ok


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=24)
    data = [series(SEED + i) for i in range(parser.parse_args().series)]
    odd = [d[2] for d in data]
    names = tuple("abcdef")
    print("parts                     single  joint    all   (POD at 1 a year; n)   at budget 1")
    found: list[tuple[float, float]] = []
    for parts in VARIANTS:
        walks = [composition.walk_forward(x, n, names, 1.0, parts=parts) for x, n, _ in data]
        score = np.array([w.score for w in walks])
        ok = _clean(score, odd)
        threshold = evaluate.threshold_for(score, ok, 1.0)
        hits: dict[str, list[bool]] = {"single": [], "joint": []}
        for row, days in enumerate(odd):
            for t, kind in days.items():
                hits[kind].append(bool(np.nanmax(score[row, t : t + 3]) >= threshold))
        both = hits["single"] + hits["joint"]
        found.append((float(np.mean(hits["single"])), float(np.mean(hits["joint"]))))
        half = 1.96 * np.sqrt(np.mean(both) * (1 - np.mean(both)) / len(both))
        print(
            f"{'+'.join(parts):<24} {np.mean(hits['single']):7.3f} {np.mean(hits['joint']):6.3f} "
            f"{np.mean(both):6.3f} +- {half:.3f}  n={len(both)}"
            f"   FAR {evaluate.far_at(score, ok, 0.0):.2f}, threshold {threshold:.2f}",
            flush=True,
        )
    picture(np.array(found))


def picture(found: Floats) -> None:
    """docs/pictures/detection-makeup.png."""
    at = np.arange(len(VARIANTS))
    fig, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
    ax.bar(at - 0.2, found[:, 0], 0.38, label="odd in one margin", color="0.6")
    ax.bar(at + 0.2, found[:, 1], 0.38, label="odd jointly", color="tab:red")
    ax.set_xticks(at, ["+".join(v) for v in VARIANTS], fontsize=8)
    ax.set(ylabel="found, at one false alarm a year", ylim=(0, 1))
    ax.legend(frameon=False, fontsize=8)
    fig.savefig(PICTURE, dpi=110)


if __name__ == "__main__":
    main()
