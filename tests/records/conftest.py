"""Every test of the store runs on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.records.postgresql import PostgresServer
from voicebot.records import Records


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test run's own."""
    server = PostgresServer(durable=False)
    server.start()
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.peer)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where to keep calls: an empty folder, or the URL of an empty PostgreSQL database."""
    if request.param == "sqlite":
        return str(tmp_path)
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.fresh_database()


@pytest.fixture
def store(place: str) -> Iterator[Records]:
    """An open, empty store."""
    records = Records.open(place)
    yield records
    records.close()
