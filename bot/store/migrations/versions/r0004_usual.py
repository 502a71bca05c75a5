"""How an alert left the usual level: what was usual before it, and after."""

from alembic import op
from sqlalchemy import Column, Double

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the two columns; of older alerts it is not known what was usual."""
    op.add_column("alerts", Column("usual_before", Double))
    op.add_column("alerts", Column("usual_after", Double))
