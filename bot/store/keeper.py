"""What every part of the store stands on: transactions, reads, and the portable upsert."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.dml import Insert

from bot.store.connect import translated, writing

Tx = Connection
"""An open write transaction. Hand it on; never keep it, never share it between threads."""

Rows = Sequence[Mapping[str, Any]]


class Keeper:
    """A database with one writer at a time and any number of readers, each thread its own
    connection."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # Threads queue here and not in SQLite's busy loop, which polls and can starve one.
        self._writing = threading.Lock()
        self._mine = threading.local()

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """One transaction: all of it, or after any exception none of it.

        Reads of the same thread inside it see its own writes. It cannot be nested.
        """
        if getattr(self._mine, "tx", None) is not None:
            raise RuntimeError("a transaction is already open in this thread: pass its tx on")
        with self._writing, translated(self.engine), writing(self.engine) as tx:
            self._mine.tx = tx
            try:
                yield tx
            finally:
                self._mine.tx = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading: the thread's open transaction, else a snapshot of its own."""
        tx = getattr(self._mine, "tx", None)
        if tx is not None:
            yield tx
            return
        with translated(self.engine), self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Give all connections back; SQLite folds its log into the file."""
        self.engine.dispose()


def insert(tx: Tx, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT that knows ON CONFLICT, in the words of the database at hand."""
    module: Any = sqlite if tx.dialect.name == "sqlite" else postgresql
    statement: sqlite.Insert | postgresql.Insert = module.insert(table)
    return statement


def upsert(
    tx: Tx,
    table: Table,
    rows: Iterable[Mapping[str, Any]],
    *,
    where: "ColumnElement[bool] | None" = None,
) -> None:
    """Insert rows, replacing all other columns where the primary key is known.

    Stored rows that fail `where` stay as they are.
    """
    rows = list(rows)
    if not rows:
        return
    statement = insert(tx, table)
    keys = [column.name for column in table.primary_key]
    rest = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    whole: Insert = statement.on_conflict_do_update(index_elements=keys, set_=rest, where=where)
    tx.execute(whole, rows)


def bulk(tx: Tx, statement: Insert, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Run an INSERT for very many rows of plain values, in the order of `names`.

    The driver takes them as they are: converting a value at a time through SQLAlchemy costs
    twice what the database does. Strings, numbers, booleans and None only.
    """
    compiled = statement.compile(dialect=tx.dialect, column_keys=list(names))
    if compiled.positional:
        order = [names.index(name) for name in compiled.positiontup or ()]
        if order != list(range(len(names))):
            rows = [[row[i] for i in order] for row in rows]
        tx.exec_driver_sql(str(compiled), [tuple(row) for row in rows])
    else:
        tx.exec_driver_sql(str(compiled), [dict(zip(names, row, strict=True)) for row in rows])
