"""Days on which everything moves: a storm, a strike, a holiday. One story, not dozens.

It changes no verdict: it explains findings, and lets them be told together.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date

import numpy as np

from bot.judge import Judged
from bot.model.alert import EVERYWHERE, Finding, Kind
from bot.pool import OPEN_DAYS
from detectors import Walk
from detectors.network import LOOK_BACK, LOOK_LEAST, NETWORK_MIN, network_days

SIDES = {Kind.SURGE: 1, Kind.LULL: -1}
WORDS = {1: "rose", -1: "fell"}


def common_days(judged: Mapping[str, Judged]) -> dict[date, int]:
    """Direction (+1, -1) of those open days on which most watches strayed the same way.

    Only watches with enough past on the same days are asked.
    """
    last = max((j.series.days[-1] for j in judged.values()), default=None)
    asked = [
        j for j in judged.values()
        if j.series.days[-1] == last and len(j.series.days) > LOOK_LEAST + OPEN_DAYS
    ]  # fmt: skip
    if len(asked) < NETWORK_MIN:
        return {}
    size = min(*(len(j.series.days) for j in asked), LOOK_BACK + OPEN_DAYS)
    walk = Walk(**{
        f.name: np.stack([getattr(j.walk, f.name)[-size:] for j in asked]) for f in fields(Walk)
    })  # fmt: skip
    counts = np.stack([j.series.counts[-size:] for j in asked])
    side = network_days(counts, walk).direction
    days = asked[0].series.days[-size:]
    return {days[t].item(): int(side[t]) for t in range(size - OPEN_DAYS, size) if side[t]}


def explained(judged: Judged, days: Mapping[date, int]) -> Judged:
    """The findings that went the way everything went, saying so."""
    found = tuple(_noted(f) if is_common(f, days) else f for f in judged.findings)
    return replace(judged, findings=found)


def is_common(finding: Finding, days: Mapping[date, int]) -> bool:
    """Whether the finding is part of what everything did that day."""
    side = SIDES.get(finding.kind)
    over = finding.complete or side == 1  # a day that is not over has not fallen
    return finding.raised and over and side is not None and days.get(finding.day) == side


def _noted(finding: Finding) -> Finding:
    said = f"most of your watches {WORDS[SIDES[finding.kind]]} on that day: {EVERYWHERE}"
    return replace(finding, notes=(*finding.notes, said))
