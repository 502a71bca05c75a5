"""How often chance alone would do something, in words: the same in a message and on its chart.

One significant digit, because it is an estimate; capped, because a tail beyond a thousand years is
the model's word and nobody's experience.
"""

import math

MOST_YEARS = 1000


def one_digit(n: float) -> int:
    """Rounded to one significant digit, at least 1: 37 -> 40."""
    if n < 1:
        return 1
    size = 10 ** math.floor(math.log10(n))
    return int(round(n / size) * size)


def in_words(years: float) -> str:
    """'' when it is not known.

    >>> [in_words(years) for years in (37.0, 25.0, 1.2, 0.2, 0.001, 4e6, math.nan)]
    ['once in 40 years', 'once in 30 years', 'once a year', '5 times a year', \
'every week or more', 'less than once in 1,000 years', '']
    """
    if math.isnan(years):
        return ""
    if years > MOST_YEARS:
        return f"less than once in {MOST_YEARS:,} years"
    if years >= 0.75:
        n = one_digit(years + 1e-9)  # a half goes up
        return "once a year" if n == 1 else f"once in {n:,} years"
    if years < 1 / 50:
        return "every week or more"
    return f"{one_digit(1 / years)} times a year"
