"""Did it land in between? Decided from the time that is missing, not from the length of a gap.

An ocean crossing is a two-hour gap without a stop; an island hop is a nine-minute stop. What
counts is the slack: the gap less the time the distance takes at the speed seen. It is held
against the least time a descent, a turnaround and a climb would need.
"""

import math

from bot.geo import bearing_deg, distance_nm
from bot.legs.side import Piece, Side

# Least minutes on the ground and in the pattern: helicopters, light aircraft, either, others; the
# shares taken off when it came down, left climbing, was low at one place on both sides; what is
# added when it kept its height, or moved the wrong way. From a logistic fit, in minutes of slack,
# to 40,000 silences of simulated flights (seeds 101 to 108), set three minutes to the eager side.
LEAST_MIN = {"R": 4.0, "L": 14.0, "S": 10.0}
OTHERS_MIN = 18.0
DOWN_SHARE, UP_SHARE, LOW_SHARE = 0.45, 0.5, 0.5
QUICK_MIN, TURN_MIN = 3.5, 12.0  # whatever it looked like: small aircraft, jets and unknown ones
TREND_FPM = 300.0
AT_FIELD_FT, AT_FIELD_NM = 400.0, 2.5
HELD_FT, HELD_MIN, WRONG_MIN = 150.0, 11.0, 10.0
COARSE, COARSE_MIN = 2.2, 6.0  # a silence of so many usual intervals is hardly one
DOWN_FPM, UP_FPM = 2200.0, 2600.0
SPARE = 0.75  # of the usual descent and climb: some of both is flown toward the goal
WIND = 0.07  # of the flying time: the wind and the route are not those of the last report
CALL_CHANGED = 0.6  # another callsign makes a stop likelier
LOW_FT, LOW_MIN = 12_000.0, 5.0  # both reports low and another callsign: a short slack will do
TOUCH_S, TOUCH_KT = 240.0, 40.0  # a touch-and-go keeps rolling
BIT_KT, BIT_S = 80.0, 75.0  # nobody rolls faster than this for longer
FALL_FPM, FALL_FT = 6000.0, 1500.0  # no airliner comes down faster before a surface report


def landed_between(before: Side, after: Side, callsigns: tuple[bytes, bytes], craft: str,
                   ground_ft: float = 0.0, interval_s: float = math.nan) -> bool:  # fmt: skip
    """Whether the silence between two airborne reports hides a landing.

    `craft`: letter of `side.craft_class`; `interval_s`: between the flight's reports so far.
    """
    gap_min = (after.t - before.t) / 60
    nm = distance_nm(before.lat, before.lon, after.lat, after.lon)
    speeds = [before.gs, after.gs, 0.9 * before.cruise, 0.9 * after.cruise]
    speed = max([s for s in speeds if s == s] or [120.0], default=120.0)
    direct_min = nm / max(speed, 30.0) * 60
    slack = gap_min - direct_min
    low1, low2 = _height(before.alt, ground_ft), _height(after.alt, ground_ft)
    low = max(low1, low2) < AT_FIELD_FT and nm < AT_FIELD_NM
    need = SPARE * (low1 / DOWN_FPM + low2 / UP_FPM) + WIND * direct_min
    need += _least_min(before, after, craft, low)
    if gap_min * 60 < COARSE * interval_s:
        need += COARSE_MIN
    if _onward(before, after, nm):
        need *= 1.5  # level, and found again on the course it was lost on
    changed = b"" not in callsigns and callsigns[0] != callsigns[1]
    if slack > need or (changed and slack > CALL_CHANGED * need):
        return True
    return changed and slack > LOW_MIN and max(before.alt, after.alt) < LOW_FT


def _least_min(before: Side, after: Side, craft: str, low: bool) -> float:
    """Minutes that a stop takes at least, judged by how it was left off and found again."""
    down, up = before.rate < -TREND_FPM, after.rate > TREND_FPM
    usual = LEAST_MIN.get(craft, OTHERS_MIN)
    floor = QUICK_MIN if craft in LEAST_MIN or craft == "T" else TURN_MIN
    least = max(usual * (1 - DOWN_SHARE * down - UP_SHARE * up - LOW_SHARE * low), floor)
    if before.rate > TREND_FPM or after.rate < -TREND_FPM:
        return least + WRONG_MIN  # lost in a climb, or found coming down
    held = abs(before.alt - after.alt) < HELD_FT and not (down or up or low)
    return least + HELD_MIN if held else least


def _height(alt: float, ground_ft: float) -> float:
    return max(alt - ground_ft, 0.0) if alt == alt else 20_000.0


def _onward(before: Side, after: Side, nm: float) -> bool:
    """Lost in level flight, found in level flight at about that height, further along its way."""
    if not (abs(before.rate) < 500 and abs(after.rate) < 500 and nm > 30):
        return False
    if not (before.alt > 20_000 and after.alt > 20_000):
        return False
    way = bearing_deg(before.lat, before.lon, after.lat, after.lon)
    return abs((way - before.trk + 180) % 360 - 180) < 30


def touched_and_went(before: Piece, ground: Piece, after: Piece) -> bool:
    """Whether the wheels only touched: never slow, and in the air again at once."""
    if after.t0 - before.t1 > TOUCH_S:
        return False
    if ground.min_gs == ground.min_gs:
        return ground.min_gs >= TOUCH_KT
    return ground.t1 - ground.t0 < 45


def rolls_on(g: Piece) -> bool:
    """Said to be on the ground, yet covering miles at flying speed for longer than any roll."""
    span = g.t1 - g.t0
    nm = distance_nm(g.lat0, g.lon0, g.lat1, g.lon1)
    return span > BIT_S and nm / span * 3600 > BIT_KT


def too_high(alt: float, gap_s: float, ground_ft: float) -> bool:
    """Whether an altitude this close in time rules a surface report out."""
    return alt - ground_ft > FALL_FT + FALL_FPM * gap_s / 60
