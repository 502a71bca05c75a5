"""Make-up: what each part of it finds, and whether its budget holds.

    python bench/detect/makeup.py [--series 12] [--quiet 15] [--fit [--write]]

Three worlds (`routes.py`) at 1, 3, 10 and 30 legs a day. All variants see the same series; the
threshold of each is the one at which it has one false alarm a year in that world. Then quiet
series at the stated budget. Tuned on seeds 3000 to 8999; `--fit` prints the calibration
from seeds 5500 and up; judged on seeds from 13001, quiet ones from 73001.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from routes import KINDS, WORLDS, Route

from detectors import composition, evaluate, rarity
from detectors.inputs import Bools, Floats

SEED, QUIET_SEED, FIT_SEED = 13001, 73001, 5500
FIT_TIMES = (4, 2, 1, 1)  # as many quiet series, by legs a day
RATES = (1.0, 3.0, 10.0, 30.0)
JUDGE_FROM = 365
# The table of `detectors.rarity`: false alarms a year, entries scored before (from the first that
# is judged), and when routes are grown enough to be compared by their legs.
FALSE_A_YEAR, AGES, GROWN = (12.0, 4.0, 1.0, 0.25), (rarity.MIN_RANKED, 100, 240, 700), 100
# How far routes of few legs and of many are brought to the same rate: all the way costs 0.02 of
# what is found, for thin routes need more false alarms to find as much.
EVENED = 0.8
TABLE = Path(rarity.__file__).parent / "data" / "makeup.json"
PICTURE = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "detection-makeup.png"
VARIANTS: dict[str, tuple[str, ...]] = {
    "sum of squares": ("sum",),
    "largest": ("max",),
    "distance": ("distance",),
    "alone": ("alone",),
    "trees": ("forest",),
    "distance + trees": ("distance", "forest"),
    "all but trees": ("alone", "distance", "legs"),
    "all": composition.DEFAULT_PARTS,
}
DEFAULT, TOLD = "all", "told the truth"
EVEN = "all, for its legs"  # what `walk_forward` says: `rarity` knows how many legs a route has
ONLY = {DEFAULT: VARIANTS[DEFAULT]}


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
    x, legs, evidence = composition.checked(route.x, route.legs, route.names, 1.0, ("forest",))
    views = [found for _, found in composition.views(x, legs, evidence, with_forest=True)]
    score = {name: -composition.joined(views, parts)[0] for name, parts in variants.items()}
    score[EVEN] = rarity.false_a_year(-score[DEFAULT], legs, legwise=route.legwise)
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
        out[world] = {name: found(data, name) for name in (*VARIANTS, EVEN, TOLD)}
        print(f"  {world} ({sum(len(out[world][DEFAULT][kind]) for kind in KINDS)} odd days)")
        for name, hits in out[world].items():
            print(
                f"    {name:<18} {interval(hits['single'])}  {interval(hits['joint'])}", flush=True
            )
    together = {
        name: {k: [hit for w in WORLDS for hit in out[w][name][k]] for k in out["crowd"][name]}
        for name in (*VARIANTS, EVEN, TOLD)
    }
    print("  all worlds together")
    for name, hits in together.items():
        both = hits["single"] + hits["joint"]
        print(f"    {name:<18} {interval(hits['single'])}  {interval(hits['joint'])}  "
              f"all {interval(both)} of {len(both)}")  # fmt: skip
    for name in (DEFAULT, EVEN, TOLD):
        for world, rows in {**out, "all": together}.items():
            rates = ", ".join(f"{np.mean(rows[name][by_legs(rate)]):.2f}" for rate in RATES)
            print(f"    {name}, {world}, at {RATES} legs a day: {rates}")
    shares = {w: share_of_told(rows) for w, rows in {**out, "all": together}.items()}
    print("    found of what is found when told: "
          + ", ".join(f"{w} {share:.3f}" for w, share in shares.items()))  # fmt: skip
    for name in ("largest", "sum of squares", "distance", "all but trees"):
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
    sums: dict[str, Floats] = {}
    for world in WORLDS:
        data = series(world, QUIET_SEED, each, False, ONLY)
        for rate in RATES:
            rows = [s for s in data if s.rate == rate]
            score = np.array([s.score[EVEN] for s in rows])
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


def scores_and_ages(data: list[Scored]) -> tuple[Floats, Floats]:
    """-log10 p and entries scored before, (N, T) each."""
    score = np.array([s.score[DEFAULT] for s in data])
    return score, np.array([rarity.history(-s.score[DEFAULT], s.route.legs)[0] for s in data])


def thresholds(score: Floats, ok: Bools) -> Floats:
    """Scores at which series (N, T) have each of `FALSE_A_YEAR`."""
    return np.array([evaluate.threshold_for(score, ok, far) for far in FALSE_A_YEAR])


def quiet_series(each: int) -> tuple[list[Scored], list[Scored]]:
    """Quiet series to fit to: so many a world and rate, and more of thin routes, which differ most
    among themselves."""
    more = [
        scored(world, rate, seed, False, ONLY)
        for world in WORLDS
        for i, (rate, times) in enumerate(zip(RATES, FIT_TIMES, strict=True))
        for k in range(each, each * times)
        for seed in [FIT_SEED + 100 * (k % 30) + 50 * (k // 30) + 1_000_000 * i]
    ]
    return [s for w in WORLDS for s in series(w, FIT_SEED, each, False, ONLY)], more


def fit(data: list[Scored], more: list[Scored]) -> dict[str, list[Any]]:
    """What `rarity.from_json` reads: thresholds at which these quiet series keep their budget."""
    score, age = scores_and_ages(data)
    ok = np.isfinite(score)
    pooled = thresholds(score, ok & (age >= GROWN))
    shift: dict[bool, list[list[float]]] = {False: [], True: []}
    for legwise, rate in product(shift, RATES):
        own, old = scores_and_ages(
            [s for s in data + more if (s.route.legwise, s.rate) == (legwise, rate)]
        )
        apart = EVENED * (thresholds(own, np.isfinite(own) & (old >= GROWN)) - pooled)
        apart[-1] = apart[-2]  # alarms once in four years are too few to tell routes apart
        shift[legwise].append(np.round(apart, 2).tolist())
    # each series as if its own thresholds were the pooled ones
    for i, s in enumerate(data):
        own = pooled + shift[s.route.legwise][RATES.index(s.rate)]
        score[i] += np.interp(score[i], own, pooled - own)
    rare, ages = [], []
    for low, high in pairwise(AGES):
        there = ok & (age >= low) & (age < high)
        rare.append(np.round(thresholds(score, there), 2).tolist())
        ages.append(round(float(np.exp(np.log(np.maximum(age[there], 1)).mean()))))
    with_any = [rate / -np.expm1(-rate) for rate in RATES]
    return {
        "false_a_year": list(FALSE_A_YEAR), "ages": ages, "rare": rare,
        "legs": np.round(with_any, 2).tolist(),
        "shift of means": shift[False], "shift of legs": shift[True],
    }  # fmt: skip


def speed() -> None:
    route = WORLDS["legs"](1, 3.0, False)
    start = time.process_time()
    composition.walk_forward(route.x[:400], route.legs[:400], route.names)
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
    bars, words = axes[0].get_legend_handles_labels()
    fig.legend(bars, words, loc="outside upper left", ncols=2, frameon=False, fontsize=7)
    fig.savefig(PICTURE, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=12, help="odd series a world and rate")
    parser.add_argument("--quiet", type=int, default=15, help="quiet series a world and rate")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    if args.fit:
        table = fit(*quiet_series(args.quiet))
        text = json.dumps(table) + "\n"
        print(text)
        if args.write:
            TABLE.write_text(text, "utf-8")
        return
    speed()
    quiet(args.quiet)
    picture(ablation(args.series))


if __name__ == "__main__":
    main()
