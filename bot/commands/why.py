"""`airbridge why WATCH [DAY]`: the numbers behind a verdict, or behind silence."""

import argparse
import math
from typing import TYPE_CHECKING

from bot.commands import common

if TYPE_CHECKING:
    from datetime import date, datetime

    from bot.desk import Desk
    from bot.model.alert import Finding
    from bot.model.watch import Watch


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("watch", help="a watch, or a part of its name")
    parser.add_argument("day", nargs="?", type=common.a_day, help="a UTC day; default: today")
    common.add_format(parser)


def run(args: argparse.Namespace) -> int:
    from bot.app import clock

    with common.wired(args) as wiring:
        now = clock()
        watch = wiring.desk.watches[common.pick(list(wiring.desk.watches), args.watch)]
        day = args.day or now.date()
        found = wiring.desk.findings(watch, day, now)
        legs = wiring.desk.book.matches(watch, day, day)
        looked = _looked(wiring.desk, watch, day, now)
    if args.format == "json":
        print(common.as_json({"findings": found, "legs": legs, "looking": looked}))
        return 0
    if not found:
        print(f"{watch.name}: nothing is known of {day}: nobody has looked yet")
        return 0
    for finding in found:
        print("\n".join(_words(finding)))
    print("\n".join(f"  {line}" for line in looked))
    for match in legs:
        leg = match.leg
        craft = " ".join(filter(None, (leg.registration or leg.icao24, leg.type_code)))
        sure = min(match.origin_confidence, match.destination_confidence)
        print(f"  {match.fit:<8} {leg.first_seen:%H:%M} {craft}, both ends sure at {sure:.0%}")
    return 0


def _looked(desk: "Desk", watch: "Watch", day: "date", now: "datetime") -> list[str]:
    """How well that day was looked at, and what was not seen."""
    from bot.coverage import worse_end
    from bot.shelf import DAY, midnight

    past = day < now.date()
    ends = desk.lookouts(watch, 2 if past else 1, midnight(day) + DAY if past else now)
    told = worse_end([end.days[0] for end in ends], by_others=bool(watch.aircraft))
    if math.isnan(told.exposure):
        lines = ["looking: unknown, nothing else is heard there"]
    else:
        so_far = "" if past else " so far"
        lines = [f"looking: {told.exposure:.0%} of a normal day{so_far} "
                 f"(between {told.low:.0%} and {told.high:.0%})"]  # fmt: skip
    return lines + [f"{end.label}: {outage.words()}" for end in ends for outage in end.outages]


def _words(finding: "Finding") -> list[str]:
    from bot.model.rarity import rarity_of

    verdict = "raised" if finding.raised else "not raised" if finding.judged else "not judged"
    part = "" if finding.complete else " (running day)"
    lines = [f"{finding.kind} on {finding.day}{part}: {verdict}, state {finding.state}"]
    lines.append(
        f"  observed {_n(finding.observed)} (+{finding.possible} possible), expected "
        f"{_n(finding.expected)}, limit {_n(finding.limit)}, exposure {_n(finding.exposure)}"
    )
    if finding.kind == "first":
        before = finding.last_before or "none known"
        lines.append(f"  last leg before: {before}; looked at {finding.days_looked} days since")
    elif finding.judged:
        chance = rarity_of(finding)
        lines.append(
            f"  loudest over {finding.window_days} d: {_n(finding.observed_window)} against "
            f"{_n(finding.expected_window)} expected" + (f"; by chance {chance}" if chance else "")
        )
        if math.isfinite(finding.start_per_day):
            whose = f"{finding.taught_by} other watches" if finding.taught_by else "your `usual:`"
            lines.append(f"  expectation still leans on {whose}: {_n(finding.start_per_day)} a day")
    for end in finding.moved:
        lines.append(f"  {end.watch}: {_n(end.observed)} in {end.window_days} d against "
                     f"{_n(end.expected)} expected: it may have moved")  # fmt: skip
    return lines + [f"  {note}" for note in finding.notes]


def _n(value: float) -> str:
    return "unknown" if math.isnan(value) else f"{value:,.3g}"
