"""Several feeds make one sky: no fix twice, no aircraft in two places, no leg counted twice."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.fusion import CONFLICT, FORGET_S, KNOWN, OUTRANKED, Fusion
from bot.model.air import SOURCES, Positions

ADSB, MLAT, TISB = (SOURCES.index(name) for name in ("adsb_icao", "mlat", "tisb_icao"))
T0 = datetime(2024, 12, 26, 20, 0, tzinfo=UTC)


def fix(
    at_s: float, lat: float = 33.0, lon: float = 28.0, source: int = ADSB, **more: Any
) -> Positions:
    return Positions.of([0x154076], [at_s], [lat], [lon], source=[source], **more)


def admitted(fusion: Fusion, *rows: Positions) -> list[int]:
    """Which of these rows, one after another, go on."""
    return [i for i, row in enumerate(rows) if len(fusion.admit(row)[0])]


def test_the_same_fix_from_two_feeds_is_one() -> None:
    """Equal or older fixes are refused and counted, newer ones pass."""
    fusion = Fusion()
    assert admitted(fusion, fix(100), fix(100), fix(99), fix(101, lat=33.001)) == [0, 3]
    assert fusion.admit(fix(50))[1] == {KNOWN: 1}


def test_a_worse_source_waits_for_the_better_to_fall_silent() -> None:
    """MLAT and TIS-B are not taken while ADS-B is fresh; a better one always is."""
    fusion = Fusion()
    assert admitted(fusion, fix(100), fix(110, source=MLAT), fix(125, source=MLAT)) == [0, 2]
    assert fusion.admit(fix(126, source=TISB))[1] == {OUTRANKED: 1}
    assert admitted(fusion, fix(127, source=ADSB)) == [0]


def test_an_aircraft_is_not_in_two_places() -> None:
    """Two feeds, one address, two continents: it stays where it was first, whoever alternates."""
    fusion = Fusion()
    story = [fix(100 + 5 * i, lat=33.0 if i % 2 == 0 else -10.0) for i in range(20)]
    assert admitted(fusion, *story) == list(range(0, 20, 2))
    assert fusion.admit(fix(300, lat=-10.0))[1] == {CONFLICT: 1}


def test_another_place_told_three_times_is_believed() -> None:
    """If nobody sees it at the old place any more, it moves."""
    fusion = Fusion()
    away = [fix(110 + 5 * i, lat=-10.0) for i in range(4)]
    assert admitted(fusion, fix(100), *away) == [0, 3, 4]


def test_a_better_source_wins_a_conflict() -> None:
    """An aircraft's own report beats a computed position elsewhere at once."""
    fusion = Fusion()
    assert admitted(fusion, fix(100, source=MLAT), fix(105, lat=-10.0, source=ADSB)) == [0, 1]


def test_what_one_feed_knows_completes_the_others() -> None:
    """Registration, type and military flag stay with the airframe."""
    fusion = Fusion()
    fusion.admit(fix(100, registration=[b"RA-82038"], type_code=[b"A124"], military=[True]))
    row, _ = fusion.admit(fix(110))
    assert (row.registration[0], row.type_code[0], row.military[0]) == (b"RA-82038", b"A124", True)


def test_memory_is_bounded() -> None:
    """Aircraft unheard for ten minutes are forgotten."""
    fusion = Fusion()
    fusion.admit(Positions.of([1, 2, 3], [0, 0, 0], [1, 2, 3], [1, 2, 3]))
    fusion.admit(fix(FORGET_S + 1))
    assert len(fusion) == 1
    nothing, counts = fusion.admit(Positions.empty())
    assert (len(nothing), counts) == (0, {})


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(0, 900), st.floats(-60, 60),
                          st.sampled_from([ADSB, MLAT, TISB])), max_size=40))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_every_row_is_admitted_or_counted(rows: list[tuple[int, float, float, int]]) -> None:
    """Nothing vanishes: admitted and refused add up, and an aircraft's fixes go forward in time
    for as long as it is remembered."""
    fusion = Fusion()
    last: dict[int, float] = {}
    for icao24, at_s, lat, source in rows:
        given_ = Positions.of([icao24], [at_s], [lat], [0.0], source=[source])
        out, counts = fusion.admit(given_)
        assert len(out) + sum(counts.values()) == 1
        if len(out):
            latest = max([at_s, *last.values()])
            assert at_s > last.get(icao24, -np.inf) or last[icao24] <= latest - FORGET_S
            last[icao24] = at_s
