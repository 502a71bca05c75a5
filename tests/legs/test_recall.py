"""What is looked up among remembered flights is what looking through them all would find."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.legs import recall
from bot.legs.recall import BACK_S, FACT, NONE, ON_S, Recall

CALLS = (b"", b"ABC1", b"ABC12345")
TIMES = (0.0, 1.0, ON_S, ON_S + 1, BACK_S, BACK_S + 1)
FLIGHT = st.tuples(st.sampled_from(TIMES), st.integers(0, 9), st.integers(1, 4),
                   st.integers(NONE, 3), st.integers(NONE, 3), st.booleans(),
                   st.sampled_from(CALLS))  # fmt: skip
ASKED = {"icao24": st.integers(1, 5), "origin": st.integers(NONE, 4),
         "destination": st.integers(NONE, 4), "call": st.sampled_from((*CALLS, b"X"))}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
@given(st.data(), st.lists(st.lists(FLIGHT, max_size=12), max_size=5), st.integers(0, 20))
def test_exactly_what_is_asked_for_is_found(
    name: str, data: st.DataObject, told: list[list[tuple[object, ...]]], tail: int
) -> None:
    """However many came since the last sorting, the flights with each key that count at its time,
    and no others; an unknown field or callsign has none."""
    memory = Recall()
    wanted = st.lists(st.tuples(ASKED[name], st.sampled_from(TIMES)), max_size=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recall, "TAIL", tail)
        for more in told:
            memory.take(np.array(more, FACT))
            asked = data.draw(wanted)
            which, facts = memory.about(name, [key for key, _ in asked], [t for _, t in asked])
            for k, (key, t) in enumerate(asked):
                all_ = memory.facts
                meant = (all_[name] == key) & (all_["t"] >= t - BACK_S) & (all_["t"] <= t + ON_S)
                meant &= key not in (NONE, b"")
                assert sorted(facts[which == k].tolist()) == sorted(all_[meant].tolist())


def test_what_is_too_old_is_forgotten_and_the_rest_still_found() -> None:
    """After forgetting, only what was known since then is remembered and found."""
    memory = Recall()
    memory.take(np.array([(t, 0.0, 1, 2, 3, False, b"") for t in (5.0, 50.0)], FACT))
    assert len(memory.about("origin", [2], [50.0])[1]) == 2
    memory.forget(10.0)
    assert memory.facts["t"].tolist() == [50.0]
    assert memory.about("origin", [2], [50.0])[1].tolist() == memory.facts.tolist()
