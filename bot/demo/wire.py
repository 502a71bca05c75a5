"""What a provider would answer: the simulated sky as v2 or readsb JSON, poll by poll.

Promises: the same flights, receivers and seed give the same bytes; a key is left out when unknown,
as real feeds do; rows without a position occur, as they do in real feeds.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from bot import geo
from bot.demo.ears import Ears, Heard
from bot.demo.sky import BEFORE_S, Bools, Flight, Path
from bot.geo import Floats
from bot.model.air import Positions
from bot.model.query import Near

Dialect = Literal["v2", "readsb"]
_SPAN_S = 16 * 3600.0  # no simulated flight lasts longer; bounds the search for who is up


class Sky:
    """Flights and the ears that hear them."""

    def __init__(self, flights: Sequence[Flight], ears: Ears) -> None:
        self.flights = sorted(flights, key=lambda flight: flight.takeoff_s)
        self._starts = np.array([flight.takeoff_s - BEFORE_S for flight in self.flights])
        self.ears = ears
        self._paths: dict[int, Path] = {}

    def polls(
        self, start_s: float, end_s: float, every_s: float, *, near: Sequence[Near] = (),
        dialect: Dialect = "v2",
    ) -> Iterator[tuple[float, bytes]]:  # fmt: skip
        """(epoch s, reply) every `every_s` in [start, end). `near`: only these circles."""
        grid = np.arange(start_s, end_s, every_s)
        waiting: dict[int, list[str]] = {}
        following = int(np.searchsorted(self._starts, start_s - _SPAN_S))
        for k, now_s in enumerate(grid.tolist()):
            while following < len(self.flights) and self._starts[following] <= now_s:
                self._fly(Path(self.flights[following]), grid, k, waiting, near)
                following += 1
            yield now_s, envelope(waiting.pop(k, []), now_s, dialect)

    def _fly(
        self, path: Path, grid: Floats, k: int, waiting: dict[int, list[str]],
        near: Sequence[Near],
    ) -> None:  # fmt: skip
        """Put a flight's rows where the polls will find them."""
        last = int(np.searchsorted(grid, path.end_s + 60))
        if last <= k:
            return  # landed before the first poll
        heard = self.ears.hear(path, grid[k:last])
        for row, i in zip(rows(path.flight, heard, near), heard.poll.tolist(), strict=True):
            if row:
                waiting.setdefault(k + i, []).append(row)

    def up(self, now_s: float) -> Iterator[Path]:
        """The flights under way, from first to last transmission."""
        first = int(np.searchsorted(self._starts, now_s - _SPAN_S))
        for i in range(first, int(np.searchsorted(self._starts, now_s, "right"))):
            path = self._paths.get(i) or self._paths.setdefault(i, Path(self.flights[i]))
            if now_s <= path.end_s + 60:
                yield path

    def snapshot(
        self, now_s: float, *, near: Sequence[Near] = (), hexes: frozenset[str] = frozenset(),
        dialect: Dialect = "v2",
    ) -> bytes:  # fmt: skip
        """The reply to one poll at `now_s`. `hexes`: only these airframes."""
        found: list[str] = []
        for path in self.up(now_s):
            if hexes and path.flight.icao24 not in hexes:
                continue
            heard = self.ears.hear(path, np.array([now_s]))
            found += [row for row in rows(path.flight, heard, near) if row]
        return envelope(found, now_s, dialect)

    def positions(self, poll_s: Floats) -> Positions:
        """Every fix that polls at `poll_s` (ascending) would bring, as columns."""
        parts: list[tuple[int, Heard, Floats]] = []
        for flight in self.flights:
            if flight.takeoff_s - BEFORE_S <= poll_s[-1]:
                path = Path(flight)
                part = (poll_s >= path.begin_s) & (poll_s <= path.end_s + 60)
                if part.any():
                    heard = self.ears.hear(path, poll_s[part])
                    parts.append((int(flight.icao24, 16), heard, poll_s[part]))
        if not parts:
            return Positions.empty()

        def column(pick: Callable[[int, Heard, Floats], npt.ArrayLike]) -> Floats:
            return np.concatenate([np.asarray(pick(*part))[part[1].fix] for part in parts])

        return Positions.of(
            column(lambda icao, heard, _: np.full(len(heard.poll), icao)),
            column(lambda _, heard, poll_s: poll_s[heard.poll] - heard.age_s),
            column(lambda _, heard, __: heard.state.lat_deg),
            column(lambda _, heard, __: heard.state.lon_deg),
            altitude_ft=column(lambda _, heard, __: heard.state.height_ft),
            on_ground=column(lambda _, heard, __: heard.state.on_ground),
        )


def envelope(found: Sequence[str], now_s: float, dialect: Dialect) -> bytes:
    """The rows in the provider's wrapper."""
    body = ",\n".join(found)
    if dialect == "readsb":
        text = f'{{"now":{now_s:.1f},"messages":{int(now_s) % 10**8},"aircraft":[\n{body}\n]}}'
    else:
        now_ms = round(now_s * 1000)
        text = (f'{{"ac":[\n{body}\n],"msg":"No error","now":{now_ms},"total":{len(found)},'
                f'"ctime":{now_ms},"ptime":1}}')  # fmt: skip
    return text.encode()


def rows(flight: Flight, heard: Heard, near: Sequence[Near] = ()) -> list[str]:
    """One aircraft object per poll in which it was heard; "" outside the circles."""
    head, tail = _constant(flight)
    state, inside = heard.state, _inside(heard, near)
    rate = np.round(state.rate_fpm / 64) * 64  # as ADS-B quantises it
    columns = (
        heard.messages, heard.fix, inside, state.on_ground, np.round(state.height_ft / 25) * 25,
        state.ground_speed_kt, state.track_deg, rate, state.lat_deg, state.lon_deg, heard.age_s,
    )  # fmt: skip
    return [
        _row(head, tail, *values) if values[2] else ""
        for values in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _row(
    head: str, tail: str, messages: int, fix: bool, _inside: bool, ground: bool, height_ft: float,
    speed_kt: float, track_deg: float, rate_fpm: float, lat: float, lon: float, age_s: float,
) -> str:  # fmt: skip
    baro = '"ground"' if ground else f"{height_ft:.0f}"
    if not fix:
        return (
            f'{head}"type":"mode_s","alt_baro":{baro},{tail}"seen":{age_s:.1f},'
            f'"messages":{messages},"rssi":-{18 + messages % 11}.4}}'
        )
    rate = "" if ground else f'"baro_rate":{rate_fpm:.0f},"alt_geom":{height_ft + 225:.0f},'
    return (
        f'{head}"type":"adsb_icao","alt_baro":{baro},"gs":{speed_kt:.1f},"track":{track_deg:.2f},'
        f'{rate}"lat":{lat:.6f},"lon":{lon:.6f},"nic":8,"rc":186,"seen_pos":{age_s:.3f},'
        f'"version":2,"sil":3,{tail}"seen":{age_s * 0.4:.1f},"messages":{messages},'
        f'"rssi":-{18 + messages % 11}.4}}'
    )


def _constant(flight: Flight) -> tuple[str, str]:
    """What is the same in every row of a flight: the head, and keys for the middle."""
    head = f'{{"hex":"{flight.icao24}",'
    if flight.callsign:
        head += f'"flight":"{flight.callsign:<8}",'
    if flight.registration:
        head += f'"r":"{flight.registration}",'
    if flight.type_code:
        head += f'"t":"{flight.type_code}",'
    if flight.military:
        head += '"dbFlags":1,'
    squawk = f"{(int(flight.icao24, 16) * 37 + int(flight.takeoff_s) // 60) % 0o6000 + 0o1000:04o}"
    return head, f'"squawk":"{squawk}","mlat":[],"tisb":[],'


def _inside(heard: Heard, near: Sequence[Near]) -> Bools:
    """Which rows lie in any of the circles; all of them when there is none."""
    inside = np.full(len(heard.poll), not near)
    for circle in near:
        away_km = geo.distances_km(heard.state.lat_deg, heard.state.lon_deg,
                                   np.float64(circle.lat_deg), np.float64(circle.lon_deg))  # type: ignore[arg-type]  # fmt: skip
        inside |= away_km <= circle.radius_nm * geo.KM_PER_NM
    return inside
