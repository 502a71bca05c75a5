"""A small good configuration, of which a test replaces one section."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bot import airfields as table
from bot import config
from bot.config import Config
from bot.errors import ConfigError

GOOD = {
    "feeds": "[{name: lol, kind: v2, url: https://api.adsb.lol}]",
    "audiences": "{desk: [console]}",
    "watches": "[{name: W, from: [OSLK], to: [HL59], audience: [desk]}]",
}
Load = Callable[..., Config]
Mistakes = Callable[..., list[str]]


def text_of(**sections: str | None) -> str:
    """The good configuration with other sections, one a line, in the order of GOOD."""
    chosen = {**GOOD, **sections}
    return "".join(f"{key}: {value}\n" for key, value in chosen.items() if value is not None)


@pytest.fixture(scope="session")
def airfields() -> table.Airfields:
    return table.load()


@pytest.fixture
def load(tmp_path: Path, airfields: table.Airfields) -> Load:
    """`load(watches="[...]")`, `load("whole text")`, `load(env={...})` -> Config."""

    def read(
        text: str | None = None,
        env: Mapping[str, str] | None = None,
        need_secrets: bool = True,
        **sections: str | None,
    ) -> Config:
        path = tmp_path / "config.yaml"
        path.write_text(text_of(**sections) if text is None else text, "utf-8")
        return config.load(path, airfields, env=env or {}, need_secrets=need_secrets)

    return read


@pytest.fixture
def mistakes(load: Load, tmp_path: Path) -> Mistakes:
    """The mistakes that `load` with the same arguments raises, without the folder's name."""

    def collect(*args: object, **sections: object) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(*args, **sections)
        return [line.replace(f"{tmp_path}/", "") for line in caught.value.mistakes]

    return collect
