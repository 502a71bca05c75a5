"""What all watches together teach of one that is new: a law on its rate, and its date."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Pooled:
    """The prior of a week: rate ~ Gamma(rate_per_day * weight_days, weight_days).

    It rests on days before `week` alone, and is used for that week ever after.
    """

    week: date  # its Monday
    watches: int  # that taught it; 0: too few to teach, and the numbers mean nothing
    rate_per_day: float = 0.0
    weight_days: float = 0.0
    dispersion: float = 0.0
