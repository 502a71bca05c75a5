"""The hidden states behind a day of looking: lasting level, the day's deviation, each hour's
condition, and what the hours' counts of other traffic say of them.

Arithmetic over W watches side by side; remembers nothing.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

STEPS = 0.06 * np.arange(-38, 36)  # log of 0.1 to 8; steps of 6 % are below the noise
LEVELS, EVEN = np.exp(STEPS), 38
CONDITIONS = np.array([0.0, 0.12, 0.25, 0.4, 0.6, 0.78, 1.0])
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
COVERAGE_SHARE = 0.5  # of an ordinary deviation: as likely looking as traffic

JUMPS = (np.abs(STEPS[None, :] - STEPS[:, None]) >= LEAST_JUMP).astype(float)
JUMPS /= JUMPS.sum(1, keepdims=True)


class Deviation:
    """What a day's likelihood says of lasting level and of the day itself.

    `joint` (W, levels, levels): chance of (lasting, of the day); `ordinary`: that such a pair is
    an ordinary deviation; `off` (levels, levels): its size; `looking`: the pair as exposure.
    """

    def __init__(self, level: Floats, variance: Floats, likelihood: Floats) -> None:
        n = len(LEVELS)
        self.off = STEPS[None, :] - STEPS[:, None]
        near = normal(np.exp(-0.5 * self.off**2 / np.maximum(variance, 6e-4)[:, None, None]))
        turn = (1 - ODD_PER_DAY) * near + ODD_PER_DAY / n
        self.ordinary = (1 - ODD_PER_DAY) * near / turn
        lasting = (1 - JUMP_PER_DAY) * level + JUMP_PER_DAY * (level @ JUMPS)
        joint = lasting[:, :, None] * turn * likelihood[:, None, :]
        self.joint = joint / joint.sum((1, 2), keepdims=True)
        share = COVERAGE_SHARE * self.ordinary + (1 - self.ordinary)
        self.looking = np.exp(STEPS[:, None] + share * self.off)


class Chain:
    """The hours of one day under every level: forward and backward over the conditions.

    `conditions` (W, levels, 24, C): posterior of each hour's condition; `likelihood` (W, levels):
    of the day, up to a factor; `mean`, `variance` (W, levels): of the day's working share.
    """

    def __init__(self, looked: Floats, others: Floats, habit: Floats, first: Floats) -> None:
        emitted = _emissions(looked, others, habit)
        w, n_levels, hours, n = emitted.shape
        turn = _transition()
        forward = np.empty_like(emitted)
        state = np.repeat((first @ turn)[:, None, :], n_levels, 1)
        log_likelihood = np.zeros((w, n_levels))
        for h in range(hours):
            state = state * emitted[:, :, h]
            total = state.sum(2, keepdims=True)
            log_likelihood += np.log(total[:, :, 0])
            state = state / total
            forward[:, :, h] = state
            state = state @ turn
        back = np.ones((w, n_levels, n))
        self.conditions = forward
        for h in range(hours - 2, -1, -1):
            back = (back * emitted[:, :, h + 1]) @ turn.T
            back = back / back.sum(2, keepdims=True)
            self.conditions[:, :, h] = normal(forward[:, :, h] * back)
        self.likelihood = np.exp(log_likelihood - log_likelihood.max(1, keepdims=True))
        hourly = self.conditions @ CONDITIONS
        self.mean = (hourly * looked[:, None, :]).mean(2)
        square = self.conditions @ CONDITIONS**2 - hourly**2
        # hours of one hole are sure or unsure together: about as many as a hole lasts
        self.variance = (square * looked[:, None, :] ** 2).sum(2) / 24**2 / ENDS_PER_HOUR / 2


def _emissions(looked: Floats, others: Floats, habit: Floats) -> Floats:
    """Likelihood of each hour's count, (W, levels, 24, C): negative binomial round what level and
    condition let expect, tempered for aircraft counted twice. Scaled by its largest value."""
    factor = LEVELS[:, None, None] * CONDITIONS
    expected = (looked * habit)[:, None, :, None] * factor + DARK_FLOOR * looked[:, None, :, None]
    expected = np.maximum(expected, 1e-9)
    grown = 1 + HOURLY_SPREAD * expected
    log = others[:, None, :, None] * np.log(expected / grown) - np.log(grown) / HOURLY_SPREAD
    log = np.where(looked[:, None, :, None] > 0, log * REPEATS, 0.0)
    return np.asarray(np.exp(np.maximum(log - log.max((1, 3), keepdims=True), -60.0)))


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
