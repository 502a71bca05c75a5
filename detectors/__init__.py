"""Surge detection on routes: numpy in, verdicts out."""
