"""What is looked up among remembered flights is what looking through them all would find."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.legs import recall
from bot.legs.recall import Recall
from bot.legs.usage import FACT

CALLS = (b"", b"ABC1", b"ABC12345")
FLIGHT = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 4), st.integers(-1, 3),
                   st.integers(-1, 3), st.booleans(), st.sampled_from(CALLS))  # fmt: skip


@given(st.lists(st.lists(FLIGHT, max_size=12), max_size=5), st.integers(1, 5),
       st.lists(st.integers(0, 4), max_size=3), st.sampled_from(("", "ABC1", "ABC123456", "X")),
       st.integers(0, 20))  # fmt: skip
def test_nothing_that_is_asked_for_is_missed(
    told: list[list[tuple[object, ...]]], icao24: int, fields: list[int], call: str, tail: int
) -> None:
    """However many came since the last sorting, each flight of the aircraft, the fields or the
    callsign is there, once and in its order."""
    index, facts = Recall(), np.empty(0, FACT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recall, "TAIL", tail)
        for more in told:
            facts = np.concatenate([facts, np.array(more, FACT)])
            rows = index.about(facts, icao24, fields, call)
            meant = (facts["icao24"] == icao24) | np.isin(facts["origin"], fields)
            meant |= np.isin(facts["destination"], fields)
            meant |= (facts["call"] == call.encode()) & (call != "")
            assert (np.diff(rows) > 0).all()
            assert set(np.flatnonzero(meant)) <= set(rows.tolist())


def test_what_is_not_asked_for_is_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once sorted, only the flights that are asked for are handed on."""
    monkeypatch.setattr(recall, "TAIL", 0)
    facts = np.zeros(1000, FACT)
    facts["icao24"] = facts["origin"] = facts["destination"] = np.arange(1000)
    assert Recall().about(facts, 5, [7], "").tolist() == [5, 7]
