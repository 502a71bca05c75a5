"""Short ways to make findings and alerts for tests."""

import math
from dataclasses import replace
from datetime import date
from typing import Any

from bot.model.alert import Finding, Kind

DAY = date(2024, 12, 26)

BASE = Finding(
    watch="w", kind=Kind.SURGE, day=DAY, complete=True, judged=True, raised=True, calm=False,
    observed=5.0, possible=1, expected=0.5, limit=3.0, exposure=1.0, window_days=7,
    observed_window=9.0, expected_window=1.0, return_period_years=4.0, score=0.6, state="raised",
)  # fmt: skip


def finding(**changes: Any) -> Finding:
    """A complete day that is raised, once in four years by chance."""
    return replace(BASE, **changes)


def calm(day: date, **changes: Any) -> Finding:
    """A covered complete day that looks usual again."""
    return finding(day=day, raised=False, calm=True, observed=0.0, return_period_years=0.01,
                   state="quiet", **changes)  # fmt: skip


def dark(day: date, **changes: Any) -> Finding:
    """A day at which nobody looked."""
    fields: dict[str, Any] = {"judged": False, "raised": False, "observed": math.nan,
                              "exposure": 0.0, "state": "unknown"}  # fmt: skip
    return finding(day=day, **{**fields, **changes})
