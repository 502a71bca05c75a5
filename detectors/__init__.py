"""Surge detection on routes: numpy in, verdicts out."""

from detectors.prior import Prior, pool_prior
from detectors.walk import Walk, walk_forward

__all__ = ["Prior", "Walk", "pool_prior", "walk_forward"]
