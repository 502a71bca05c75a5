"""The rooms keep their walls: who may import whom, and which package lives where."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

GROUND = {"bot.errors", "bot.model", "bot.geo", "bot.airfields", "bot.matching",
          "bot.calendar", "bot.columns", "bot.scan"}  # fmt: skip
STATIONS = {
    "bot.feeds", "bot.planner", "bot.legs", "bot.aircraft", "bot.coverage", "bot.series",
    "bot.evidence", "bot.alerts", "bot.message", "bot.pictures", "bot.channels",
    "bot.demo", "bot.explain", "bot.imports", "bot.fusion", "bot.notify",
    "bot.allowance", "bot.reconcile", "bot.outlook",
}  # fmt: skip
KEEPERS = {"bot.store"}
BRIDGE = {"bot.judge", "bot.walks", "bot.lull", "bot.makeup", "bot.network", "bot.usual",
          "bot.pool"}  # fmt: skip
SETTINGS = {"bot.config"}
CONDUCTORS = {"bot.outbox", "bot.lane", "bot.desk", "bot.health", "bot.pipeline",
              "bot.book", "bot.shelf", "bot.assess", "bot.sightings", "bot.standby", "bot.night",
              "bot.greeting", "bot.lessons"}  # fmt: skip
SHELL = {
    "bot.app",
    "bot.lookout",
    "bot.schedule",
    "bot.housekeeping",
    "bot.service",
    "bot.rehearsal",
    "bot.cli",
    "bot.commands",
    "bot.__main__",
}

MAY = {
    **dict.fromkeys(STATIONS | KEEPERS | BRIDGE | SETTINGS, GROUND),
    **dict.fromkeys(CONDUCTORS, GROUND | STATIONS | KEEPERS | BRIDGE | SETTINGS | CONDUCTORS),
    **{room: {"bot"} for room in SHELL},
    **dict.fromkeys(GROUND, GROUND),
}
MAY["bot.outlook"] = GROUND | SETTINGS | {"bot.planner"}  # these put settings and plan into words
MAY["bot.explain"] = MAY["bot.outlook"] | {"bot.outlook"}
MAY |= dict.fromkeys(BRIDGE, GROUND | BRIDGE)
MAY["bot.config"] = GROUND | {"bot.aircraft"}

HOMES = {  # package -> the only rooms that may import it
    "sqlalchemy": {"bot.store"},
    "alembic": {"bot.store"},
    "msgspec": {"bot.feeds", "bot.legs"},
    "isal": {"bot.feeds", "bot.legs"},
    "pyarrow": {"bot.legs"},
    "matplotlib": {"bot.pictures"},
    "requests": {"bot.feeds"},
    "telegram": {"bot.channels", "bot.commands"},
    "apscheduler": {"bot.schedule"},
    "yaml": {"bot.config"},
    "holidays": {"bot.calendar"},
    "sklearn": {"detectors"},
    "numba": {"bot.scan"},
}
LAZY = {"bot.cli", "bot.commands", "bot.__main__", "detectors"}  # may import inside functions


def modules() -> Iterator[tuple[str, ast.Module]]:
    for base in ("bot", "detectors"):
        for path in sorted((ROOT / base).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__"), ast.parse(path.read_text("utf-8"))


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            if node.module in ("bot", "detectors"):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            else:
                yield node.module


def room(name: str) -> str:
    parts = name.split(".")
    return ".".join(parts[:2]) if parts[0] == "bot" else parts[0]


ALL = dict(modules())


@pytest.mark.parametrize("name", [n for n in ALL if n not in ("bot",)])
def test_imports_point_one_way(name: str) -> None:
    """A room imports only rooms below it; detectors never import the bot."""
    mine = room(name)
    allowed = MAY.get(mine, set()) if mine != "detectors" else set()
    for target in imports(ALL[name]):
        theirs = room(target)
        if theirs == mine or not target.startswith("bot"):
            if theirs == "detectors" and mine not in {"detectors", *BRIDGE, *SHELL}:
                assert mine in GROUND | CONDUCTORS, f"{name} imports {target}"
            continue
        ok = "bot" in allowed or theirs in allowed or target == "bot.__version__"
        assert ok, f"{name} imports {target}"


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_package_stays_in_its_room(name: str) -> None:
    """Each foreign package is imported only where it belongs."""
    for target in imports(ALL[name]):
        homes = HOMES.get(target.split(".")[0])
        assert homes is None or room(name) in homes, f"{name} imports {target}"


@pytest.mark.parametrize("name", sorted(n for n in ALL if room(n) not in LAZY))
def test_imports_stand_at_the_top(name: str) -> None:
    """No import hides in a function, but where start-up time asks for it."""
    for node in ast.walk(ALL[name]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
            assert not inner, f"{name}.{node.name} imports inside the function"


def test_every_room_is_known() -> None:
    """A new room must be given its place in the table."""
    known = set(MAY) | {"detectors", "bot"}
    assert {room(n) for n in ALL} <= known
