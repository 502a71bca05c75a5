"""A long list read in parts is the list read whole."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.scan import parts

_TEXT = st.sampled_from(["", "},{", "}, {", '"},{"', "],[", "] , [", "]}", "[", "\\", "a"])
_VALUE = st.recursive(
    st.none() | st.integers() | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_SPACED = st.sampled_from([(",", ":"), (", ", ": "), (",\n", ":")])
_TAIL = st.sampled_from([{}, {"msg": "ok"}, {"x": [1]}, {"x": "]"}])


def read(found: parts.Parted, size: int) -> list[Any] | None:
    """As a parser reads it: all parts or nothing."""
    try:
        return [element for part in found.lists(size) for element in json.loads(part)]
    except ValueError:
        return None


@given(st.lists(st.dictionaries(_TEXT, _VALUE, max_size=3), max_size=8), _SPACED, _TAIL,
       st.integers(1, 60))  # fmt: skip
def test_what_can_be_read_in_parts_is_the_list(
    aircraft: list[Any], spaced: tuple[str, str], tail: dict[str, Any], size: int
) -> None:
    """Whatever stands in the elements, no cut adds, loses or changes one: it shows instead."""
    told = {"now": 1, "aircraft": aircraft, **tail}
    found = parts.parted(json.dumps(told, separators=spaced).encode(), parts.AIRCRAFT)
    assert found is not None
    try:
        around = json.loads(found.around)
    except ValueError:
        return
    if around == {**told, "aircraft": [json.loads(parts.AIRCRAFT.mark)]}:
        assert read(found, size) in (None, aircraft)


def test_a_plain_list_is_cut() -> None:
    """Each part holds whole elements, about as many bytes as asked for."""
    rows = [[k, 1.5, None, {"flight": "A"}] for k in range(100)]
    found = parts.parted(json.dumps({"icao": "1", "trace": rows}).encode(), parts.TRACE)
    assert found is not None
    lists = list(found.lists(500))
    assert len(lists) > 5
    assert max(map(len, lists)) < 600
    assert [row for part in lists for row in json.loads(part)] == rows
    assert json.loads(found.around) == {"icao": "1", "trace": [[0, 0, 0, "!"]]}


@pytest.mark.parametrize("body", [b"", b"[]", b'{"aircraft":null}', b'{"aircraft":[', b"]"])
def test_no_list_is_told(body: bytes) -> None:
    """What has no list is left to others."""
    assert parts.parted(body, parts.AIRCRAFT) is None
