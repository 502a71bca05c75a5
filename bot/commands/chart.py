"""`airbridge chart WATCH`: its chart and map, as an alert would carry them."""

import argparse
from pathlib import Path

from bot.commands import common


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("watch", help="a watch, or a part of its name")
    parser.add_argument("--day", type=common.a_day, help="a UTC day; default: today")
    parser.add_argument("--light", action="store_true", help="dark on light")
    parser.add_argument("-o", "--out", type=Path, default=Path(), metavar="FOLDER",
                        help="where to write chart.png and map.png (here)")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    from bot.app import clock
    from bot.pictures.chart import chart
    from bot.pictures.map import route_map

    with common.wired(args) as wiring:
        now = clock()
        watch = wiring.desk.watches[common.pick(list(wiring.desk.watches), args.watch)]
        evidence = wiring.desk.latest(watch, args.day or now.date(), now)
    if evidence is None:
        print(f"{watch.name}: nothing is known yet: nobody has looked")
        return 1
    for draw in (chart, route_map):
        picture = draw(evidence, dark=not args.light)
        path = args.out / picture.name
        with common.writing(args.out):
            args.out.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture.png)
        print(f"{path}  {picture.alt}")
    return 0
