"""Who looked when, and how well: the exposure of each watch, hour and day.

Exposure 1 is normal looking, 0 means nobody looked, NaN unknown. It is earned at each end by
successful polls and by *other* traffic seen around it and on the way, never by the watched
aircraft: a surge must not be able to explain itself away, nor a quiet route to look unwatched.

    ground  where looking is measured          hidden    what a day's hours say of it
    tally   polls -> presence by the hour      exposure  the same, day after day, remembered
    hours   presence -> days of each ground    report    what is told to a human
    record  what is remembered of one ground
    sentinels   regulars of an archive that nobody's looks are on record of
"""

from bot.coverage import sentinels
from bot.coverage.ground import Ground, grounds, grounds_of
from bot.coverage.hours import Hours, worse_end
from bot.coverage.report import changes, failed_by_hour, lookout, note, outages
from bot.coverage.tally import HOUR_S, Tally

__all__ = [
    "HOUR_S", "Ground", "Hours", "Tally", "changes", "failed_by_hour", "grounds",
    "grounds_of", "lookout", "note", "outages", "sentinels", "worse_end",
]  # fmt: skip
