"""The sky: who looked, what flew, what was counted."""

from alembic import op
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    _looking()
    _flying()
    _counting()


def _looking() -> None:
    """Who looked when, and how well."""
    op.create_table(
        "looks",
        Column("feed", String, primary_key=True),
        Column("query_key", String, primary_key=True),
        Column("at", Double, primary_key=True),
        Column("outcome", String, nullable=False),
        Column("aircraft", Integer, nullable=False),
        Column("detail", Text, nullable=False),
        Index("looks_at", "at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "look_hours",
        Column("feed", String, primary_key=True),
        Column("query_key", String, primary_key=True),
        Column("hour", Double, primary_key=True),
        Column("ok", Integer, nullable=False),
        Column("failed", Integer, nullable=False),
        Column("aircraft", Integer, nullable=False),
        Column("aircraft_max", Integer, nullable=False),
        Column("last_failure", Text, nullable=False),
        Index("look_hours_hour", "hour"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "presence",
        Column("ground", String, primary_key=True),
        Column("hour_s", Integer, primary_key=True, autoincrement=False),
        Column("looked_s", Double, nullable=False),
        Column("looks_ok", Integer, nullable=False),
        Column("looks_failed", Integer, nullable=False),
        Column("others", Integer, nullable=False),
        sqlite_with_rowid=False,
    )


def _flying() -> None:
    """What flew."""
    op.create_table(
        "legs",
        Column("id", String, primary_key=True),
        Column("rev", Integer, nullable=False),
        Column("icao24", String(6), nullable=False),
        Column("start_s", Double, nullable=False),
        Column("first_seen_s", Double, nullable=False),
        Column("last_seen_s", Double, nullable=False),
        Column("takeoff_s", Double),
        Column("landing_s", Double),
        Column("origin", String),
        Column("destination", String),
        Column("origin_end", Text),
        Column("destination_end", Text),
        Column("callsign", String),
        Column("registration", String),
        Column("type_code", String),
        Column("military", Boolean),
        Column("source", String, nullable=False),
        Column("final", Boolean, nullable=False),
        Index("legs_start", "start_s"),
        Index("legs_icao24", "icao24", "start_s"),
        Index("legs_rev", "rev"),
    )
    op.create_table(
        "leg_moves",
        Column("id", Integer, primary_key=True),
        Column("rev", Integer, nullable=False),
        Column("day", Date, nullable=False),
        Index("leg_moves_rev", "rev"),
    )
    op.create_table(
        "counters",
        Column("name", String, primary_key=True),
        Column("value", Integer, nullable=False),
    )
    op.create_table(
        "fixes",
        Column("icao24", Integer, primary_key=True, autoincrement=False),
        Column("minute", Integer, primary_key=True, autoincrement=False),
        Column("time_s", Double, nullable=False),
        Column("lat_deg", Double, nullable=False),
        Column("lon_deg", Double, nullable=False),
        Column("altitude_ft", Double),
        Index("fixes_minute", "minute"),
        sqlite_with_rowid=False,
    )


def _counting() -> None:
    """What was counted and judged."""
    op.create_table(
        "days",
        Column("watch", String, primary_key=True),
        Column("day", Date, primary_key=True),
        Column("counted", Double),
        Column("possible", Double),
        Column("exposure", Double),
        Column("origin", String, nullable=False),
        Column("fingerprint", String, nullable=False),
        CheckConstraint("origin IN ('observed', 'imported')", name="days_origin"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "findings",
        Column("watch", String, primary_key=True),
        Column("kind", String, primary_key=True),
        Column("day", Date, primary_key=True),
        Column("said", Double, nullable=False),
        Column("finding", Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "state",
        Column("key", String, primary_key=True),
        Column("value", LargeBinary, nullable=False),
    )
