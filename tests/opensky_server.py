"""OpenSky on this machine: tokens, states, flights, tracks and credits, over real HTTP.

    python tests/opensky_server.py --port 8098

It prints a config.yaml for itself and writes a credentials file beside it. It keeps the documented
rules: a token lives half an hour, boxes are priced by size, an interval that is too long is a 400,
nothing found is `null` or a 404, and credits that are gone are a 429 with the hours to wait.
"""

import argparse
import gzip
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path as File
from typing import Any
from urllib.parse import parse_qs, urlsplit

if __name__ == "__main__":  # run as a program: the repository's root is not on the path
    sys.path.insert(0, str(File(__file__).parent.parent))

import numpy as np

from bot.demo.sky import Path
from bot.demo.wire import Sky
from tests.loopback import serving
from tests.sky_server import surge_sky

CLIENT = {"clientId": "airbridge-client", "clientSecret": "s3cr3t"}
FT, KT, FPM = 0.3048, 1852 / 3600, 0.3048 / 60
DAY_S = 86_400
CONFIG = """\
feeds:
  - {{name: opensky, kind: opensky, url: "{url}/api", auth_url: "{url}/token", every: 10s,
     spacing: 1s, key_file: opensky.json, quota_per_day: 40000, contact: desk@example.org}}
audiences:
  desk: [console]
operators: [desk]
aircraft:
  transports: {{types: [IL76, A124]}}
watches:
  - {{name: Cairo to Cairo West, from: [HECA], to: [HECW], aircraft: [transports],
     usual: 1 per month, audience: [desk]}}
  - {{name: Hmeimim to al-Khadim, from: [OSLK], to: [HL59], aircraft: [transports],
     usual: 1 per month, audience: [desk]}}
data: opensky-data
"""


@dataclass(slots=True)
class World:
    """What the server knows and how it behaves; a test may change any of it while it runs."""

    sky: Sky
    clock: Callable[[], float] = time.time
    credits: float = 4000.0
    token_s: float = 1800.0
    asked: list[str] = field(default_factory=list)  # every request's path and query
    spent: list[tuple[float, float]] = field(default_factory=list)
    tokens: dict[str, float] = field(default_factory=dict)  # when each ends
    down: bool = False
    hidden: frozenset[str] = frozenset()  # airfields it knows no flight of

    def left(self) -> float:
        """Credits of the last 24 hours that are not spent."""
        now_s = self.clock()
        return self.credits - sum(paid for at, paid in self.spent if at > now_s - DAY_S)


Answer = tuple[int, Any, dict[str, str]]


def answer(world: World, path: str, query: dict[str, list[str]], bearer: str) -> Answer:
    """Status, body and headers for a GET."""
    known = world.tokens.get(bearer, 0.0) > world.clock()
    if world.down:
        return 503, "<html>down</html>", {}
    if bearer and not known:
        return 401, "", {}
    if not known and not path.endswith("/states/all"):
        return 403, "for accounts", {}
    price = _price(path, query)
    if world.left() < price:
        wait = {"X-Rate-Limit-Retry-After-Seconds": "22688"}
        return 429, "Too many requests", wait
    world.spent.append((world.clock(), price))
    status, body = _found(world, path.removeprefix("/api"), query)
    return status, body, {"X-Rate-Limit-Remaining": str(int(world.left()))}


def _found(world: World, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
    if path == "/states/all":
        return 200, _states(world, query)
    if path == "/tracks/all":
        track = _track(world, query)
        return (200, track) if track else (404, "")
    kind = path.removeprefix("/flights/")
    begin, end = (int(query[name][0]) for name in ("begin", "end"))
    longest = 7200 if kind == "all" else 2 * DAY_S
    if end - begin > longest or end // DAY_S - begin // DAY_S > 1 or end > world.clock():
        return 400, "interval"
    found = [_flight(p, world) for p in _paths(world) if _asked(p, kind, query, begin, end)]
    found = [flight for flight in found if kind in ("all", "aircraft") or flight[
        "estDepartureAirport" if kind == "departure" else "estArrivalAirport"]]  # fmt: skip
    return (200, found) if found else (404, "")


def _paths(world: World) -> Iterator[Path]:
    return (Path(flight) for flight in world.sky.flights)


def _asked(path: Path, kind: str, query: dict[str, list[str]], begin: float, end: float) -> bool:
    at_s = path.landing_s if kind == "arrival" else path.takeoff_s
    of = {"departure": path.flight.origin.ident, "arrival": path.flight.destination.ident,
          "aircraft": str(path.flight.icao24), "all": ""}[kind]  # fmt: skip
    wanted = query.get("icao24" if kind == "aircraft" else "airport", [""])[0]
    return begin <= at_s <= end and of == wanted


def _flight(path: Path, world: World) -> dict[str, Any]:
    flight = path.flight

    def named(ident: str) -> str | None:
        return None if ident in world.hidden else ident

    start, stop = named(flight.origin.ident), named(flight.destination.ident)
    return {
        "icao24": flight.icao24, "callsign": flight.callsign.ljust(8) or None,
        "firstSeen": int(path.takeoff_s) + 20, "lastSeen": int(path.landing_s) - 20,
        "estDepartureAirport": start, "estArrivalAirport": stop,
        "estDepartureAirportHorizDistance": 900 if start else None,
        "estDepartureAirportVertDistance": 60 if start else None,
        "estArrivalAirportHorizDistance": 800 if stop else None,
        "estArrivalAirportVertDistance": 40 if stop else None,
        "departureAirportCandidatesCount": 0, "arrivalAirportCandidatesCount": 0,
    }  # fmt: skip


def _track(world: World, query: dict[str, list[str]]) -> dict[str, Any] | None:
    at_s = float(query["time"][0])
    for path in _paths(world):
        if path.flight.icao24 == query["icao24"][0] and path.begin_s <= at_s <= path.end_s:
            times = np.arange(path.takeoff_s, path.landing_s, 60.0)
            state = path.at(times)
            rows = zip(times.tolist(), state.lat_deg.tolist(), state.lon_deg.tolist(),
                       (state.height_ft * FT).tolist(), state.track_deg.tolist(),
                       state.on_ground.tolist(), strict=True)  # fmt: skip
            return {"icao24": path.flight.icao24, "calllsign": path.flight.callsign,
                    "startTime": times[0], "endTime": times[-1], "path": list(rows)}  # fmt: skip
    return None


def _states(world: World, query: dict[str, list[str]]) -> dict[str, Any]:
    """The simulated sky as vectors; a box is cut out as the real one does."""
    now_s = world.clock()
    told = json.loads(world.sky.snapshot(now_s, dialect="readsb"))["aircraft"]
    rows = [_row(craft, now_s) for craft in told if "lat" in craft]
    if "lamin" in query:
        south, west, north, east = (
            float(query[k][0]) for k in ("lamin", "lomin", "lamax", "lomax")
        )
        rows = [r for r in rows if south <= r[6] <= north and west <= r[5] <= east]
    return {"time": int(now_s), "states": rows or None}


def _row(craft: dict[str, Any], now_s: float) -> list[Any]:
    ground = craft.get("alt_baro") == "ground"
    height = None if ground else craft.get("alt_baro")
    fix_s = int(now_s - craft.get("seen_pos", 0))
    return [
        craft["hex"], craft.get("flight"), "", fix_s, fix_s, craft["lon"], craft["lat"],
        None if height is None else height * FT, ground, craft.get("gs", 0) * KT,
        craft.get("track"), craft.get("baro_rate", 0) * FPM, None, None, craft.get("squawk"),
        False, 0, 1,
    ]  # fmt: skip


def _price(path: str, query: dict[str, list[str]]) -> float:
    if not path.endswith("/states/all"):
        return 30.0
    if "lamin" not in query:
        return 4.0
    south, west, north, east = (float(query[k][0]) for k in ("lamin", "lomin", "lamax", "lomax"))
    area = (north - south) * (east - west)
    return 1.0 + sum(area > limit for limit in (25, 100, 400))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: World

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.world.asked.append(self.path)
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self._send(*answer(self.world, parts.path, parse_qs(parts.query), bearer))

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        given = {"clientId": form["client_id"][0], "clientSecret": form["client_secret"][0]}
        if given != CLIENT or form["grant_type"] != ["client_credentials"]:
            self._send(401, {"error": "invalid_client"}, {})
            return
        token = f"t{len(self.world.tokens)}"
        self.world.tokens[token] = self.world.clock() + self.world.token_s
        self._send(200, {"access_token": token, "expires_in": self.world.token_s}, {})

    def _send(self, status: int, body: Any, headers: dict[str, str]) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        data = gzip.compress(text.encode(), 3)
        self.send_response(status)
        for name, value in {**headers, "Content-Encoding": "gzip"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: what was asked stands in `World.asked`."""


def serve(world: World, port: int = 0) -> AbstractContextManager[str]:
    """The world on a loopback port (0: any free one) for as long as the context lasts; its URL."""
    return serving(type("Handler", (_Handler,), {"world": world}), port)


def main() -> None:
    """Serve until interrupted; every request is printed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=8098)
    args = parser.parse_args()
    world = World(surge_sky(time.time()), credits=40_000.0)
    with serve(world, args.port) as url:
        print(CONFIG.format(url=url), flush=True)
        credentials = File("opensky.json")
        credentials.write_text(json.dumps(CLIENT))
        credentials.chmod(0o600)
        told = 0
        while True:
            time.sleep(1)
            for line in world.asked[told:]:
                print(datetime.now(UTC).strftime("%H:%M:%S"), line, file=sys.stderr, flush=True)
            told = len(world.asked)


if __name__ == "__main__":
    main()
