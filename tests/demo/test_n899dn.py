"""The real day is served as it was recorded."""

import json
from itertools import pairwise

import pytest

from bot.demo import n899dn, tables

TRACE = json.loads((tables.FOLDER / "trace_full_ac671b.json").read_text("utf-8"))
FIXES = {(row[1], row[2]) for row in TRACE["trace"]}


@pytest.mark.parametrize("every_s", [60.0, 10.0])
def test_every_position_is_a_recorded_one(every_s: float) -> None:
    """No position is invented, none is older than a minute, none newer than its poll."""
    moment = {(row[1], row[2]): TRACE["timestamp"] + row[0] for row in TRACE["trace"]}
    seen = 0
    for now_s, body in n899dn.polls(every_s):
        reply = json.loads(body)
        assert reply["now"] == round(now_s * 1000)
        for row in reply["ac"]:
            seen += 1
            assert (row["lat"], row["lon"]) in FIXES
            assert 0 <= row["seen_pos"] <= 60
            if list(FIXES).count((row["lat"], row["lon"])) == 1 and row.get("gs", 0) > 50:
                fixed = now_s - row["seen_pos"]
                assert fixed == pytest.approx(moment[row["lat"], row["lon"]], abs=0.01)
    assert seen > 400


def test_the_hole_in_coverage_stays_a_hole() -> None:
    """Between the second and the third flight eight hours of polls are empty."""
    empty = longest = 0
    for _, body in n899dn.polls(60):
        empty = 0 if json.loads(body)["ac"] else empty + 1
        longest = max(longest, empty)
    assert longest == pytest.approx(30_184 / 60, abs=2)


def test_the_truth_is_four_legs_in_order() -> None:
    """Four callsigns; each leg starts where the one before ended."""
    callsigns = []
    for _, body in n899dn.polls(60):
        for row in json.loads(body)["ac"]:
            name = row.get("flight", "").strip()
            if name and name not in callsigns:
                callsigns.append(name)
    assert callsigns == [leg.callsign for leg in n899dn.TRUTH]
    for before, after in pairwise(n899dn.TRUTH):
        assert before.destination == after.origin


def test_landings_agree_with_the_ground_flags() -> None:
    """Each landing of the truth table is the first report on the ground of its stop."""
    rows = [(TRACE["timestamp"] + row[0], row[3]) for row in TRACE["trace"]]
    touched = [b[0] for a, b in pairwise(rows) if a[1] != "ground" and b[1] == "ground"]
    for leg in n899dn.TRUTH:
        if leg.landing is not None:
            assert min(abs(leg.landing.timestamp() - t) for t in touched) < 1.5
