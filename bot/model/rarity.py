"""How often chance alone would do something, in words: the same in a message, on its chart and
in `why`.

One significant digit, because it is an estimate; and no rarer than quiet routes were simulated
long enough to see (`bench/detect/rarity.py`).
"""

import math

from bot.model.alert import Finding, Kind

# Up to once in a hundred years quiet routes alarmed at most 1.7 times as often as stated.
REACH_YEARS = 100.0
# On rare routes nobody can tell clumped legs from single ones: where they come in batches, what is
# stated as once in ten years came up to 2.9 times as often, as once in a hundred ten times.
RARE_PER_DAY, REACH_RARE_YEARS = 0.2, 10.0
REACH_MAKEUP_YEARS = 4.0  # the rarest that make-up was calibrated for


def one_digit(n: float) -> int:
    """Rounded to one significant digit, at least 1: 37 -> 40."""
    if n < 1:
        return 1
    size = 10 ** math.floor(math.log10(n))
    return int(round(n / size) * size)


def reach_years(kind: Kind, usual_per_day: float | None) -> float:
    """The rarest that can honestly be said of such a route; unknown traffic is taken as rare."""
    if kind is Kind.MAKEUP:
        return REACH_MAKEUP_YEARS
    common = usual_per_day is not None and usual_per_day >= RARE_PER_DAY
    return REACH_YEARS if common else REACH_RARE_YEARS


def rarity_of(finding: Finding) -> str:
    """How often chance alone would do what was found; '' when it is not known."""
    reach = reach_years(finding.kind, finding.usual_per_day)
    return in_words(finding.return_period_years, reach)


def in_words(years: float, reach: float = REACH_YEARS) -> str:
    """'' when it is not known. `reach`: years beyond which nobody has looked.

    >>> [in_words(years) for years in (37.0, 25.0, 1.2, 0.7, 0.2, 0.001, 4e6, math.nan)]
    ['once in 40 years', 'once in 30 years', 'once a year', 'once a year', '5 times a year', \
'every week or more', 'once in 100 years or rarer', '']
    >>> in_words(37.0, REACH_RARE_YEARS)
    'once in 10 years or rarer'
    """
    if math.isnan(years):
        return ""
    if years > reach:
        return f"once in {reach:,.0f} years or rarer"
    if years >= 0.75:
        n = one_digit(years + 1e-9)  # a half goes up
        return "once a year" if n == 1 else f"once in {n:,} years"
    if years < 1 / 50:
        return "every week or more"
    often = one_digit(1 / years)
    return "once a year" if often == 1 else f"{often} times a year"
