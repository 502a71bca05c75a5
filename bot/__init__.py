"""Airbridge: alerts on unusual traffic between places."""

__version__ = "0.1.0"
