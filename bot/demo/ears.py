"""Who hears a simulated aircraft: receivers, the radio horizon, outages, missed messages.

Promises: an aircraft is heard only in a receiver's line of sight, while that receiver is up, and
only while its transponder is on; the same seed hears the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot import geo
from bot.demo.sky import EARTH_NM, Bools, Path, State
from bot.geo import Floats

HORIZON_NM = 1.23  # x sqrt(height in ft), for each end of the line of sight
FENCE_NM = 4.0  # buildings hide what stands further off on the ground
FIX_EVERY_S = (0.5, 8.0)  # how often a fix of one aircraft is decoded: near, and at the edge
MISSED = 0.03  # share of polls for which no fix of the last minute was decoded
SHADOW_EVERY_S, SHADOW_S = 3 * 3600.0, (90.0, 420.0)  # fading: now and then some minutes are lost


@dataclass(frozen=True, slots=True)
class Receiver:
    """One antenna. `height_ft`: above the sea; `outages`: (from, to) in epoch s."""

    name: str
    lat_deg: float
    lon_deg: float
    height_ft: float = 100.0
    reach_nm: float = 220.0
    outages: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """What came in of one flight over a row of polls; arrays of shape (m,).

    `poll`: index of the poll; `age_s`: of the fix at that poll; `fix`: False where only the
    transponder answered and no position was decoded.
    """

    poll: npt.NDArray[np.intp]
    age_s: Floats
    fix: Bools
    state: State
    messages: npt.NDArray[np.intp]  # received since first heard of


class Ears:
    """All receivers together."""

    def __init__(self, receivers: Sequence[Receiver], seed: int = 0) -> None:
        self.seed = seed
        self._where = geo.unit_vectors([r.lat_deg for r in receivers],
                                       [r.lon_deg for r in receivers])  # fmt: skip
        self._horizon_nm = HORIZON_NM * np.sqrt([max(r.height_ft, 0.0) for r in receivers])
        self._reach_nm = np.array([r.reach_nm for r in receivers])
        self._outages = [(i, *gap) for i, r in enumerate(receivers) for gap in r.outages]

    def in_range(self, time_s: Floats, state: State) -> Bools:
        """Whether any receiver in service has the aircraft in its line of sight, shape (n,)."""
        here = geo.unit_vectors(state.lat_deg, state.lon_deg)
        sight = HORIZON_NM * np.sqrt(np.maximum(state.height_ft, 0.0))[:, None] + self._horizon_nm
        reach = np.where(state.on_ground[:, None], FENCE_NM, np.minimum(sight, self._reach_nm))
        clear = here @ self._where.T >= np.cos(reach / EARTH_NM)
        for i, start_s, stop_s in self._outages:
            clear[:, i] &= (time_s < start_s) | (time_s > stop_s)
        return np.asarray(clear.any(axis=1))

    def hear(self, path: Path, poll_s: Floats) -> Heard:
        """What polls at `poll_s` (ascending) get of one flight."""
        key = [self.seed, int(path.flight.icao24, 16), int(path.takeoff_s)]
        luck = np.random.default_rng(key)
        shadows = _shadows(path, luck)
        every_s, offset_s = luck.uniform(*FIX_EVERY_S), luck.random() * 60
        age_s = (poll_s - offset_s) % every_s  # a fix of each aircraft comes at its own beat
        fix = np.random.default_rng([*key, int(poll_s[0])]).random(len(poll_s)) >= MISSED
        fix_s = poll_s - age_s
        state = path.at(fix_s)
        there = path.transponder_on(fix_s, state.height_ft) & self.in_range(fix_s, state)
        for start_s, stop_s in shadows:
            there &= (fix_s < start_s) | (fix_s > stop_s)
        kept = np.flatnonzero(there)
        messages = ((fix_s[kept] - path.begin_s) * 4).astype(int) + 1
        return Heard(kept, age_s[kept], fix[kept], state.take(kept), messages)


def _shadows(path: Path, luck: np.random.Generator) -> list[tuple[float, float]]:
    count = luck.poisson((path.end_s - path.begin_s) / SHADOW_EVERY_S)
    starts = luck.uniform(path.begin_s, path.end_s, count)
    return [(float(s), float(s + d)) for s, d in zip(starts, luck.uniform(*SHADOW_S, count),
                                                     strict=True)]  # fmt: skip
