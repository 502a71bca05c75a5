"""Dispersion of the longer windows, where traffic comes in stretches.

Campaigns, weather and changing timetables make weeks and months vary more than their days
would by chance. Promises: a factor of 1 for traffic without such memory; it only grows where the
sums of 7 and 28 days themselves, below AND above what was expected, have shown it, and shrinks to
1 by what the few windows of a year cannot know. A surge stands only above, an outage only below:
the smaller of the two sides teaches.
"""

from __future__ import annotations

import numpy as np

from detectors.inputs import Bools, Floats, Ints
from detectors.level import Memory

DAYS = (7, 28)  # the scales that are learnt; detection.md, section 2 (window-scale dispersion)
HALF_LIFE = 365.0  # of what windows have shown: a month's scale has thirteen a year
WINSOR_SD = 2.5  # a window counts as odd up to here
# Times the squared error of the estimate that must be exceeded before any of it is believed.
# 1, 2 and 3.5 differ by 0.001 POD; hidden coverage changes cost 1.6, 1.66 and 1.7.
DISBELIEF = 2.0
MOST = 20.0
# Windows up to here keep the dispersion of a day.
SHORT_DAYS = 3
OPEN_DAYS = 60.0  # days of data before windows teach


def learn(m: Memory, count: Floats, mean: Floats, doubt: Floats, spread: Floats,
          lengths: Ints, use: Bools) -> None:  # fmt: skip
    """Take in a block: window sums, each (W, n, b); `use` (n, b): judged entries."""
    if m.step != 1:
        return
    b = use.shape[1]
    fade = 2.0 ** (-(b - 1 - np.arange(b)) / HALF_LIFE) * use
    m.wide_sums *= 2.0 ** (-b / HALF_LIFE)
    for k, days in enumerate(DAYS):
        w = int(np.searchsorted(lengths, days))
        noise = spread[w] * mean[w]
        known = 0.5 * doubt[w] * mean[w] * mean[w]
        most = WINSOR_SD * np.sqrt(noise + 2 * known)
        off = np.clip(count[w] - mean[w], -most, most)
        above = np.maximum(off, 0.0) ** 2 - known
        below = np.minimum(off, 0.0) ** 2 - known
        chance = noise / m.wide[:, k, None]
        for i, part in enumerate((above, below, chance)):
            m.wide_sums[:, 3 * k + i] += (fade * part).sum(1)
    m.wide_sums[:, -1] += fade.sum(1)


def settle(m: Memory) -> None:
    """At refits only: their dates do not depend on the caller."""
    if m.step != 1:
        return
    phi = m.spread()
    seen = np.maximum(m.wide_sums[:, -1], 1.0)
    for k, days in enumerate(DAYS):
        above, below, chance = m.wide_sums[:, 3 * k : 3 * k + 3].T
        chance = np.maximum(chance, 1e-9)
        excess = np.maximum(2 * np.minimum(above, below) / chance - 1, 1e-9)
        error = DISBELIEF * days * (2 / seen + phi**2 / chance)
        m.wide[:, k] = np.minimum(1 + np.maximum(excess**2 - error, 0.0) / excess, MOST)


def factors(m: Memory, lengths: Ints) -> Floats:
    """What the dispersion of each window is times that of a day, (W, n)."""
    log = np.log(m.wide)
    nodes = np.log(np.array([SHORT_DAYS, *DAYS]))
    at = np.log(lengths)
    week = np.clip((at - nodes[0]) / (nodes[1] - nodes[0]), 0.0, 1.0)[:, None]
    month = np.clip((at - nodes[1]) / (nodes[2] - nodes[1]), 0.0, 1.0)[:, None]
    return np.asarray(np.exp(week * log[:, 0] + month * (log[:, 1] - log[:, 0])))
