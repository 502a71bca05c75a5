"""What a poll costs: 17,000 aircraft from each of three feeds, parsed, completed from the aircraft
lists and fused. The first poll also looks each airframe up once; it is not in the median.

Run: python -m bench.feeds.fusion
"""

import json
import time
from pathlib import Path

import numpy as np

from bot.aircraft import Registry
from bot.feeds.aircraft_json import parse
from bot.fusion import Facts, Fusion

SAMPLE = Path(__file__).parents[2] / "tests" / "feeds" / "data" / "readsb.json"
AIRCRAFT, FEEDS, ROUNDS = 17_000, 3, 8


def reply(now_s: float, feed: int, rng: np.random.Generator) -> bytes:
    """A world's worth of real records with addresses and places of their own."""
    real = [a for a in json.loads(SAMPLE.read_text())["aircraft"] if "lat" in a]
    crafts = []
    for i in range(AIRCRAFT):
        place = np.random.default_rng(i).uniform((-60, -180), (70, 180))
        north = place[0] + 0.001 * (now_s % 10_000) / 10
        own = {"hex": f"{0x100000 + i:06x}", "lat": round(north, 5), "lon": round(place[1], 5)}
        crafts.append({**real[i % len(real)], **own, "seen_pos": round(rng.uniform(0, 9), 1)})
    return json.dumps({"now": now_s + feed, "messages": 1, "aircraft": crafts}).encode()


def main() -> None:
    rng = np.random.default_rng(1)
    facts, fusion, parsing, fusing = Facts(Registry.load().resolve), Fusion(), [], []
    for number in range(ROUNDS):
        bodies = [reply(1.7e9 + 60 * number, feed, rng) for feed in range(FEEDS)]
        began = time.process_time()
        skies = [parse(body, "bench").positions for body in bodies]
        parsed = time.process_time()
        told = [fusion.admit(facts.complete(sky))[1] for sky in skies]
        parsing.append(parsed - began)
        fusing.append(time.process_time() - parsed)
    print(f"{AIRCRAFT} aircraft x {FEEDS} feeds, {len(bodies[0]) / 1e6:.1f} MB each, CPU per poll:")
    parse_ms, fuse_ms = np.median(parsing) * 1e3, np.median(fusing) * 1e3
    both_ms = np.median(np.add(parsing, fusing)) * 1e3
    print(
        f"  parse {parse_ms:.0f} ms, complete and fuse {fuse_ms:.0f} ms, together {both_ms:.0f} ms"
    )
    print(f"  the first poll, every airframe looked up: {(parsing[0] + fusing[0]) * 1e3:.0f} ms")
    print(f"  refused in the last round, by feed: {told}")


if __name__ == "__main__":
    main()
