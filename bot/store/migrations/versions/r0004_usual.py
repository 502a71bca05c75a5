"""What is usual: what all watches teach a young one, by week; how an alert left the usual level."""

from alembic import op
from sqlalchemy import Column, Date, Double, Integer

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the priors; of older alerts it is not known what was usual."""
    op.create_table(
        "priors",
        Column("week", Date, primary_key=True),
        Column("made", Double, nullable=False),
        Column("watches", Integer, nullable=False),
        Column("rate_per_day", Double, nullable=False),
        Column("weight_days", Double, nullable=False),
        Column("dispersion", Double, nullable=False),
        Column("dispersion_weight", Double, nullable=False),
        sqlite_with_rowid=False,
    )
    op.add_column("alerts", Column("usual_before", Double))
    op.add_column("alerts", Column("usual_after", Double))
