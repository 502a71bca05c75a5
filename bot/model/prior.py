"""What all watches together teach of a route that is new: a law on its rate, and its date."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Pooled:
    """The prior of a week: rate ~ Gamma(rate_per_day * weight_days, weight_days).

    It rests on days before `week` alone. The numbers are those of `detectors.Prior`.
    """

    week: date  # its Monday
    watches: int  # with enough history to teach; 0: too few, and the numbers are the default
    rate_per_day: float
    weight_days: float
    dispersion: float
    dispersion_weight: float
