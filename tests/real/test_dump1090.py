"""A real decoder, fed real and synthetic frames over TCP, read by the bot over HTTP."""

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path as File

import numpy as np
import pytest
import requests

from bot import feeds, geo
from bot.demo.sky import Flight, Path, Place
from bot.model.air import Icao24
from bot.model.feed import FeedSettings
from bot.model.query import Everything, Snapshot
from tests import beast

DATA = File(__file__).parent / "data"
RECEIVER = (35.2, 35.9)
CENTRAL_FRANCE = (46.0, 2.0)  # a decoder drops what lies beyond its range
AFR34ZG = 0x393322
PATIENCE_S = 20.0

pytestmark = pytest.mark.real


@dataclass(frozen=True, slots=True)
class Decoder:
    """A running dump1090: where to send frames, where it tells SBS, and where its aircraft.json
    is served."""

    beast_port: int
    avr_port: int
    sbs_port: int
    url: str

    def send(self, frames: bytes, port: int | None = None) -> None:
        with socket.create_connection(("127.0.0.1", port or self.beast_port), timeout=5) as line:
            line.sendall(frames)
            line.shutdown(socket.SHUT_WR)
            line.settimeout(1)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """The decoder's files are read every second: no log."""


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for sock in held:
        sock.bind(("127.0.0.1", 0))
    ports = [int(sock.getsockname()[1]) for sock in held]
    for sock in held:
        sock.close()
    return ports


@pytest.fixture
def decoder(
    request: pytest.FixtureRequest, need: Callable[[str, str], str], tmp_path: File
) -> Iterator[Decoder]:
    """dump1090-mutability on free loopback ports, its JSON behind a plain web server. Its site is
    the parameter, if there is one."""
    lat_deg, lon_deg = getattr(request, "param", RECEIVER)
    program = need("dump1090-mutability", "dump1090-mutability")
    ports = _free_ports(5)
    names = ("--net-ri-port", "--net-ro-port", "--net-sbs-port", "--net-bi-port", "--net-bo-port")
    listen = [word for pair in zip(names, map(str, ports), strict=True) for word in pair]
    process = subprocess.Popen([
        program, "--net-only", "--net-bind-address", "127.0.0.1", *listen, "--quiet",
        "--lat", str(lat_deg), "--lon", str(lon_deg), "--max-range", "600",
        "--write-json", str(tmp_path), "--write-json-every", "1",
    ])  # fmt: skip
    web = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    try:
        _until((tmp_path / "aircraft.json").exists, "aircraft.json")
        yield Decoder(
            ports[3], ports[0], ports[2], f"http://127.0.0.1:{web.server_port}/aircraft.json"
        )
    finally:
        web.shutdown()
        web.server_close()
        thread.join()
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """It has been seen to outlive one SIGTERM."""
    for stop in (process.terminate, process.terminate, process.kill):
        stop()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            continue
        return


def _until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"no {what} after {PATIENCE_S} s"
        time.sleep(0.1)


def _watch(decoder: Decoder, wanted: Callable[[Snapshot], bool]) -> Snapshot:
    """Poll as the bot does until the sky looks as wanted; that snapshot."""
    feed = feeds.make(FeedSettings("roof", "readsb", url=decoder.url))
    deadline = time.monotonic() + PATIENCE_S
    try:
        while True:
            snapshot = feed.poll(Everything(), datetime.now(UTC))
            if wanted(snapshot):
                return snapshot
            assert time.monotonic() < deadline, f"still {snapshot}"
            time.sleep(0.3)
    finally:
        close = getattr(feed, "close", None)
        if close is not None:
            close()


def _transmit(path: Path, seconds: float) -> bytes:
    """What the flight's transponder sent in the last seconds: positions twice a second, even and
    odd in turn, speed and callsign once."""
    now_s, sent = time.time(), b""
    icao24 = int(path.flight.icao24, 16)
    for i, moment_s in enumerate(np.arange(now_s - seconds, now_s, 0.5).tolist()):
        state = path.at(np.array([moment_s]))
        lat, lon, height_ft, speed_kt, track_deg, rate_fpm = (float(c[0]) for c in state[:6])
        sent += beast.beast(beast.position(icao24, lat, lon, height_ft, bool(i % 2)))
        if i % 2:
            sent += beast.beast(beast.velocity(icao24, speed_kt, track_deg, rate_fpm))
            sent += beast.beast(beast.identification(icao24, path.flight.callsign))
    return sent


def test_a_synthetic_flight_is_decoded_where_it_is(decoder: Decoder) -> None:
    """Position, height, speed, track and callsign come back through decoder, web and feed."""
    now_s = time.time()
    flight = Flight(
        Icao24("154076"),
        Place("OSLK", 35.4011, 35.9487, 157, 354),
        Place("HL59", 31.9985, 21.1918, 800, 334),
        takeoff_s=now_s - 1_500,
        cruise_ft=33_000,
        callsign="RA82038",
    )
    path = Path(flight)
    decoder.send(_transmit(path, 4))
    snapshot = _watch(decoder, lambda sky: bool((sky.positions.callsign == b"RA82038").any()))
    found = snapshot.positions.take(snapshot.positions.icao24 == 0x154076)
    truth = path.at(np.array([now_s]))
    assert len(found) == 1
    away_km = geo.distance_km(found.lat_deg[0], found.lon_deg[0],
                              truth.lat_deg[0], truth.lon_deg[0])  # fmt: skip
    assert away_km < 3  # the aircraft flew on for some seconds
    assert found.altitude_ft[0] == pytest.approx(33_000, abs=25)
    assert found.ground_speed_kt[0] == pytest.approx(450, abs=3)
    assert found.track_deg[0] == pytest.approx(truth.track_deg[0], abs=1.5)
    assert abs(found.time_s[0] - now_s) < PATIENCE_S
    assert not found.on_ground[0]


def test_it_moves_on_as_it_flies(decoder: Decoder) -> None:
    """Two looks some seconds apart show the distance flown, not a jump and not a standstill."""
    path = Path(
        Flight(
            Icao24("14001f"),
            Place("LTDA", 36.3628, 36.2822, 269),
            Place("LCLK", 34.8751, 33.6249, 8),
            takeoff_s=time.time() - 900,
            cruise_ft=24_000,
            callsign="RFF7001",
        )
    )
    decoder.send(_transmit(path, 4))
    first = _watch(decoder, lambda sky: len(sky.positions) > 0).positions
    time.sleep(4)
    decoder.send(_transmit(path, 3))
    later = _watch(decoder, lambda sky: bool((sky.positions.time_s > first.time_s[0] + 2).any()))
    flown_km = geo.distance_km(first.lat_deg[0], first.lon_deg[0],
                               later.positions.lat_deg[0], later.positions.lon_deg[0])  # fmt: skip
    assert 0.3 < flown_km < 6


def test_recorded_frames_are_decoded(decoder: Decoder) -> None:
    """A recording of a real receiver gives the two aircraft that it holds, neither with a
    position: they are listed and skipped, never placed."""
    decoder.send((DATA / "sample_dump1090.bin").read_bytes())
    snapshot = _watch(decoder, lambda sky: sky.listed == 2)
    assert len(snapshot.positions) == 0
    assert sum(snapshot.skipped.values()) == 2
    listed = requests.get(decoder.url, timeout=5).json()["aircraft"]
    assert {row["hex"]: row.get("flight") for row in listed} == {
        "48520a": "TRA89M  ",
        "3981e4": "TJT62CB ",
    }


def _recorded() -> list[bytes]:
    """Ten seconds of a real flight's frames, long and short."""
    text = (DATA / "afr34zg.avr").read_text()
    return [bytes.fromhex(line[1:-1]) for line in text.splitlines()]


def _is_the_airliner(snapshot: Snapshot) -> bool:
    found = snapshot.positions
    return bool((found.icao24 == AFR34ZG).any() and (found.callsign == b"AFR34ZG").any())


@pytest.mark.parametrize("decoder", [CENTRAL_FRANCE], indirect=True)
@pytest.mark.parametrize("way", ["beast", "avr"])
def test_a_real_flight_comes_through_the_decoder(decoder: Decoder, way: str) -> None:
    """AFR34ZG on its way to Toulouse, sent as Beast and as AVR: the bot reads place, height and
    speed that another decoder (rs1090) found in the same frames."""
    if way == "beast":
        decoder.send(b"".join(map(beast.beast, _recorded())))
    else:
        decoder.send(b"".join(map(beast.avr, _recorded())), decoder.avr_port)
    row = _watch(decoder, _is_the_airliner).positions
    assert len(row) == 1
    assert geo.distance_km(row.lat_deg[0], row.lon_deg[0], 46.5769, 1.9622) < 1
    assert row.altitude_ft[0] == pytest.approx(33_300, abs=100)
    assert row.ground_speed_kt[0] == pytest.approx(435, abs=3)
    assert row.track_deg[0] == pytest.approx(184, abs=1.5)


@pytest.mark.parametrize("decoder", [CENTRAL_FRANCE], indirect=True)
def test_what_sbs_tells_the_json_tells_too(decoder: Decoder) -> None:
    """Whoever knows a receiver by its SBS port (30003) reads the same aircraft at the same place
    in its decoder's JSON."""
    with socket.create_connection(("127.0.0.1", decoder.sbs_port), timeout=5) as line:
        time.sleep(1.5)  # it looks for new listeners once a second
        decoder.send(b"".join(map(beast.beast, _recorded())))
        row = _watch(decoder, _is_the_airliner).positions
        line.settimeout(3)
        told = line.makefile("r", encoding="ascii")
        fields = next(cells for cells in (text.split(",") for text in told)
                      if cells[:2] == ["MSG", "3"] and cells[14])  # fmt: skip
    assert fields[4] == "393322"
    place = float(fields[14]), float(fields[15])
    assert geo.distance_km(*place, row.lat_deg[0], row.lon_deg[0]) < 3  # ten seconds of flight
