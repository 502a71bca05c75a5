"""Surge detection on routes: numpy in, verdicts out.

Light: importing this package loads numpy and scipy and nothing heavier.
"""

from detectors.judge import Halves, MakeupInput, judge, split_budget
from detectors.lull import lull_forward
from detectors.novelty import Novelty, first_legs
from detectors.online import Online
from detectors.prior import Prior, is_like, pool_prior
from detectors.walk import Walk, walk_forward

__all__ = [
    "Halves",
    "MakeupInput",
    "Novelty",
    "Online",
    "Prior",
    "Walk",
    "first_legs",
    "is_like",
    "judge",
    "lull_forward",
    "pool_prior",
    "split_budget",
    "walk_forward",
]
