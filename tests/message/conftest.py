"""Golden files: `pytest tests/message --refresh-golden` writes them anew; read the diff."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.channels import spell
from bot.model.alert import Message, Picture

GOLDEN = Path(__file__).parent / "golden"
PICTURES = (Picture("chart.png", b"", "chart"), Picture("map.png", b"", "map"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--refresh-golden", action="store_true", help="write golden files anew")


def written(message: Message) -> str:
    """The whole message for a reader, then each part as Telegram would get it."""
    blocks = [spell.head(message), *map(spell.block, message.sections)]
    whole = "\n\n".join("\n".join(map(spell.line_plain, block)) for block in blocks)
    parts = [
        f"{f'{len(piece.pictures)} pictures' if piece.pictures else 'text'}\n{piece.html()}"
        for piece in spell.pieces(message)
    ]
    return "\n".join([whole, *(f"\n════ {part}" for part in parts), ""])


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, Message], None]:
    """`golden("surge", message)`: equal to the file of that name, or refreshed."""

    def check(name: str, message: Message) -> None:
        path, text = GOLDEN / f"{name}.txt", written(message)
        if request.config.getoption("--refresh-golden", default=False):
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"no golden file {path.name}: run with --refresh-golden"
        assert text == path.read_text(encoding="utf-8")

    return check
