"""`airbridge alerts`: what fired, what became of it."""

import argparse

from bot.commands import common


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("watch", nargs="?", help="only this watch (a part of its name will do)")
    parser.add_argument(
        "--limit", type=common.a_count, default=20, metavar="N", help="at most N (20)"
    )
    parser.add_argument("--history", action="store_true", help="with every step of their lives")
    common.add_format(parser)


def run(args: argparse.Namespace) -> int:
    with common.opened(args) as (settings, store):
        names = [watch.name for watch in settings.watches]
        watch = common.pick(names, args.watch) if args.watch else None
        found = store.alerts(args.limit, watch)
        histories = {alert.id: store.events(alert.id) for alert in found}
    if args.format == "json":
        print(common.as_json([{"alert": a, "history": histories[a.id]} for a in found]))
        return 0
    if not found:
        print("no alerts yet")
        return 0
    header = ("opened (UTC)", "state", "kind", "watch", "peak: once in years", "resolved (UTC)")
    rows = [
        (a.opened, str(a.state), str(a.kind), a.watch, a.peak_return_years or None, a.resolved)
        for a in found
    ]
    print(common.table(header, rows))
    for alert in found if args.history else ():
        print(f"\n{alert.kind}: {alert.watch}")
        for event in histories[alert.id]:
            print(f"  {event.at:%Y-%m-%d %H:%M}  {event.state:<9} {event.reason:<9} {event.text}")
    return 0
