"""Make-up: what each part of it finds, and whether its budget holds.

    python bench/detect/makeup.py [--series 12] [--quiet 15] [--fit]

Three worlds (`routes.py`) at 1, 3, 10 and 30 legs a day. All variants see the same series; the
threshold of each is the one at which it has one false alarm a year in that world. Then quiet
series at the stated budget. Tuned on seeds 5000 to 5999; `--fit` prints the calibration
from seeds 5500 and up; judged on seeds from 11001.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from routes import KINDS, WORLDS, Route

from detectors import composition, evaluate
from detectors.inputs import Floats

SEED, FIT_SEED = 11001, 5500
RATES = (1.0, 3.0, 10.0, 30.0)
JUDGE_FROM = 365
PICTURE = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "detection-makeup.png"
VARIANTS: dict[str, tuple[str, ...]] = {
    "sum of squares": ("sum",),
    "largest": ("max",),
    "distance": ("distance",),
    "trees": ("forest",),
    "distance + trees": composition.DEFAULT_PARTS,
    "all four": ("distance", "forest", "sum", "max"),
}
DEFAULT, TOLD = "distance + trees", "told the truth"


@dataclass(frozen=True)
class Scored:
    """A route with the score of each variant and of one who was told the truth, (T,)."""

    route: Route
    rate: float
    score: dict[str, Floats]


def scored(world: str, rate: float, seed: int, odd: bool, variants: dict[str, tuple[str, ...]]
           ) -> Scored:  # fmt: skip
    """One series through all variants; what is learnt is learnt once."""
    route = WORLDS[world](seed, rate, odd)
    names = tuple(map(str, range(route.x.shape[1])))
    x, legs = composition._check(route.x, route.legs, names, 1.0, composition.DEFAULT_PARTS)
    views = [composition.window(x, legs, w, with_forest=True)[1] for w in composition.WINDOWS]
    score = {k: -composition.joined(views, parts)[0] for k, parts in variants.items()}
    return Scored(route, rate, {**score, TOLD: route.told})


def series(world: str, seed: int, each: int, odd: bool, variants: dict[str, tuple[str, ...]]
           ) -> list[Scored]:  # fmt: skip
    return [
        scored(world, rate, seed + 100 * k + 1_000_000 * i, odd, variants)
        for i, rate in enumerate(RATES)
        for k in range(each)
    ]


def found(data: list[Scored], variant: str) -> dict[str, list[bool]]:
    """Whether each odd day was found, by kind and by legs a day, at one false alarm a year."""
    score = np.array([s.score[variant] for s in data])
    ok = np.isfinite(score)
    ok[:, :JUDGE_FROM] = False
    for row, s in enumerate(data):
        for t in s.route.odd:
            ok[row, t : t + 10] = False
    threshold = evaluate.threshold_for(score, ok, 1.0)
    hits: dict[str, list[bool]] = {name: [] for name in (*KINDS, *map(by_legs, RATES))}
    for row, s in enumerate(data):
        for t, kind in s.route.odd.items():
            best = np.nan_to_num(score[row, t : t + 3], nan=-np.inf).max()
            for name in (kind, by_legs(s.rate)):
                hits[name].append(bool(best >= threshold))
    return hits


def ablation(each: int) -> dict[str, dict[str, dict[str, list[bool]]]]:
    """Found or not, by world, variant and kind."""
    print("POD at one false alarm a year, by world: odd in one margin, jointly")
    out: dict[str, dict[str, dict[str, list[bool]]]] = {}
    for world in WORLDS:
        data = series(world, SEED, each, True, VARIANTS)
        out[world] = {name: found(data, name) for name in (*VARIANTS, TOLD)}
        print(f"  {world} ({sum(len(out[world][DEFAULT][kind]) for kind in KINDS)} odd days)")
        for name, hits in out[world].items():
            print(
                f"    {name:<18} {interval(hits['single'])}  {interval(hits['joint'])}", flush=True
            )
    together = {
        name: {k: [hit for w in WORLDS for hit in out[w][name][k]] for k in out["crowd"][name]}
        for name in (*VARIANTS, TOLD)
    }
    print("  all worlds together")
    for name, hits in together.items():
        both = hits["single"] + hits["joint"]
        print(f"    {name:<18} {interval(hits['single'])}  {interval(hits['joint'])}  "
              f"all {interval(both)} of {len(both)}")  # fmt: skip
    for name in (DEFAULT, TOLD):
        for world, rows in {**out, "all": together}.items():
            rates = ", ".join(f"{np.mean(rows[name][by_legs(rate)]):.2f}" for rate in RATES)
            print(f"    {name}, {world}, at {RATES} legs a day: {rates}")
    shares = {w: share_of_told(rows) for w, rows in {**out, "all": together}.items()}
    print("    found of what is found when told: "
          + ", ".join(f"{w} {share:.3f}" for w, share in shares.items()))  # fmt: skip
    for name in ("largest", "sum of squares", "distance"):
        for kind in ("single", "joint"):
            print(f"    {DEFAULT} less {name}, {kind}: "
                  f"{difference(together[DEFAULT][kind], together[name][kind])}")  # fmt: skip
    return {**out, "all": together}


def share_of_told(rows: dict[str, dict[str, list[bool]]]) -> float:
    """POD of the default over that of the one who was told the truth."""
    default, told = (np.concatenate([rows[n][k] for k in KINDS]).mean() for n in (DEFAULT, TOLD))
    return float(default / told)


def by_legs(rate: float) -> str:
    return f"{rate:g} a day"


def interval(hits: list[bool]) -> str:
    mean = float(np.mean(hits))
    return f"{mean:.3f} +- {1.96 * np.sqrt(mean * (1 - mean) / len(hits)):.3f}"


def difference(a: list[bool], b: list[bool]) -> str:
    """Paired difference with its 95 % interval."""
    d = np.array(a, float) - np.array(b, float)
    return f"{d.mean():+.3f} +- {1.96 * d.std() / np.sqrt(len(d)):.3f}"


def quiet(each: int) -> None:
    """Actual false alarms a year where one, and a fifth, are stated."""
    print("false alarms a year on quiet series, stated 1 (and 0.2), from the first judged day")
    only = {DEFAULT: VARIANTS[DEFAULT]}
    sums: dict[str, Floats] = {}
    for world in WORLDS:
        data = series(world, SEED + 50_000, each, False, only)
        for rate in RATES:
            rows = [s for s in data if s.rate == rate]
            score = np.array([composition.calibrated(-s.score[DEFAULT]) for s in rows])
            ok = np.isfinite(score)
            one, fifth = (
                evaluate.false_alarms(ok & (np.nan_to_num(score, nan=-9) >= b), ok).sum()
                for b in (0.0, np.log10(5))
            )
            counted = np.array([ok.sum() / 365.25, one, fifth])
            for name in (f"{world}, {rate:g} a day", world, f"{rate:g} a day", "all"):
                sums[name] = sums.get(name, np.zeros(3)) + counted
    for name, (years, one, fifth) in sums.items():
        half = 1.96 * np.sqrt(max(one, 1)) / years
        print(f"  {name:<22} {one / years:.2f} +- {half:.2f} ({fifth / years:.2f})"
              f" in {years:.0f} judged years", flush=True)  # fmt: skip


def fit(each: int) -> None:
    """`composition.RARE`: the thresholds at which quiet series keep their budget on average."""
    only = {DEFAULT: VARIANTS[DEFAULT]}
    data = [s for w in WORLDS for s in series(w, FIT_SEED, each, False, only)]
    score = np.array([s.score[DEFAULT] for s in data])
    age = np.cumsum(np.isfinite(score), axis=1) - 1
    for low, high in ((45, 100), (100, 240), (240, 700)):
        ok = np.isfinite(score) & (age >= low) & (age < high)
        at = [evaluate.threshold_for(score, ok, far) for far in composition.FALSE_A_YEAR]
        centre = float(np.exp(np.log(np.maximum(age[ok], 1)).mean()))
        print(f"  scored before {centre:.0f}: {np.round(at, 2)} ({ok.sum() / 365.25:.0f} years)")


def speed() -> None:
    route = WORLDS["legs"](1, 3.0, False)
    names = tuple(map(str, range(route.x.shape[1])))
    start = time.process_time()
    composition.walk_forward(route.x[:400], route.legs[:400], names)
    print(f"400 days of one route: {time.process_time() - start:.2f} s of CPU time")


def picture(table: dict[str, dict[str, dict[str, list[bool]]]]) -> None:
    """docs/pictures/detection-makeup.png."""
    fig, axes = plt.subplots(1, len(table), figsize=(12, 3.4), layout="constrained", sharey=True)
    for ax, (world, rows) in zip(axes, table.items(), strict=True):
        at = np.arange(len(rows))
        for shift, kind, colour in ((-0.2, "single", "0.6"), (0.2, "joint", "tab:red")):
            values = [np.mean(hits[kind]) for hits in rows.values()]
            ax.bar(at + shift, values, 0.38, label=f"odd, {kind}", color=colour)
        ax.set_xticks(at, list(rows), fontsize=7, rotation=35, ha="right")
        ax.set(title=world, ylim=(0, 1))
    axes[0].set_ylabel("found, at one false alarm a year")
    axes[1].legend(frameon=False, fontsize=7)
    fig.savefig(PICTURE, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=12, help="odd series a world and rate")
    parser.add_argument("--quiet", type=int, default=15, help="quiet series a world and rate")
    parser.add_argument("--fit", action="store_true")
    args = parser.parse_args()
    if args.fit:
        fit(args.quiet)
        return
    speed()
    quiet(args.quiet)
    picture(ablation(args.series))


if __name__ == "__main__":
    main()
