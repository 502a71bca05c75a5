"""A provider's dialect in the owner's words: the keys with which any value of a preset is
overridden, so that a provider of a known family needs no program.
"""

import re
from collections.abc import Mapping
from typing import Any

from bot.config.mistakes import Wrong, shown
from bot.config.scalars import Reader, number, off
from bot.config.table import Table

DIALECT = ("radius_nm", "batch", "near_path", "hex_path", "mil_path", "type_path")
MOST_IN_A_LIST = 1000  # readsb's own limit
_NEAR = {"lat": "{lat:.4f}", "lon": "{lon:.4f}", "radius": "{radius:.0f}"}


def read_dialect(table: Table) -> dict[str, Any]:
    """FeedSettings' fields of these names; None where the preset speaks."""
    radius = table.get("radius_nm", number(1, 10_800, "nautical miles"), None)
    batch = table.get("batch", number(1, MOST_IN_A_LIST, "a number of addresses"), None)
    return {
        "radius_nm": radius,
        "batch": None if batch is None else int(batch),
        "near_path": table.get("near_path", _path(_NEAR), None),
        "hex_path": table.get("hex_path", _path({"list": "{list}"}), None),
        "mil_path": table.get("mil_path", _or_off(_path({})), None),
        "type_path": table.get("type_path", _or_off(_path({"type": "{type}"})), None),
    }


def _path(holes: Mapping[str, str]) -> Reader[str]:
    """An address below the feed's own, with each of these placeholders once."""
    wanted = "a path such as /v2/" + "/".join(f"{{{hole}}}" for hole in holes or ("mil",))
    example = wanted if holes else "a path such as /v2/mil"

    def read(text: str) -> str:
        named = re.findall(r"\{([^{}]*)\}", text)
        rest = re.sub(r"\{[^{}]*\}", "", text)
        if sorted(named) != sorted(holes) or not re.fullmatch(r"[/?][\w/?=&.,:+~-]*", rest, re.A):
            raise Wrong(f"found {shown(text)}, expected {example}")
        for hole, form in holes.items():
            text = text.replace(f"{{{hole}}}", form)
        return text

    return read


def _or_off(reader: Reader[str]) -> Reader[str]:
    return lambda text: "" if off(text) else reader(text)
