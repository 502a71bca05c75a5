"""Fixtures of the leg tests."""

import pytest

from bot import airfields
from bot.airfields import Airfields


@pytest.fixture(scope="session")
def table() -> Airfields:
    """The shipped airfields, read once."""
    return airfields.load()
