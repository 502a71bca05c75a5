"""What a detector remembers of each series; `detectors.learn` changes it.

Long-run rate: gamma-Poisson with the watch's prior, half-life 1000 days. Local level:
gamma around 1, half-life 60 days. Dispersion: ratio of sums, below 1 where traffic is
regular. Entries under suspicion (a surge or a hole in progress) teach nothing at once;
`detectors.history` corrects later what must be corrected. Shapes: n series; time is last.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from detectors import design
from detectors.inputs import Floats, Ints

TAIL = 28  # entries that the longest window looks back
LEVEL_WEIGHT = 60.0  # expected legs behind "the level is 1"; detection.md, section 2 (c0)
SPREAD_FLOOR = 0.05  # section 2, under-dispersion
SPREAD_CEILING = 50.0
# Expected legs before traffic is believed to be regular (section 2); the disbelief itself
# fades, or a route of two legs a day would still be taken for half random after a year.
REGULAR_WEIGHT = 40.0
# Zeros rarer than e^-6 are an outage. The specification says e^-8; at 6, outages of three
# weeks are seen on routes of 0.3 legs a day, which halves their false alarms (measured).
OUTAGE_LOG = 6.0
# Expected legs behind "a special day is like any other": a typical effect of 25 %. At 4 (50 %),
# surges on special days were missed for years; either way a doubling is learnt in one.
CALENDAR_WEIGHT = 16.0
# Winsorising of learnt counts. Never below mean + 1: clipping single legs would bias the
# rate of a rare route. Looser than the specification's 1.8, as suspicion guards besides.
TOP_SD, TOP_ADD, LOW_SD = 2.5, 1.0, 1.8
SPREAD_SD, SPREAD_ADD = 6.0, 2.0  # much looser for the dispersion; section 2
# A surge or hole is suspected when the excess of the last days (half-life 2) passes this.
# Measured: 3 to 4 sd and half-lives of 1.5 to 3 days differ by less than 0.01 POD.
SUSPECT_SD, SUSPECT_ADD, HALF_LIFE_DRIFT = 4.0, 2.0, 2.0
HOT_SPREAD = 0.25  # weight of a suspicious entry in the dispersion: heard, not believed
OPEN_DAYS = 14.0  # days of data plus prior before an entry can be suspicious at all
SD_WEEKDAY = 0.35  # typical weekday effect, log scale: the doubt while it is unknown
SEASON_SLOPE = 0.004  # typical seasonal change a day, log scale, while season is unknown
# Weekly series: an adopted level that held this long was a normal; coming back to it is no surge
# for half a year after it fell, and less and less of none in the half year after that. Daily
# ones remember by months: `detectors.former`.
SETTLED_DAYS = 120.0
FORMER_DAYS, FADE_DAYS = 180.0, 180.0
# Proof of the season: log likelihood by which yesterday's season foretold the days better than a
# level without one, a year's worth of it. From here on it is believed outright; below, a surge
# must be one without season too. Bounded, so that either opinion can be lost again.
SEASON_PROVEN, PROOF_MOST, PROOF_LEAST, PROOF_HALF_LIFE = 4.0, 12.0, -6.0, 365.0

# A week more than the 28 days of section 6: surges of a month were adopted as normal, and the
# level stayed wrong for months. 28 days lost 0.01 POD and half a day of delay; 42 gain no more.
ADOPT_DAYS = {1: 35.0, 7: 13.0}  # entries until a level is the new normal

MONTHS = 13  # of four weeks, the last of them just ended: what `detectors.former` looks at

HISTORY = ("y", "e", "r", "m")
SNAPSHOTS = ("rate", "flat", "doubt", "spread", "info", "age")
TAILS = ("y", "e", "g", "f", "special", *SNAPSHOTS)


# What one entry changes, a number a series.
SCALARS = (
    "shape0", "rate0", "spread0", "spread0_weight", "long_y", "long_m", "level_y", "level_m",
    "long_f", "level_f", "proof",
    "spread_y", "spread_m", "zero_mean", "zero_run", "drift", "drift_var", "hot", "cold",
    "seen", "adopted", "former", "fallen", "former_f",
)  # fmt: skip


@dataclass
class Memory:
    """Everything carried from one entry to the next; every array has n rows.

    `long_*`, `level_*`: discounted legs and expected legs; `spread_*`: squared residuals
    and expected legs; `zero_*`: the current run of zeros; `drift*`: excess of late and
    its variance; `hot`, `cold`, `alarmed`: entries under suspicion or alarm; `former`,
    `fallen`: an earlier normal and days since it was last seen (`former_f`: the same without
    season; `months`: see `detectors.former`); `long_f`, `level_f`: expected legs without
    season; `proof`: of the season;
    `wide`, `wide_sums`: see `detectors.wide`; `sd_wave`, `sd_week`: how strong season
    and weekday are; `past_*`
    (n, capacity): what was learnt, columns `[:size]` (`r`, `m`: residuals and means for
    the dispersion); `tail_*` (n, 28): the last entries as the
    windows need them (`SNAPSHOTS` as known after that entry). `fit_day`: the trend's origin.
    """

    step: int
    first_day: int
    fit_day: int
    size: int
    beta: Floats
    sd_wave: Floats
    sd_week: Floats
    shape0: Floats
    rate0: Floats
    spread0: Floats
    spread0_weight: Floats
    special_y: Floats
    special_m: Floats
    past_y: Floats
    past_e: Floats
    past_r: Floats
    past_m: Floats
    tail_y: Floats
    tail_e: Floats
    tail_g: Floats
    tail_f: Floats
    tail_special: Floats
    tail_rate: Floats
    tail_flat: Floats
    tail_doubt: Floats
    tail_spread: Floats
    tail_info: Floats
    tail_age: Floats
    long_y: Floats
    long_m: Floats
    level_y: Floats
    level_m: Floats
    long_f: Floats
    level_f: Floats
    proof: Floats
    spread_y: Floats
    spread_m: Floats
    zero_mean: Floats
    zero_run: Floats
    drift: Floats
    drift_var: Floats
    hot: Floats
    cold: Floats
    alarmed: Floats
    seen: Floats
    adopted: Floats
    former: Floats
    fallen: Floats
    wide: Floats
    wide_sums: Floats
    months: Floats
    former_f: Floats

    def days(self) -> Ints:
        """Ordinal days of the kept history, (size,)."""
        return self.first_day + self.step * np.arange(self.size, dtype=np.int64)

    def spread(self) -> Floats:
        """Dispersion phi, (n,)."""
        return np.asarray(dispersion(self))


def dispersion(m: Any, op: Any = np) -> Any:
    """Ratio of sums, shrunk towards Poisson until a regular route has shown what it is.

    `m`, `op`: a memory and numpy, or a single watch's numbers and `lane.Scalars`.
    """
    k, target = m.spread0_weight, m.spread0
    raw = (m.spread_y + k * target) / (m.spread_m + k)
    doubt = REGULAR_WEIGHT / (1 + m.spread_m / REGULAR_WEIGHT)
    regular = (m.spread_y + doubt * op.minimum(target, 1.0)) / (m.spread_m + doubt)
    phi = op.where(raw < 1, op.minimum(regular, 1.0), raw)
    return op.minimum(op.maximum(phi, SPREAD_FLOOR), SPREAD_CEILING)


def half_lives(step: int) -> tuple[float, float, float]:
    """Days after which the rate, the level and the dispersion weigh half.

    detection.md, section 2; the dispersion of weekly series has a seventh of the entries
    to be learnt from and keeps them ten times as long.
    """
    return (1000.0, 60.0, 180.0) if step == 1 else (1000.0, 60.0, 1800.0)


def blank(n: int, n_special: int, step: int, first_day: int, priors: tuple[Floats, ...]) -> Memory:
    """The memory of n series before their first entry."""
    shape0, rate0, spread0, weight = priors
    wide = {"past_" + name: np.zeros((n, 64)) for name in HISTORY}
    tail = {"tail_" + name: np.zeros((n, TAIL)) for name in TAILS}
    given = {
        "beta": np.zeros((n, 13 if step == 1 else 6)),
        "special_y": np.zeros((n, n_special)),
        "special_m": np.zeros((n, n_special)),
        "shape0": shape0, "rate0": rate0, "spread0": spread0, "spread0_weight": weight,
    }  # fmt: skip
    given["sd_wave"], given["sd_week"] = (
        np.full(n, sd) for sd in (design.SD_HARMONIC, design.SD_WEEKDAY)
    )
    given["wide"], given["wide_sums"] = np.ones((n, 2)), np.zeros((n, 7))
    given["months"] = np.zeros((n, 3, MONTHS))
    arrays = {**wide, **tail, **given}
    rest = [f.name for f in fields(Memory) if f.name not in arrays][4:]
    arrays.update({name: np.zeros(n) for name in rest})
    m = Memory(step=step, first_day=first_day, fit_day=first_day, size=0, **arrays)
    m.adopted[:] = m.fallen[:] = np.inf
    m.tail_spread[:] = m.spread()[:, None]
    m.tail_rate[:] = (shape0 / rate0)[:, None]
    m.tail_flat[:] = m.tail_rate
    m.tail_doubt[:] = (1 / LEVEL_WEIGHT + 1 / shape0)[:, None]
    return m


def rate_and_doubt(
    prior: tuple[Any, Any], long: tuple[Any, Any], level: tuple[Any, Any], phi: Any
) -> tuple[Any, Any]:
    """Rate per plain day and its squared relative error.

    `prior`: gamma shape and rate; `long`, `level`: discounted (legs, expected legs).
    """
    shape0, rate0 = prior
    long_rate = (shape0 + long[0]) / (rate0 + long[1])
    weight = LEVEL_WEIGHT * phi
    expected = long_rate * level[1]
    rate = long_rate * (weight + level[0]) / (weight + expected)
    return rate, phi / (weight + expected) + 1 / (shape0 + long[0] / phi)


def flat_rate(m: Any, phi: Any) -> Any:
    """The rate of a plain day if there were no season, (n,)."""
    return rate_and_doubt((m.shape0, m.rate0), (m.long_y, m.long_f), (m.level_y, m.level_f), phi)[0]


def current(m: Any, phi: Any) -> tuple[Any, Any]:
    """Rate and doubt as known now, (n,)."""
    return rate_and_doubt((m.shape0, m.rate0), (m.long_y, m.long_m), (m.level_y, m.level_m), phi)


def former_rate(m: Any, op: Any = np) -> Any:
    """An earlier normal that would be no surge to come back to, legs per plain day, (n,)."""
    long_rate = (m.shape0 + m.long_y) / (m.rate0 + m.long_m)
    kept = 1.0 if m.step == 1 else remembered(m.fallen, op)
    return op.maximum(long_rate, m.former * kept)


def remembered(fallen: Any, op: Any = np) -> Any:
    """How much of a normal still counts, `fallen` days after it was last seen."""
    return op.maximum(op.minimum((FORMER_DAYS + FADE_DAYS - fallen) / FADE_DAYS, 1.0), 0.0)


def slow_doubt(info: Any, age: Any, w: Any, step: int, op: Any = np) -> Any:
    """Squared relative error of weekday and season while a young route cannot show them.

    `info`: legs learnt, over dispersion; `age`: days seen; `w`: entries in the window.
    """
    unknown = 1 - op.minimum(age / 365.25, 1.0)
    lag = 0.5 * (w * step + op.minimum(age, 90.0))
    out = (SEASON_SLOPE * lag * unknown**2) ** 2
    if step == 1:
        out = out + (w < 7) / ((SD_WEEKDAY**-2 + info / 7) * w)
    return out


@dataclass
class Block:
    """Consecutive entries between two refits; every array is (n, b).

    `y` (0 where not seen), `e` exposure in days and `g` the same times the slow shape,
    `f` times the weekday alone (0 where not seen), `mean` expected; `kept_*` for history;
    `special`: doubt about special days; `former`, `former_f`: an earlier normal per plain day,
    with and without season; `proof` of the season; then `SNAPSHOTS`.
    """

    y: Floats
    e: Floats
    g: Floats
    f: Floats
    mean: Floats
    kept_y: Floats
    kept_e: Floats
    kept_r: Floats
    kept_m: Floats
    special: Floats
    former: Floats
    former_f: Floats
    proof: Floats
    rate: Floats
    flat: Floats
    doubt: Floats
    spread: Floats
    info: Floats
    age: Floats
    adopted: Floats

    @classmethod
    def empty(cls, n: int, b: int) -> Block:
        """A block yet to be filled."""
        return cls(*(np.zeros((n, b)) for _ in fields(cls)))

    def cut(self, b: int) -> Block:
        """The first b entries."""
        return Block(*(getattr(self, f.name)[:, :b] for f in fields(self)))


def lasting(m: Any) -> Any:
    """Series whose suspicion has lasted: the new level must be adopted."""
    limit = ADOPT_DAYS[m.step]
    dark = (m.zero_mean > OUTAGE_LOG) & (m.zero_run >= limit)
    return (m.hot >= limit) | (m.cold >= limit) | dark
