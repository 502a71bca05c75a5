"""The hidden states behind a day of looking: lasting level, the day's deviation, each hour's
condition, and what the hours' counts of other traffic say of them.

Arithmetic over W watches side by side; remembers nothing.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

STEP = 0.06
STEPS = STEP * np.arange(-38, 36)  # log of 0.1 to 8; steps of 6 % are below the noise
LEVELS, EVEN = np.exp(STEPS), 38
# Conditions lie on the same steps, so that level times condition is one table: 0.12 to 1, and dark.
_BELOW = (35, 23, 15, 9, 4, 0)  # steps under the level
CONDITIONS = np.concatenate([[0.0], np.exp(-STEP * np.array(_BELOW))])
NORMAL, DARK = 6, 0
# An hour's condition begins once in about ten days and lasts about eight hours; most holes are
# dark altogether. The likelihood of hours of traffic overrules these within a few hours.
STARTS_PER_HOUR, ENDS_PER_HOUR = 1 / 240, 1 / 8
_OF_CONDITIONS = np.array([0.5, 0.1, 0.1, 0.1, 0.1, 0.1, 0.0])
# One aircraft is counted in each hour that it crosses, so that neighbouring hours repeat each
# other: with half an hour in sight a third of an hour's aircraft is in the next one too.
REPEATS = 0.6
HOURLY_SPREAD = 0.05  # variance of an hour's traffic beyond chance, as a square of its mean
DARK_FLOOR = 0.02  # aircraft an hour that show even in the dark: decoders hold old positions
JUMP_PER_DAY = 0.01  # a level lasts about three months
LEAST_JUMP = 0.17  # log; less is drift, which the habit follows
ODD_PER_DAY = 0.04  # days that deviate by more than the ordinary, for a reason of coverage
LEAST_SPREAD = 6e-4  # a variance below the grid's own grain cannot be told
COVERAGE_SHARE = 0.5  # of an ordinary deviation: as likely looking as traffic

JUMPS = (np.abs(STEPS[None, :] - STEPS[:, None]) >= LEAST_JUMP).astype(float)
JUMPS /= JUMPS.sum(1, keepdims=True)
_APART = np.abs(np.arange(len(STEPS))[None, :] - np.arange(len(STEPS))[:, None])
_FACTORS = np.concatenate([[0.0], np.exp(STEP * np.arange(-38 - _BELOW[0], 36))])


class Deviation:
    """What a day's likelihood says of lasting level and of the day itself.

    `joint` (W, levels, levels): chance of (lasting, of the day); `ordinary`: that such a pair is
    an ordinary deviation; `off` (levels, levels): its size; `looking`: the pair as exposure.
    """

    def __init__(self, level: Floats, variance: Floats, likelihood: Floats) -> None:
        n = len(LEVELS)
        self.off = STEPS[None, :] - STEPS[:, None]
        spread = np.maximum(variance, LEAST_SPREAD)[:, None]
        near = normal(np.exp(-0.5 * (STEP * np.arange(n)) ** 2 / spread)[:, _APART])
        turn = (1 - ODD_PER_DAY) * near + ODD_PER_DAY / n
        self.ordinary = (1 - ODD_PER_DAY) * near / turn
        lasting = (1 - JUMP_PER_DAY) * level + JUMP_PER_DAY * (level @ JUMPS)
        joint = lasting[:, :, None] * turn * likelihood[:, None, :]
        self.joint = joint / joint.sum((1, 2), keepdims=True)
        share = COVERAGE_SHARE * self.ordinary + (1 - self.ordinary)
        self.looking = np.exp(STEPS[:, None] + share * self.off)


class Chain:
    """The hours of one day under every level: forward and backward over the conditions.

    `conditions` (24, C, W, levels): chance of each hour's condition; `likelihood` (W, levels):
    of the day, up to a factor; `mean`, `variance` (W, levels): of the day's working share. Hours
    and conditions come first, so that each step runs over long rows: several times faster.
    """

    def __init__(self, looked: Floats, others: Floats, habit: Floats, first: Floats) -> None:
        emitted = _emissions(looked.T, others.T, habit.T)
        hours, n, w, n_levels = emitted.shape
        turn = _transition()
        self.conditions = np.empty_like(emitted)
        state = np.repeat((first @ turn).T[:, :, None], n_levels, 2)
        log_likelihood = np.zeros((w, n_levels))
        for h in range(hours):
            forward = self.conditions[h]
            np.multiply(state, emitted[h], out=forward)
            total = forward.sum(0)
            log_likelihood += np.log(total)
            forward /= total
            state = _step(turn.T, forward)
        back = np.ones((n, w, n_levels))
        for h in range(hours - 2, -1, -1):
            back = _step(turn, back * emitted[h + 1])
            back /= back.sum(0)
            self.conditions[h] *= back
            self.conditions[h] /= self.conditions[h].sum(0)
        self.likelihood = np.exp(log_likelihood - log_likelihood.max(1, keepdims=True))
        share = looked.T[:, :, None]
        hourly = np.einsum("c,hcwl->hwl", CONDITIONS, self.conditions)
        square = np.einsum("c,hcwl->hwl", CONDITIONS**2, self.conditions) - hourly**2
        self.mean = (hourly * share).mean(0)
        # hours of one hole are sure or unsure together: about as many as a hole lasts
        self.variance = (square * share**2).sum(0) / hours**2 / ENDS_PER_HOUR / 2


def _step(turn: Floats, state: Floats) -> Floats:
    """One hour on, or back: (C, W, levels)."""
    return np.asarray((turn @ state.reshape(len(turn), -1)).reshape(state.shape))


def _emissions(looked: Floats, others: Floats, habit: Floats) -> Floats:
    """Likelihood of each hour's count, (24, C, W, levels): negative binomial round what level and
    condition let expect, tempered for aircraft counted twice. Scaled by its largest value."""
    floor = np.maximum(DARK_FLOOR * looked, 1e-9)
    expected = (looked * habit)[:, :, None] * _FACTORS + floor[:, :, None]
    grown = 1 + HOURLY_SPREAD * expected
    log = others[:, :, None] * np.log(expected / grown) - np.log(grown) / HOURLY_SPREAD
    log *= (REPEATS * (looked > 0))[:, :, None]
    likelihood = np.exp(np.maximum(log - log.max(2, keepdims=True), -60.0))
    dark, lit = likelihood[:, :, :1], likelihood[:, :, 1:]
    n = len(LEVELS)
    rows = [np.broadcast_to(dark, (*looked.shape, n))]
    rows += [lit[:, :, _BELOW[0] - below : _BELOW[0] - below + n] for below in _BELOW]
    return np.stack(rows, 1)


def _transition() -> Floats:
    """Between conditions, an hour on: into a hole, on in it, out of it."""
    turn = np.eye(len(CONDITIONS)) * (1 - ENDS_PER_HOUR)
    turn[:, NORMAL] += ENDS_PER_HOUR
    turn[NORMAL] = STARTS_PER_HOUR * _OF_CONDITIONS
    turn[NORMAL, NORMAL] = 1 - STARTS_PER_HOUR
    return turn


def start() -> Floats:
    first = np.zeros(len(CONDITIONS))
    first[NORMAL] = 1.0
    return first


def normal(weights: Floats) -> Floats:
    return np.asarray(weights / np.maximum(weights.sum(-1, keepdims=True), 1e-300))
