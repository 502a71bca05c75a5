"""The tables, as they are now; how they came about is in `migrations/`.

Types are those that SQLite and PostgreSQL share: instants are epoch seconds in a double, days are
ISO dates, lists and nouns with many fields are JSON in text. Unknown is NULL, never zero or ''.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from bot.store.when import When

meta = MetaData()

# ------------------------------------------------------------------------------------- the sky

looks = Table(
    "looks", meta,
    Column("feed", String, primary_key=True),
    Column("query_key", String, primary_key=True),
    Column("at", When, primary_key=True),
    Column("outcome", String, nullable=False),
    Column("aircraft", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    Column("age_s", Double),  # of the middle position, when answered; NULL: none, or not told
    Index("looks_at", "at"),
    sqlite_with_rowid=False,
)  # fmt: skip

look_hours = Table(  # kept for ever: 9,000 rows a year for each thing asked
    "look_hours", meta,
    Column("feed", String, primary_key=True),
    Column("query_key", String, primary_key=True),
    Column("hour", When, primary_key=True),
    Column("ok", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("aircraft", Integer, nullable=False),  # sum over the hour's looks
    Column("aircraft_max", Integer, nullable=False),
    Column("last_failure", Text, nullable=False),
    Column("age_s", Double),  # mean of those looks that told it
    Index("look_hours_hour", "hour"),
    sqlite_with_rowid=False,
)  # fmt: skip

legs = Table(
    "legs", meta,
    Column("id", String, primary_key=True),
    Column("rev", Integer, nullable=False),  # of the last change
    Column("icao24", String(6), nullable=False),
    Column("start_s", Double, nullable=False),  # take-off, else first seen: what it counts by
    Column("first_seen_s", Double, nullable=False),
    Column("last_seen_s", Double, nullable=False),
    Column("takeoff_s", Double),
    Column("landing_s", Double),
    Column("origin", String),
    Column("destination", String),
    Column("origin_end", Text),  # JSON, all of the End but its airfield; NULL: nothing known
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
)  # fmt: skip

leg_moves = Table(  # days that lost a leg, by revision to another day or by replacement
    "leg_moves", meta,
    Column("id", Integer, primary_key=True),
    Column("rev", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Index("leg_moves_rev", "rev"),
)  # fmt: skip

counters = Table(
    "counters", meta,
    Column("name", String, primary_key=True),
    Column("value", Integer, nullable=False),
)  # fmt: skip

fixes = Table(  # thinned tracks: at most one fix a minute an aircraft
    "fixes", meta,
    Column("icao24", Integer, primary_key=True, autoincrement=False),
    Column("minute", Integer, primary_key=True, autoincrement=False),  # epoch s // 60
    Column("time_s", Double, nullable=False),
    Column("lat_deg", Double, nullable=False),
    Column("lon_deg", Double, nullable=False),
    Column("altitude_ft", Double),  # NULL unknown, 0 on the ground
    Index("fixes_minute", "minute"),
    sqlite_with_rowid=False,
)  # fmt: skip

presence = Table(
    "presence", meta,
    Column("ground", String, primary_key=True),
    Column("hour_s", Integer, primary_key=True, autoincrement=False),
    Column("looked_s", Double, nullable=False),
    Column("looks_ok", Integer, nullable=False),
    Column("looks_failed", Integer, nullable=False),
    Column("others", Integer, nullable=False),
    Column("feeds", Text, nullable=False, server_default=""),  # that looked, comma-joined
    sqlite_with_rowid=False,
)  # fmt: skip

ground_days = Table(  # what a day's looking was worth: estimated once, a fact afterwards
    "ground_days", meta,
    Column("ground", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("looked", Double, nullable=False),  # share of the day
    Column("exposure", Double),  # NULL: unknown
    Column("low", Double, nullable=False),
    Column("high", Double, nullable=False),
    Column("others", Integer, nullable=False),
    Column("expected", Double),  # NULL: no habit yet
    Column("dark", Integer, nullable=False),  # a bit an hour
    Column("feeds", Text, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip

habits = Table(  # what is known of a ground's other traffic after `day`, to go on from
    "habits", meta,
    Column("ground", String, primary_key=True),
    Column("day", Date, nullable=False),
    Column("feeds", Text, nullable=False),  # sets of feeds whose level is remembered, by ';'
    Column("habit", LargeBinary, nullable=False),
)  # fmt: skip

days = Table(
    "days", meta,
    Column("watch", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("counted", Double),  # NULL: missing
    Column("possible", Double),
    Column("exposure", Double),  # NULL: unknown; 0: nobody looked
    Column("origin", String, nullable=False),  # 'observed' | 'imported'
    Column("fingerprint", String, nullable=False),  # of the watch's definition when counted
    CheckConstraint("origin IN ('observed', 'imported')", name="days_origin"),
    sqlite_with_rowid=False,
)  # fmt: skip

findings = Table(
    "findings", meta,
    Column("watch", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("said", When, nullable=False),
    Column("finding", Text, nullable=False),  # JSON
    sqlite_with_rowid=False,
)  # fmt: skip

state = Table(
    "state", meta,
    Column("key", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)  # fmt: skip

# ------------------------------------------------------------------------------------ the desk

priors = Table(  # what all watches taught before a week: used for that week ever after
    "priors", meta,
    Column("week", Date, primary_key=True),  # its Monday
    Column("made", When, nullable=False),
    Column("watches", Integer, nullable=False),  # that taught it; 0: too few
    Column("rate_per_day", Double, nullable=False),
    Column("weight_days", Double, nullable=False),
    Column("dispersion", Double, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip

alerts = Table(
    "alerts", meta,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("watch", String, nullable=False),
    Column("state", String, nullable=False),
    Column("opened", When, nullable=False),
    Column("updated", When, nullable=False),
    Column("day", Date, nullable=False),
    Column("peak_return_years", Double, nullable=False),
    Column("told_return_years", Double, nullable=False),
    Column("calm_days", Integer, nullable=False),
    Column("last_calm_day", Date),
    Column("fired", When),
    Column("resolved", When),
    Column("heard", Text, nullable=False),  # JSON list of address keys
    Column("usual_before", Double),  # legs a day; NULL: not known
    Column("usual_after", Double),  # NULL: not ended by a new usual
    Index("alerts_watch", "watch", "kind", "opened"),
    # one open alert a fingerprint, whatever goes wrong above
    Index("alerts_open", "kind", "watch", unique=True,
          sqlite_where=text("state <> 'resolved'"), postgresql_where=text("state <> 'resolved'")),
)  # fmt: skip

events = Table(
    "events", meta,
    Column("id", Integer, primary_key=True),
    Column("alert_id", String, ForeignKey("alerts.id"), nullable=False),
    Column("at", When, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("text", Text, nullable=False),
    Index("events_alert", "alert_id"),
)  # fmt: skip

silences = Table(
    "silences", meta,
    Column("id", Integer, primary_key=True),
    Column("watch", String, nullable=False),  # or '*'
    Column("until", When, nullable=False),
    Column("by", String, nullable=False),
    Column("why", Text, nullable=False),
    Column("created", When, nullable=False),
)  # fmt: skip

chats = Table(  # what has been learnt about an address; no row: nothing yet
    "chats", meta,
    Column("address", String, primary_key=True),  # Address.key()
    Column("moved_to", String),  # key of its successor
    Column("dead_since", When),
    Column("dead_why", Text),
    Column("last_sent", When),
    Column("last_error", Text),
    Column("last_error_at", When),
)  # fmt: skip

firsts = Table(  # the first message of an alert in a chat: later ones reply to it
    "firsts", meta,
    Column("alert_id", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("message_id", String, nullable=False),
)  # fmt: skip

pictures = Table(
    "pictures", meta,
    Column("sha256", String(64), primary_key=True),
    Column("png", LargeBinary, nullable=False),
)  # fmt: skip

outbox = Table(
    "outbox", meta,
    Column("id", Integer, primary_key=True),
    Column("key", String, nullable=False, unique=True),  # event:address
    Column("address", String, nullable=False),  # Address.key() as configured
    Column("message", Text, nullable=False),  # JSON, pictures by sha256
    Column("alert_id", String),
    Column("state", String, nullable=False),  # 'waiting' | 'sent' | 'dead'
    Column("created", When, nullable=False),
    Column("due", When, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tried", When),  # written before each attempt
    Column("closed", When),  # when it was sent, or given up
    Column("message_id", String),
    Column("note", Text),  # the channel's remark, or why it waits or died
    CheckConstraint("state IN ('waiting', 'sent', 'dead')", name="outbox_state"),
    Index("outbox_waiting", "address", "id",
          sqlite_where=text("state = 'waiting'"), postgresql_where=text("state = 'waiting'")),
)  # fmt: skip

outbox_pictures = Table(
    "outbox_pictures", meta,
    Column("delivery_id", Integer, ForeignKey("outbox.id", ondelete="CASCADE"), primary_key=True),
    Column("sha256", String(64), ForeignKey("pictures.sha256"), primary_key=True),
    Index("outbox_pictures_sha256", "sha256"),
    sqlite_with_rowid=False,
)  # fmt: skip
