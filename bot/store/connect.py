"""Opening the database: one engine, its pragmas, its errors in words, its schema up to date.

Promises: a SQLite file is checked before the service uses it, copied before it is migrated, and
never touched when it is newer than the program or not ours. Every failure is a `StoreError` that
names the database and says what to do. A password in a PostgreSQL URL never appears in a text.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError

from bot.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"

# WAL lets readers go on while one writes; NORMAL may lose the last transactions on a power cut,
# each as a whole: state and its deliveries are in one, so the bot judges and says it again.
# 5 s is long for another process (`status`, `silence`) to hold the write lock.
PRAGMAS = ("busy_timeout=5000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")

# Of a new database: it holds the ids of chats, and who watches what. A mode that its owner gave it
# later stays.
OWNER = 0o600

WRITE = {"airbridge_write": True}  # execution option: take the write lock at BEGIN

_ADVICE = {  # by the prefix of SQLite's own name for the error
    "SQLITE_READONLY": "is read-only: let the bot's user write to the file and to its folder",
    "SQLITE_FULL": "cannot grow: the disk is full; free some space, nothing stored is lost",
    "SQLITE_IOERR": "could not be read or written: the disk is full or failing; see the kernel log",
    "SQLITE_CORRUPT": "is damaged: put the latest backup in its place (deploy notes, 'Backup')",
    "SQLITE_NOTADB": "is not a database: move it away, or name another in the configuration",
    "SQLITE_CANTOPEN": "cannot be opened: its folder must exist and be writable for the bot's user",
    "SQLITE_PERM": "may not be opened by the bot's user: mend its owner or mode",
    "SQLITE_AUTH": "may not be opened by the bot's user: mend its owner or mode",
    "SQLITE_BUSY": "is in use: another program has held its write lock for over 5 s",
    "SQLITE_LOCKED": "is in use: another program has held its write lock for over 5 s",
}


def connect(target: str | Path, *, now: datetime, thorough: bool = True) -> Engine:
    """An engine on a migrated database; `target` is a path or a `postgresql` URL. `thorough`: read
    a SQLite file through for damage (always done before a migration)."""
    url = _url(target)
    if url.get_backend_name() == "sqlite":
        return _connect_sqlite(Path(str(url.database)), now, thorough)
    engine = _engine(url)
    with translated(engine):
        _check_revision(engine)
        _migrate(engine)
    return engine


def _url(target: str | Path) -> URL:
    if isinstance(target, Path) or "://" not in target:
        if str(target) in ("", ":memory:"):
            raise StoreError("the database must be a file or a postgresql:// URL, not memory")
        return URL.create("sqlite", database=str(target))
    try:
        return make_url(target)
    except ArgumentError as exc:
        raise StoreError("the database URL cannot be read: postgresql+psycopg://...") from exc


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        try:
            return create_engine(url, pool_pre_ping=True)
        except (ImportError, SQLAlchemyError) as exc:
            raise StoreError(
                f"{url.render_as_string()}: cannot be used: {exc}; "
                "for PostgreSQL, install psycopg and write postgresql+psycopg://..."
            ) from exc
    engine = create_engine(url)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not guess where transactions begin
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A transaction that reads first and then writes fails at once if another wrote in between,
    # without waiting; one that says so at its start waits its turn.
    writes = connection.get_execution_options().get("airbridge_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _connect_sqlite(path: Path, now: datetime, thorough: bool) -> Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = _created(path, OWNER) or path.stat().st_size == 0
    except OSError as exc:
        raise StoreError(f"{path}: {_ADVICE['SQLITE_CANTOPEN']} ({exc.strerror})") from exc
    engine = _engine(URL.create("sqlite", database=str(path)))
    with translated(engine):
        if not new:
            if thorough:  # first, because damage may be anywhere
                _quick_check(engine, path)
            if _check_revision(engine):
                if not thorough:
                    _quick_check(engine, path)
                _back_up(path, now)
        _migrate(engine)
        with writing(engine) as tx:  # proof that it can be written, now and not in an hour
            tx.execute(text("UPDATE alembic_version SET version_num = version_num"))
    return engine


def _created(path: Path, mode: int) -> bool:
    """Make an empty file of that mode, less what the umask forbids; False when there is one.
    SQLite gives the files that it puts beside a database the mode of the database."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
    except FileExistsError:
        return False
    return True


def _quick_check(engine: Engine, path: Path) -> None:
    with engine.connect() as connection:
        found = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
    if found != "ok":
        raise StoreError(f"{path}: {_ADVICE['SQLITE_CORRUPT']} (SQLite says: {found})")


def _check_revision(engine: Engine) -> bool:
    """Whether a migration is due; refuses what is newer than the program, or is not ours."""
    tables = inspect(engine).get_table_names()
    if "alembic_version" not in tables:
        if tables:
            raise StoreError(
                f"{where(engine)}: is a database, but not one of Airbridge's (it holds "
                f"{', '.join(tables[:3])}): name another in the configuration"
            )
        return False
    with engine.connect() as connection:
        at = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    known = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]
    if at is not None and at not in known:
        raise StoreError(
            f"{where(engine)}: was written by a newer Airbridge (schema {at}, this program knows "
            f"up to {known[0]}): upgrade the program, or restore the backup made before"
        )
    return bool(at != known[0])


def _back_up(path: Path, now: datetime) -> None:
    """A whole copy beside the file, under its name only when it is complete."""
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    copy = path.with_name(f"{path.name}.before-{head}-{now:%Y%m%dT%H%M%SZ}")
    part = copy.with_name(copy.name + ".part")
    try:
        part.unlink(missing_ok=True)  # of a copy that was cut short
        _created(part, path.stat().st_mode & 0o777)  # whoever may read the one, may the other
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.rename(copy)
    except (OSError, sqlite3.Error) as exc:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise StoreError(
            f"{path}: could not be copied to {copy.name} before its migration ({exc}); it was "
            "left as it is: make room beside it and start again"
        ) from exc


def _migrate(engine: Engine, to: str = "head") -> None:
    """All steps in one transaction: any failure leaves the database as it was."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with writing(engine) as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, to)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that holds the write lock from its start; all or nothing."""
    with engine.connect() as connection:
        writer = connection.execution_options(**WRITE)
        with writer.begin():
            yield writer


@contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Database trouble becomes `StoreError`; mistakes of the program stay what they are."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as exc:  # the latter: while a connection is set up
        raise _trouble(engine, exc) from exc


def _trouble(engine: Engine, exc: DBAPIError | sqlite3.Error) -> Exception:
    """What to raise for it."""
    orig: Any = exc.orig if isinstance(exc, DBAPIError) else exc
    if isinstance(orig, sqlite3.Error):
        name = getattr(orig, "sqlite_errorname", "")
        for prefix, advice in _ADVICE.items():
            if name.startswith(prefix):
                return StoreError(f"{where(engine)}: {advice} (SQLite says: {orig})")
    if isinstance(exc, OperationalError | sqlite3.OperationalError):
        return StoreError(f"{where(engine)}: cannot be used: {str(orig).strip()}")
    return exc


def where(engine: Engine) -> str:
    """The database as a human knows it: a path, or a URL without its password."""
    if engine.dialect.name == "sqlite":
        return str(engine.url.database)
    return engine.url.render_as_string(hide_password=True)
