"""A provider on this machine: a moving sky, stamped with the present, over real HTTP.

    python tests/sky_server.py --port 8099 --surge-after 120

It prints a config.yaml for itself. Positions obey the wall clock, so aircraft move as fast as
aircraft do: those of the surge are already on their way when it starts, or fly very short legs.
"""

import argparse
import gzip
import re
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path as File

if __name__ == "__main__":  # run as a program: the repository's root is not on the path
    sys.path.insert(0, str(File(__file__).parent.parent))

from bot.demo import tables
from bot.demo.civil import airliners
from bot.demo.ears import Ears, Receiver
from bot.demo.sky import Flight, Path
from bot.demo.wire import Sky
from bot.model.air import Icao24
from bot.model.query import Near
from tests.loopback import serving

SEED = 7
SURGE = 8  # aircraft of each kind
APART_S = 30.0
NUMBER = r"(-?\d+(?:\.\d+)?)"
CIRCLES = [
    re.compile(rf"/v2/point/{NUMBER}/{NUMBER}/{NUMBER}/?"),
    re.compile(rf"/v[23]/lat/{NUMBER}/lon/{NUMBER}/dist/{NUMBER}/?"),
]
LISTS = re.compile(r"/v2/(?:hex|icao)/([0-9a-fA-F,]+)/?")
FILES = {"/data/aircraft.json", "/tar1090/data/aircraft.json"}
CONFIG = """\
feeds:
  - {{name: sky, kind: v2, url: "{url}", every: 10s, spacing: 1s}}
audiences:
  desk: [console]
operators: [desk]
aircraft:
  transports: {{types: [IL76, A124]}}
watches:
  - name: Cairo to Cairo West                  # seen from take-off to landing, 9 minutes each
    from: [HECA]
    to: [HECW]
    aircraft: [transports]
    usual: 1 per month
    alerts: {{surge: {{false_alarms: 1 per year}}, first_after: 90 days}}
    audience: [desk]
  - name: Anywhere to al-Khadim                # already under way, landing one after another
    to: [HL59]
    aircraft: [transports]
    usual: 1 per month
    audience: [desk]
data: sky-data
"""


def surge_sky(now_s: float, surge_after_s: float = 20.0) -> Sky:
    """A sky for the hours around `now_s`: airliners throughout, and from `surge_after_s` on a
    transport every half minute that takes off from Cairo for Cairo West (9 min), and one that
    lands at al-Khadim."""
    day = datetime.fromtimestamp(now_s, UTC).date()
    flights = list(airliners(day - timedelta(days=1), day + timedelta(days=1), SEED))
    start_s = now_s + surge_after_s
    flights += [_hop(i, start_s + APART_S * i) for i in range(SURGE)]
    flights += [_arrival(i, start_s + APART_S * i) for i in range(SURGE)]
    fields = tables.places()
    local = [Receiver(f"fence of {ident}", fields[ident].lat_deg, fields[ident].lon_deg, 900)
             for ident in ("HECA", "HECW", "HL59", "OSLK")]  # fmt: skip
    return Sky(flights, Ears([*tables.receivers(), *local], SEED))


def _hop(i: int, takeoff_s: float) -> Flight:
    fields = tables.places()
    return Flight(
        Icao24(f"{0x140000 + 51 + i:06x}"), fields["HECA"], fields["HECW"], takeoff_s,
        cruise_ft=6_000, cruise_kt=260, callsign=f"RFF90{i:02d}", registration=f"RA-{51 + i:05d}",
        type_code="IL76",
    )  # fmt: skip


def _arrival(i: int, landing_s: float) -> Flight:
    """From Hmeimim, taken off so that it touches down at `landing_s`."""
    fields = tables.places()
    flight = Flight(
        Icao24(f"{0x140000 + 71 + i:06x}"), fields["OSLK"], fields["HL59"], landing_s,
        cruise_ft=29_000 + 1_000 * i, cruise_kt=442, callsign=f"RFF91{i:02d}",
        registration=f"RA-{71 + i:05d}", type_code="A124" if i % 2 else "IL76",
    )  # fmt: skip
    late_s = Path(flight).landing_s - landing_s
    return Flight(**{name: getattr(flight, name) for name in Flight.__slots__}
                  | {"takeoff_s": landing_s - late_s})  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    """Answers like adsb.lol, and like a receiver's web server."""

    protocol_version = "HTTP/1.1"
    sky: Sky
    clock: Callable[[], float]

    def do_GET(self) -> None:
        now_s = type(self).clock()
        body = _answer(self.sky, self.path.partition("?")[0], now_s)
        self.send_response(200 if body is not None else 404)
        body = body if body is not None else b'{"error":"no such endpoint"}'
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, 3)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: the bot's own log tells what it asked."""


def _answer(sky: Sky, path: str, now_s: float) -> bytes | None:
    """The reply to a path; None: there is no such endpoint."""
    if path in FILES:
        return sky.snapshot(now_s, dialect="readsb")
    for circle in CIRCLES:
        if found := circle.fullmatch(path):
            lat, lon, radius_nm = map(float, found.groups())
            return sky.snapshot(now_s, near=[Near(lat, lon, min(radius_nm, 250.0))])
    if found := LISTS.fullmatch(path):
        return sky.snapshot(now_s, hexes=frozenset(found[1].lower().split(",")))
    return None


def serve(
    sky: Sky, port: int = 0, clock: Callable[[], float] = time.time
) -> AbstractContextManager[str]:
    """The sky on a loopback port (0: any free one) for as long as the context lasts; its URL."""
    handler = type("Handler", (_Handler,), {"sky": sky, "clock": staticmethod(clock)})
    return serving(handler, port)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--surge-after", type=float, default=20.0, metavar="SECONDS")
    args = parser.parse_args()
    with serve(surge_sky(time.time(), args.surge_after), args.port) as url:
        print(CONFIG.format(url=url), flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
