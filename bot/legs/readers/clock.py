"""Times as recordings tell them: seconds, milliseconds, micro- or nanoseconds since 1970.

Promises: what leaves a reader lies between 1970 and 2100, so that no later step meets a time it
cannot write as a date. Refuses: guessing another time for one that makes no sense.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bot.errors import InputError

END_S = 4_102_444_800.0  # 2100-01-01
SECONDS = 9e11  # as milliseconds 1998, before anything was recorded; less is no time at all
Tell = Callable[[str], None]


def epoch_s(told: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Epoch seconds of numbers in s, ms, us or ns; NaN where that is no time of this age."""
    out = np.asarray(told, np.float64)
    with np.errstate(invalid="ignore"):
        for _ in range(3):
            out = np.where(out > SECONDS, out / 1000, out)
        return np.where((out >= 0) & (out < END_S), out, np.nan)


def moment(told: float, name: str, field: str) -> float:
    """One time a whole file hangs on. Raises InputError when it is none."""
    found = float(told) if 0 <= told < END_S else float(epoch_s(told))
    if found != found:
        raise InputError(f"{name}: {field}: {told:g} is no time between 1970 and 2100")
    return found


def left_out(name: str, lost: int, rows: int) -> str:
    """The word about rows that say nothing."""
    return f"{name}: {lost} of {rows} rows could not be read and were left out"
