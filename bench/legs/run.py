"""The whole table of targets with measured values, and the pictures of docs/legs.md.

    python -m bench.legs.run [--only quality|real|speed|memory] [--pictures]
                             [--seeds 911 912] [--world usual|dark|lit|few] [--no-peers]

With PYTHON_WITH_TRAFFIC=/path/to/python of an environment that has `traffic`, that is a row, too.

The judging seeds are never those of the fit. CPU seconds, not clock, so that a busy machine
changes little; ratios are taken within one run.
"""

import argparse
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.legs import peers, real, score, sim_world, speed
from bench.legs.sim import Day, Flight, simulate
from bot import airfields
from bot.airfields import Airfields
from bot.legs.history import History, legs_of

SEEDS = (911, 912)
AIRCRAFT = 300
NEAR_NM = 250.0
Judge = tuple[str, score.Match]


def low_both(f: Flight) -> bool:
    """Seen low and close at both ends: fully covered."""
    return all(f.end_low)


def low_one(f: Flight) -> bool:
    """One end dark."""
    return sum(f.end_low) == 1


def low_none(f: Flight) -> bool:
    """Seen in mid-air only."""
    return not any(f.end_low)


def dark(f: Flight) -> bool:
    """A route into a dark region."""
    return "watched" in f.tags


def dark_near(f: Flight) -> bool:
    """A route into a dark region, lost and found within 250 NM of its fields."""
    return dark(f) and max(f.away_nm) < NEAR_NM


def large_low(f: Flight) -> bool:
    """Fully covered, and neither a light aircraft nor a helicopter."""
    return low_both(f) and f.kind not in "LR"


def merged(matches: list[score.Match]) -> score.Match:
    """Several days as one."""
    return score.Match([p for m in matches for p in m.pairs],
                       [f for m in matches for f in m.observable],
                       [f for m in matches for f in m.missed])  # fmt: skip


def knowable(days: list[Day]) -> Callable[[Flight], bool]:
    """Whether each end of a flight was seen low, or from both sides of its stop: of the others one
    report at cruise is all there is, and those are never named."""
    sides: set[int] = set()
    for day in days:
        by_craft = defaultdict(list)
        for f in sorted(day.flights, key=lambda f: f.takeoff):
            by_craft[f.icao24].append(f)
        for flights in by_craft.values():
            for before, f, after in zip([None, *flights], flights, [*flights[1:], None],
                                        strict=False):  # fmt: skip
                start = f.end_low[0] or (before is not None and before.seen > 0)
                if start and (f.end_low[1] or (after is not None and after.seen > 0)):
                    sides.add(id(f))
    return lambda f: id(f) in sides


def judged(fields: Airfields, days: list[Day], others: bool = True) -> list[Judge]:
    """Our legs and every peer's, against truth."""
    history = History(fields)
    out = [("this builder", merged([score.match(legs_of(d.positions, history), d.flights)
                                    for d in days]))]  # fmt: skip
    if not others:
        return out
    for name, rule in peers.RULES.items():
        found = [score.match(peers.run(rule, d.positions, fields), d.flights) for d in days]
        out.append((name, merged(found)))
    python = os.environ.get("PYTHON_WITH_TRAFFIC")
    if python:  # on the first day only: it is slow
        found = [score.match(peers.traffic(python, days[0].positions, fields), days[0].flights)]
        out.append(("the `traffic` library 2.13 (first day)", merged(found)))
    return out


def table(found: list[Judge]) -> str:
    """A row a rule: recall / precision in each class."""
    classes: dict[str, Callable[[Flight], bool]] = {
        "all pairs": score.every, "fully covered": low_both, "one end dark": low_one,
        "mid-air only": low_none, "into dark regions": dark,
        "... lost within 250 NM": dark_near,
    }  # fmt: skip
    lines = ["| rule | legs found | " + " | ".join(classes) + " | dark, ends >= 0.9 |",
             "|---|---|" + "---|" * (len(classes) + 1)]  # fmt: skip
    for name, m in found:
        recall, precision = score.found(m)
        cells = [f"{recall:.3f} / {precision:.3f}"]
        for keep in classes.values():
            r, p, _, _ = score.rates(m, keep)
            cells.append(f"{r:.3f} / {p:.3f}")
        r, p, _, _ = score.rates(m, dark, 0.9)
        cells.append(f"{r:.3f} / {p:.3f}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def targets(found: list[Judge], days: list[Day]) -> list[tuple[str, str, str]]:
    """(what, target, measured) of the quality targets."""
    ours = found[0][1]
    can = knowable(days)
    open_to = score.rates(ours, lambda f: dark(f) and can(f))
    recall, precision = score.found(ours)
    full, darks = score.rates(ours, low_both), score.rates(ours, dark)
    sure = score.rates(ours, dark, 0.9)
    their = score.rates(found[1][1], dark)[0] if len(found) > 1 else float("nan")
    confidence, right, _ = score.ends(ours)
    return [
        ("observable legs found / false", "recall >= 0.99, precision >= 0.98",
         f"{recall:.3f}, {precision:.3f} ({len(ours.observable)} flights)"),
        ("both ends, fully covered", "recall >= 0.96, precision >= 0.99",
         f"{full[0]:.3f}, {full[1]:.3f} ({full[2]} flights)"),
        ("... without light aircraft and helicopters", "",
         "{:.3f}, {:.3f} ({} flights)".format(*score.rates(ours, large_low)[:3])),
        ("... lost and found within 250 NM of the fields", "",
         "{:.3f}, {:.3f} ({} flights)".format(*score.rates(ours, dark_near)[:3])),
        ("both ends, into dark regions", "recall >= 0.85, precision >= 0.92",
         f"{darks[0]:.3f}, {darks[1]:.3f} ({darks[2]} flights)"),
        ("... of which both ends can be known", "",
         f"{open_to[0]:.3f}, {open_to[1]:.3f} ({open_to[2]} flights)"),
        ("into dark regions, both ends >= 0.9", "precision >= 0.95, recall >= 0.65",
         f"{sure[1]:.3f}, {sure[0]:.3f}"),
        ("recall against OpenSky's rule", ">= 2x", f"{darks[0] / max(their, 1e-9):.1f}x"),
        ("calibration error of ends", "<= 0.03",
         f"{score.calibration_error(confidence, right):.3f} ({len(confidence)} ends)"),
    ]  # fmt: skip


def speeds(fields: Airfields) -> list[tuple[str, str, str]]:
    """(what, target, measured) of the speed targets."""
    t, a = speed.ticks(fields), speed.archives(fields)
    rows = [
        ("live tick, 17,000 aircraft", "<= 150 ms CPU, >= 3.5x plain Python",
         f"{t['tick_ms']:.0f} ms, {t['tick_ratio']:.1f}x ({t['snapshot_mb']:.1f} MB, "
         f"{t['bytes_each']:.0f} B an aircraft)"),
        ("live tick, 25 aircraft", "<= 1.5 ms", f"{t['small_tick_ms']:.2f} ms"),
        ("80 watches in place of 40", "<= 1.05x of a tick",
         f"{t['twice_the_watches']:.3f}x (40 take {t['watches_ms']:.1f} ms)"),
        ("trace archive, gzip to legs", ">= 0.45 M points / CPU s",
         f"{a['mpts_per_cpu_s']:.2f} M ({a['points_a_file']:.0f} points a file, "
         f"{a['bytes_a_point']:.0f} B a point)"),
        ("... against a bare stock loop", ">= 2.7x", f"{a['against_bare']:.1f}x"),
        ("... against one that names ends", ">= 5x", f"{a['against_named']:.1f}x"),
        ("a world day, two cores", "<= 5 min (extrapolated from 110 M points)",
         f"{a['world_day_min_two_cores']:.1f} min"),
        ("twice the files", "1.8 - 2.2x the time", f"{a['twice_the_files']:.2f}x"),
    ]  # fmt: skip
    if "code_ms" not in t:
        return rows
    return [
        *rows,
        ("with the extra `fast`: live tick", "", f"{t['code_ms']:.0f} ms, {t['code_ratio']:.1f}x"),
        ("... trace archive", "", f"{a['code_mpts']:.2f} M points / CPU s, "
         f"{a['code_against_bare']:.1f}x bare, {a['code_against_named']:.1f}x naming"),
        ("... a world day, two cores", "", f"{a['code_world_day_min']:.1f} min"),
    ]  # fmt: skip


def sizes(fields: Airfields) -> list[tuple[str, str, str]]:
    """(what, target, measured) of the memory targets."""
    m = speed.memory(fields)
    return [("resident, 20,000 aircraft, 1,440 ticks", "<= 300 MB, flat",
             f"{m['resident_mb']:.0f} MB, {m['growth_mb']:+.0f} MB since the first third"),
            ("saved state", "-", f"{m['state_mb']:.1f} MB")]  # fmt: skip


def show(rows: list[tuple[str, str, str]]) -> None:
    """Rows as a table."""
    print("\n| what | target | measured |\n|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("quality", "real", "speed", "memory"))
    parser.add_argument("--pictures", action="store_true", help="redraw docs/pictures/legs-*.png")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--world", choices=tuple(sim_world.LIKE), default="usual")
    parser.add_argument("--no-peers", action="store_true", help="this builder alone")
    args = parser.parse_args()
    fields = airfields.load()
    if args.only in (None, "quality"):
        days = [simulate(fields, seed, AIRCRAFT, world_like=args.world) for seed in args.seeds]
        found = judged(fields, days, not args.no_peers)
        print(table(found))
        show(targets(found, days))
        confidence, right, how = score.ends(found[0][1])
        for kind in sorted(set(how)):
            mine = np.array(how) == kind
            print(f"  {kind}: {mine.sum()} ends, confidence {confidence[mine].mean():.3f}, "
                  f"right {right[mine].mean():.3f}")  # fmt: skip
        if args.pictures:
            from bench.legs import draw

            draw.reliability(confidence, right, Path("docs/pictures/legs-reliability.png"))
    if args.only in (None, "real"):
        show(real.rows(fields))
        if args.pictures:
            from bench.legs import draw

            draw.tracks(fields, Path("docs/pictures"))
    if args.only in (None, "speed"):
        show(speeds(fields))
    if args.only == "memory":
        show(sizes(fields))
    elif args.only is None:  # in a process of its own, or the rest would be counted
        command = [sys.executable, "-m", "bench.legs.run", "--only", "memory"]
        print(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
