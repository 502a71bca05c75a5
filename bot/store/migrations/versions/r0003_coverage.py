"""Coverage: who looked in an hour, how fresh answers were, what a day of looking was worth."""

from alembic import op
from sqlalchemy import Column, Date, Double, Integer, LargeBinary, String, Text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add what older rows do not know as NULL, or as nobody's name."""
    op.add_column("looks", Column("age_s", Double))
    op.add_column("look_hours", Column("age_s", Double))
    op.add_column("presence", Column("feeds", Text, nullable=False, server_default=""))
    op.create_table(
        "ground_days",
        Column("ground", String, primary_key=True),
        Column("day", Date, primary_key=True),
        Column("looked", Double, nullable=False),
        Column("exposure", Double),
        Column("low", Double, nullable=False),
        Column("high", Double, nullable=False),
        Column("others", Integer, nullable=False),
        Column("expected", Double),
        Column("dark", Integer, nullable=False),
        Column("feeds", Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "habits",
        Column("ground", String, primary_key=True),
        Column("day", Date, nullable=False),
        Column("feeds", Text, nullable=False),
        Column("habit", LargeBinary, nullable=False),
    )
