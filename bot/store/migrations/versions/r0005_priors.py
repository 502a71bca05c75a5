"""What all watches teach a new one, by week."""

from alembic import op
from sqlalchemy import Column, Date, Double, Integer

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the table; weeks that are past are pooled when they are first asked of."""
    op.create_table(
        "priors",
        Column("week", Date, primary_key=True),
        Column("made", Double, nullable=False),
        Column("watches", Integer, nullable=False),
        Column("rate_per_day", Double, nullable=False),
        Column("weight_days", Double, nullable=False),
        Column("dispersion", Double, nullable=False),
        sqlite_with_rowid=False,
    )
