"""How long a picture takes: the first one of a process, and the next.

    .venv/bin/python bench/pictures.py

Prints seconds of wall clock and of this process's own work (on a busy machine only the second
says something about the code), the PNG's size and the peak memory. Promised: under 1.5 s each
once matplotlib is imported.
"""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))


def timed(what: str, work: Callable[[], object]) -> object:
    """Run it, say what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    spent = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{what:<34} {spent[0]:6.2f} s wall {spent[1]:6.2f} s work", end="")
    png = getattr(result, "png", b"")
    print(f" {len(png) / 1000:6.0f} kB" if png else "")
    return result


def main() -> None:
    """Charts of a month and of years, maps of a region and of the world, twice each."""
    timed("import", lambda: __import__("bot.pictures.map"))
    import numpy as np

    from bot.model.watch import Watch
    from bot.pictures.chart import chart
    from bot.pictures.map import route_map
    from tests.nouns import leg
    from tests.pictures.facts import evidence, series, track

    legs = tuple(leg("OSLK", "HL59", f"2024-12-{day} 18:10") for day in (15, 16, 17))
    region = evidence(legs=legs, tracks=tuple(map(track, legs)))
    world = evidence(watch=Watch("Anywhere", None, None), spots={})
    years = evidence(series=series(np.arange(1100) % 7))
    for turn in ("first", "again"):
        timed(f"chart, a month, {turn}", lambda: chart(region))
        timed(f"chart, three years, {turn}", lambda: chart(years))
        timed(f"map, three legs, {turn}", lambda: route_map(region))
        timed(f"map, the world, {turn}", lambda: route_map(world))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
