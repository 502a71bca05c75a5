"""`airbridge coverage [WATCH]`: who looked when, how well, and what was not seen."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.commands import common
from bot.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime

    from bot.app import Wiring
    from bot.model.looking import Estimate, Lookout
    from bot.model.watch import Watch

MOST_DAYS = 400


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("watch", nargs="?", help="a watch, or a part of its name; default: all")
    parser.add_argument("--days", type=_days, default=14, metavar="N",
                        help="the last N days, today included (default 14)")  # fmt: skip
    common.add_format(parser)
    parser.add_argument("--json", action="store_const", const="json", dest="format",
                        help="the same as --format json")  # fmt: skip
    parser.add_argument("--png", type=Path, metavar="FILE",
                        help="also draw the hours of one watch")  # fmt: skip
    parser.add_argument("--light", action="store_true", help="dark on light")


def run(args: argparse.Namespace) -> int:
    from bot.app import clock

    with common.wired(args) as wiring:
        now = clock()
        watches = wiring.desk.watches
        names = [common.pick(list(watches), args.watch)] if args.watch else list(watches)
        if args.png and len(names) != 1:
            raise InputError("--png draws one watch: name it")
        found = [_gather(wiring, watches[name], args.days, now) for name in names]
        if args.png:
            _draw(watches[names[0]], wiring, args, now)
    if args.format == "json":
        print(common.as_json(found))
    else:
        print("\n\n".join(_table(entry) for entry in found))
    if args.png and args.format != "json":
        print(f"\n{args.png}")
    return 0


def _gather(wiring: "Wiring", watch: "Watch", days: int, now: "datetime") -> dict[str, Any]:
    ends = wiring.desk.lookouts(watch, days, now)
    told = _estimates(watch, ends)
    return {
        "watch": watch.name,
        "days": [
            {
                "day": ends[0].days[i].day,
                "complete": ends[0].days[i].day < now.date(),
                "exposure": common.known(told[i].exposure),
                "low": common.known(told[i].low),
                "high": common.known(told[i].high),
                "ends": [_end(end, i) for end in ends],
            }
            for i in range(len(told))
        ],
        "outages": [
            {"end": end.label, "from": outage.start, "to": outage.end, "why": outage.why}
            for end in ends for outage in end.outages
        ],
        "changes": [
            {"end": end.label, "day": change.day, "from": change.before, "to": change.after}
            for end in ends for change in end.changes
        ],
    }  # fmt: skip


def _estimates(watch: "Watch", ends: "tuple[Lookout, ...]") -> "list[Estimate]":
    """The watch's, day by day: that of its worse end."""
    from bot.coverage import worse_end

    by_others = bool(watch.aircraft)
    return [
        worse_end(days, by_others=by_others) for days in zip(*(e.days for e in ends), strict=True)
    ]


def _end(end: "Lookout", i: int) -> dict[str, Any]:
    day = end.days[i]
    return {
        "end": end.label, "exposure": common.known(day.exposure), "low": day.low,
        "high": day.high, "looked": day.looked, "looks_ok": int(end.ok[i]),
        "looks_failed": int(end.failed[i]), "others": day.others,
        "others_expected": common.known(day.expected), "dark_hours": list(day.dark),
        "feeds": day.feeds,
    }  # fmt: skip


def _table(found: dict[str, Any]) -> str:
    rows = []
    for day in reversed(found["days"]):
        ends = day["ends"]
        rows.append((
            day["day"], _share(day["exposure"]) + ("" if day["complete"] else " so far"),
            _interval(day),
            sum(e["looks_ok"] for e in ends), sum(e["looks_failed"] for e in ends),
            " / ".join(_others(e) for e in ends),
            ", ".join(dict.fromkeys(e["feeds"] for e in ends if e["feeds"])),
        ))  # fmt: skip
    header = ("day (UTC)", "exposure", "90 %", "looks", "failed", "others/expected", "feeds")
    ends = " / ".join(end["end"] for end in found["days"][-1]["ends"])
    lines = [f"{found['watch']}  ({ends})", common.table(header, rows)]
    lines += [f"  {where}{told}" for told, where in _told(found).items()]
    return "\n".join(lines)


def _told(found: dict[str, Any]) -> dict[str, str]:
    """Outages and changes of source in words, latest first, and whose: '' when all ends'."""
    ends = len(found["days"][-1]["ends"])
    whose: dict[str, list[str]] = {}
    for outage in sorted(found["outages"], key=lambda o: o["from"], reverse=True):
        whose.setdefault(f"{outage['why']}: {_when(outage)}", []).append(outage["end"])
    for change in reversed(found["changes"]):
        words = f"source changed from {change['from']} to {change['to']}: {change['day']}"
        whose.setdefault(words, []).append(change["end"])
    return {
        told: "" if len(those) == ends else f"{', '.join(those)}: " for told, those in whose.items()
    }


def _when(outage: dict[str, Any]) -> str:
    hours = (outage["to"] - outage["from"]).total_seconds() / 3600
    return f"{outage['from']:%Y-%m-%d %H:%M} to {outage['to']:%Y-%m-%d %H:%M} UTC ({hours:.0f} h)"


def _share(exposure: float | None) -> str:
    return "unknown" if exposure is None else f"{exposure:.0%}"


def _interval(day: dict[str, Any]) -> str:
    if day["exposure"] is None:
        return "-"
    return f"{day['low']:.0%}-{day['high']:.0%}"


def _others(end: dict[str, Any]) -> str:
    expected = end["others_expected"]
    return f"{end['others']}/{'?' if expected is None else round(expected)}"


def _draw(watch: "Watch", wiring: "Wiring", args: argparse.Namespace, now: "datetime") -> None:
    import numpy as np

    from bot.pictures.coverage import coverage_map

    ends = wiring.desk.lookouts(watch, args.days, now)
    told = [(e.exposure, e.low, e.high) for e in _estimates(watch, ends)]
    picture = coverage_map(watch.name, ends, np.array(told).T, now, label=wiring.desk.label,
                           dark=not args.light)  # fmt: skip
    with common.writing(args.png):
        args.png.write_bytes(picture.png)


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"found “{text}”, expected 1 to {MOST_DAYS} days")
    return int(text)
