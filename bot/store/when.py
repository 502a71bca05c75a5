"""An instant as both databases keep it: epoch seconds in a double."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Dialect, Double
from sqlalchemy.types import TypeDecorator


class When(TypeDecorator[datetime]):
    """An aware UTC datetime as epoch seconds: a double keeps today's microseconds exactly."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> float | None:  # noqa: ARG002
        return None if value is None else seconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else moment(value)


def seconds(when: datetime) -> float:
    """Epoch seconds; a naive datetime is refused, it could mean any moment."""
    if when.tzinfo is None:
        raise ValueError(f"a time without its zone cannot be stored: {when.isoformat()}")
    return when.timestamp()


def moment(epoch_s: float) -> datetime:
    """The other way."""
    return datetime.fromtimestamp(epoch_s, UTC)
