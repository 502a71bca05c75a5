"""Opening: migrations after a copy, and every kind of unusable database in clear words."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import URL

from bot.errors import StoreError
from bot.store import Store, open_store
from bot.store.connect import _engine, _migrate
from bot.store.schema import meta
from tests.nouns import leg
from tests.store.conftest import NOW

LEG = leg("OSLK", "HL59")
NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "airbridge.db"


def made(path: Path) -> Path:
    """A database in use, with a leg in it."""
    with closing(open_store(path, now=NOW)) as store, store.begin() as tx:
        store.put_legs(tx, [LEG])
    return path


def put(store: Store, **values: bytes) -> None:
    """All in one transaction."""
    with store.begin() as tx:
        for key, value in values.items():
            store.put_state(tx, key, value)


def refusal(target: str | Path) -> str:
    with pytest.raises(StoreError) as caught:
        open_store(target, now=NOW).close()
    return str(caught.value)


# ---------------------------------------------------------------------------------- migrations


def test_the_migrations_make_the_tables_of_the_schema(store: Store) -> None:
    """What the steps build is what the program believes, to the last column and index."""
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), meta) == []


def test_an_old_database_is_copied_and_brought_up_to_date(path: Path) -> None:
    """From the first revision, with data: everything stays, and a whole copy lies beside it."""
    engine = _engine(URL.create("sqlite", database=str(path)))
    _migrate(engine, "0001")
    with closing(Store(engine)) as old, old.begin() as tx:
        old.put_legs(tx, [LEG])
    Path(f"{path}.before-0005-20241226T120000Z.part").write_text("a copy that was cut short")
    with closing(open_store(path, now=NOW)) as store:
        assert store.legs() == (LEG,)
        assert store.open_alerts() == ()
    (copy,) = path.parent.glob("*.before-*")
    assert copy.name == "airbridge.db.before-0005-20241226T120000Z"
    with closing(sqlite3.connect(copy)) as was:
        assert was.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        assert was.execute("SELECT id FROM legs").fetchall() == [(LEG.id,)]


def test_no_copy_without_need(path: Path) -> None:
    """A new database and one that is up to date are not copied."""
    made(path)
    made(path)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_database_is_its_owners_alone(path: Path) -> None:
    """It holds chats' ids: nobody else reads it nor what lies beside it, whatever the umask."""
    before = os.umask(0)
    try:
        with closing(open_store(path, now=NOW)) as store:
            put(store, key=b"value")
            beside = {p.name.removeprefix(path.name): mode(p) for p in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert beside == {"": 0o600, "-wal": 0o600, "-shm": 0o600}


@pytest.mark.parametrize("given", [0o600, 0o640])
def test_a_database_keeps_the_mode_it_was_given(path: Path, given: int) -> None:
    """Who lets a group read it has their reasons: the mode stays, and its copy has the same."""
    engine = _engine(URL.create("sqlite", database=str(path)))
    _migrate(engine, "0001")
    engine.dispose()
    path.chmod(given)
    before = os.umask(0)
    try:
        open_store(path, now=NOW).close()
    finally:
        os.umask(before)
    assert {mode(p) for p in path.parent.iterdir()} == {given}
    assert len(list(path.parent.glob("*.before-*"))) == 1


def test_a_migration_that_fails_leaves_the_old_schema(path: Path) -> None:
    """Half a migration is none: the version and the tables are those of before."""
    engine = _engine(URL.create("sqlite", database=str(path)))
    _migrate(engine, "0001")
    engine.dispose()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE outbox (id)")  # in the way of the second step
    assert "already exists" in refusal(path)
    with closing(sqlite3.connect(path)) as after:
        assert after.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        assert not after.execute("SELECT * FROM sqlite_master WHERE name = 'alerts'").fetchall()


def test_no_migration_without_its_copy(path: Path) -> None:
    """When the copy cannot be made, the database is left alone and the text says so."""
    engine = _engine(URL.create("sqlite", database=str(path)))
    _migrate(engine, "0001")
    engine.dispose()
    Path(f"{path}.before-0005-20241226T120000Z.part").mkdir()
    assert "could not be copied" in refusal(path)
    with closing(sqlite3.connect(path)) as after:
        assert after.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]


# ------------------------------------------------------------------------- what cannot be used


def test_a_newer_database_is_refused_and_left_alone(path: Path) -> None:
    """A schema from the future is not touched; the text says to upgrade."""
    made(path)
    with closing(sqlite3.connect(path)) as future:
        future.execute("UPDATE alembic_version SET version_num = '9999'")
        future.commit()
    before = path.read_bytes()
    text = refusal(path)
    assert str(path) in text
    assert "newer Airbridge" in text
    assert "9999" in text
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    """A page of text in its place is named as what it is not, and kept."""
    path.write_text("<html>" * 500)
    assert f"{path}: is not a database" in refusal(path)
    assert path.read_text().startswith("<html>")


def test_a_damaged_database_is_refused(path: Path) -> None:
    """Overwritten pages are found when it is opened, not when they are needed."""
    made(path)
    whole = bytearray(path.read_bytes())
    whole[4096:-4096] = b"\xa5" * (len(whole) - 8192)
    path.write_bytes(whole)
    assert f"{path}: is damaged" in refusal(path)


def test_only_a_thorough_opening_reads_the_file_through(path: Path) -> None:
    """What only asks does not wait for years of data to be read; the service does, and so does
    whatever is about to migrate."""
    with closing(open_store(made(path), now=NOW)) as store, store.begin() as tx:
        tx.exec_driver_sql("CREATE TABLE ballast (x BLOB)")
        tx.exec_driver_sql("INSERT INTO ballast VALUES (randomblob(40000))")
        tx.exec_driver_sql("CREATE INDEX ballast_x ON ballast (length(x))")
        page = tx.exec_driver_sql(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ballast_x'"
        ).scalar_one()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xa5" * 4096)
    assert f"{path}: is damaged" in refusal(path)
    open_store(path, now=NOW, thorough=False).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE alembic_version SET version_num = '0002'")
        database.commit()
    with pytest.raises(StoreError, match="is damaged"):
        open_store(path, now=NOW, thorough=False)


def test_a_truncated_database_is_refused(path: Path) -> None:
    """Half a file, as a broken copy leaves it, is damaged."""
    made(path)
    os.truncate(path, path.stat().st_size // 2)
    assert f"{path}: is damaged" in refusal(path)


def test_the_database_of_another_program_is_refused(path: Path) -> None:
    """Its tables are named and nothing is written into it."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE invoices (id)")
    text = refusal(path)
    assert "not one of Airbridge's" in text
    assert "invoices" in text


@contextmanager
def unprivileged() -> Iterator[Path]:
    """A folder of one's own, without root's power over file modes."""
    home = Path(tempfile.mkdtemp())
    me = os.geteuid()
    if me == 0:
        os.chown(home, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield home
    finally:
        home.chmod(0o700)
        os.seteuid(me)
        shutil.rmtree(home)


def test_a_read_only_file_is_refused() -> None:
    """At start, not at the first poll an hour later."""
    with unprivileged() as home:
        path = made(home / "airbridge.db")
        path.chmod(0o444)
        assert f"{path}: is read-only" in refusal(path)


def test_a_read_only_folder_is_refused() -> None:
    """SQLite needs to write beside its file: the text speaks of the folder."""
    with unprivileged() as home:
        path = made(home / "airbridge.db")
        home.chmod(0o555)
        text = refusal(path)
        assert str(path) in text
        assert "folder" in text


def test_a_folder_that_cannot_be_made_is_refused() -> None:
    """A path below a folder that is not ours, or below a file, is named."""
    with unprivileged() as home:
        home.chmod(0o555)
        assert "cannot be opened" in refusal(home / "data" / "airbridge.db")
    with tempfile.NamedTemporaryFile() as file:
        assert file.name in refusal(f"{file.name}/airbridge.db")


def test_a_folder_in_its_place_is_refused(path: Path) -> None:
    """A folder of that name is not opened."""
    path.mkdir()
    assert f"{path}: " in refusal(path)


@pytest.mark.parametrize("target", [":memory:", "", "nonsense://x", "postgresql+nosuch://x/y"])
def test_what_is_no_target_is_refused(target: str) -> None:
    """Memory forgets, and an unknown kind of URL is no database."""
    assert refusal(target)


def test_a_password_is_never_told() -> None:
    """A server that does not answer is named without the password of its URL."""
    text = refusal("postgresql+psycopg://bot:hush@127.0.0.1:1/airbridge")
    assert "127.0.0.1" in text
    assert "hush" not in text


# --------------------------------------------------------------------------------- a full disk


def test_a_full_disk_costs_only_the_transaction(path: Path) -> None:
    """The write is refused as a whole, what was stored stays, and with room it goes on."""
    made(path)
    with closing(open_store(path, now=NOW)) as store:
        with store.read() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        with pytest.raises(StoreError, match="disk is full"):
            put(store, small=b"x", large=bytes(100_000))
        assert store.legs() == (LEG,)
        assert store.state("small") is None
        with store.read() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=1073741823")
        put(store, large=bytes(100_000))
        assert store.state("large") == bytes(100_000)


HITS_THE_LIMIT = """
import resource, sys
from datetime import UTC, datetime
from bot.errors import StoreError
from bot.store import open_store
store = open_store(sys.argv[1], now=datetime(2024, 12, 26, tzinfo=UTC))
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
try:
    with store.begin() as tx:
        store.put_state(tx, "large", bytes(1_000_000))
except StoreError as error:
    print(error)
"""


def test_a_file_that_cannot_grow_is_a_clear_error(path: Path) -> None:
    """A quota (the kernel's EFBIG) is told like a full disk, and the next start finds all."""
    made(path)
    words = [sys.executable, "-c", HITS_THE_LIMIT, str(path)]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert f"{path}: " in told
    assert "disk is full" in told
    with closing(open_store(path, now=NOW)) as store:
        assert store.legs() == (LEG,)
        assert store.state("large") is None


def test_a_locked_database_is_a_clear_error(path: Path) -> None:
    """Another program that never lets go is named as the reason, after the wait."""
    made(path)
    with closing(open_store(path, now=NOW)) as store, closing(sqlite3.connect(path)) as other:
        with store.read() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=20")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="is in use"), store.begin():
            pass
        assert store.legs() == (LEG,)  # reading goes on


def test_a_mistake_of_the_program_stays_a_mistake(store: Store) -> None:
    """Only trouble with the database is a StoreError; a naive time is the caller's bug."""
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(ValueError, match="zone"), store.begin() as tx:
        store.put_legs(tx, [leg("OSLK", "HL59", first_seen=naive)])
    with pytest.raises(RuntimeError, match="already open"), store.begin(), store.begin():
        pass
    with store.begin() as tx:
        store.put_legs(tx, [LEG])
    assert store.legs() == (LEG,)
