"""Opening the database: engine, SQLite's settings, migrations, and errors in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from voicebot.errors import RecordsError

BUSY_TIMEOUT_S = 2.0
CONNECT_TIMEOUT_S = 5  # a server that does not answer; libpq would wait for minutes
_MIGRATIONS = Path(__file__).parent / "migrations"
_IMMEDIATE = "voicebot_immediate"


def open_engine(where: str | Path, *, create: bool) -> sa.Engine:
    """An engine on an up-to-date schema.

    `where` is a SQLAlchemy URL, or a folder that holds (or, if `create`, will hold)
    ``records.db``. Raises RecordsError.
    """
    url = str(where) if "://" in str(where) else _sqlite_url(Path(where), create)
    try:
        shown = sa.make_url(url).render_as_string(hide_password=True)
    except (SQLAlchemyError, ValueError):  # its words, and the url, may hold the password
        raise RecordsError(
            "records: url: expected a SQLAlchemy URL like postgresql+psycopg://USER:PASSWORD@HOST/"
            f"DATABASE, with % for what is special in it; got one of {url.split('://')[0][:40]!r}"
        ) from None
    try:
        engine = sa.create_engine(url, **_options(url))
    except (SQLAlchemyError, ImportError) as error:
        raise RecordsError(f"records: cannot open {shown}: {one_line(error)}") from None
    try:
        if engine.dialect.name == "sqlite":
            _tune_sqlite(engine)
        _migrate(engine)
    except (CommandError, SQLAlchemyError) as error:
        engine.dispose()
        raise _refusal(shown, error) from None
    return engine


def _refusal(shown: str, error: CommandError | SQLAlchemyError) -> RecordsError:
    if isinstance(error, CommandError):
        return RecordsError(
            f"records: {shown} was written by another version of voicebot ({error}); upgrade it"
        )
    return RecordsError(f"records: cannot open {shown}: {one_line(error)}")


def one_line(error: BaseException) -> str:
    """The database's own words, without the statement and its parameters (they hold data)."""
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split())[:200] or type(error).__name__


def _sqlite_url(directory: Path, create: bool) -> str:
    path = directory / "records.db"
    if not create and not path.is_file():
        raise RecordsError(
            f"records: no calls are kept in {directory} (there is no {path.name}); "
            "name the folder with --records"
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordsError(
            f"records: cannot make the folder {directory}: {error.strerror}"
        ) from None
    return sa.URL.create("sqlite", database=str(path)).render_as_string()


def _options(url: str) -> dict[str, Any]:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": BUSY_TIMEOUT_S}}
    options: dict[str, Any] = {"pool_pre_ping": True}
    libpq = parsed.drivername in ("postgresql", "postgresql+psycopg", "postgresql+psycopg2")
    if libpq and "connect_timeout" not in parsed.query:  # the url's own is the operator's wish
        options["connect_args"] = {"connect_timeout": CONNECT_TIMEOUT_S}
    return options


def _tune_sqlite(engine: sa.Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, DDL included
        # WAL: readers never wait for the writer. NORMAL: what is committed outlives a killed
        # process; only a power cut may take the last transactions.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        immediate = connection.get_execution_options().get(_IMMEDIATE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _migrate(engine: sa.Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    head = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() == head:
            return
    # Two processes that open a new store take turns here.
    writer = engine.execution_options(**{_IMMEDIATE: True})
    with writer.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(4008000000)")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
