"""The desk: alerts, their messages, and what is known of the chats."""

from alembic import op
from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    text,
)

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables of what is said."""
    _alerts()
    _messages()


def _alerts() -> None:
    """Alerts and what was asked of them."""
    op.create_table(
        "alerts",
        Column("id", String, primary_key=True),
        Column("kind", String, nullable=False),
        Column("watch", String, nullable=False),
        Column("state", String, nullable=False),
        Column("opened", Double, nullable=False),
        Column("updated", Double, nullable=False),
        Column("day", Date, nullable=False),
        Column("peak_return_years", Double, nullable=False),
        Column("told_return_years", Double, nullable=False),
        Column("calm_days", Integer, nullable=False),
        Column("last_calm_day", Date),
        Column("fired", Double),
        Column("resolved", Double),
        Column("heard", Text, nullable=False),
        Index("alerts_watch", "watch", "kind", "opened"),
        Index(
            "alerts_open",
            "kind",
            "watch",
            unique=True,
            sqlite_where=text("state <> 'resolved'"),
            postgresql_where=text("state <> 'resolved'"),
        ),
    )
    op.create_table(
        "events",
        Column("id", Integer, primary_key=True),
        Column("alert_id", String, ForeignKey("alerts.id"), nullable=False),
        Column("at", Double, nullable=False),
        Column("state", String, nullable=False),
        Column("reason", String, nullable=False),
        Column("text", Text, nullable=False),
        Index("events_alert", "alert_id"),
    )
    op.create_table(
        "silences",
        Column("id", Integer, primary_key=True),
        Column("watch", String, nullable=False),
        Column("until", Double, nullable=False),
        Column("by", String, nullable=False),
        Column("why", Text, nullable=False),
        Column("created", Double, nullable=False),
    )


def _messages() -> None:
    """Messages and where they go."""
    op.create_table(
        "chats",
        Column("address", String, primary_key=True),
        Column("moved_to", String),
        Column("dead_since", Double),
        Column("dead_why", Text),
        Column("last_sent", Double),
        Column("last_error", Text),
        Column("last_error_at", Double),
    )
    op.create_table(
        "firsts",
        Column("alert_id", String, primary_key=True),
        Column("address", String, primary_key=True),
        Column("message_id", String, nullable=False),
    )
    op.create_table(
        "pictures",
        Column("sha256", String(64), primary_key=True),
        Column("png", LargeBinary, nullable=False),
    )
    op.create_table(
        "outbox",
        Column("id", Integer, primary_key=True),
        Column("key", String, nullable=False, unique=True),
        Column("address", String, nullable=False),
        Column("message", Text, nullable=False),
        Column("alert_id", String),
        Column("state", String, nullable=False),
        Column("created", Double, nullable=False),
        Column("due", Double, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("tried", Double),
        Column("closed", Double),
        Column("message_id", String),
        Column("note", Text),
        CheckConstraint("state IN ('waiting', 'sent', 'dead')", name="outbox_state"),
        Index(
            "outbox_waiting",
            "address",
            "id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )
    op.create_table(
        "outbox_pictures",
        Column(
            "delivery_id", Integer, ForeignKey("outbox.id", ondelete="CASCADE"), primary_key=True
        ),
        Column("sha256", String(64), ForeignKey("pictures.sha256"), primary_key=True),
        Index("outbox_pictures_sha256", "sha256"),
        sqlite_with_rowid=False,
    )
