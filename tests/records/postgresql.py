"""A real PostgreSQL server for the tests: a cluster of its own, on a Unix socket only."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

_START_S = 30.0


class PostgresServer:
    """One cluster. PostgreSQL refuses to run as root, so root runs it as `postgres`."""

    def __init__(self, *, durable: bool = True) -> None:
        # What is thrown away a minute later need not be flushed to the disk.
        self._flush = ["-c", f"fsync={'on' if durable else 'off'}"]
        self._programs = _programs()
        self._user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        # Not pytest's tmp_path: a socket's path has at most 107 bytes.
        self._home = Path(tempfile.mkdtemp(prefix="voicebot-pg-"))
        if os.geteuid() == 0:
            shutil.chown(self._home, self._user)
        self._names = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", str(self._home / "data"), "-A", "trust", "-U", "bot", "-N")

    def start(self) -> None:
        """Start it, or start it again, and wait until it answers."""
        deadline = time.monotonic() + _START_S
        while not self._came_up(deadline):
            assert time.monotonic() < deadline, (self._home / "log").read_text()

    def _came_up(self, deadline: float) -> bool:
        """Start the server; False if it gave up, as beside the children of one just killed."""
        log = (self._home / "log").open("ab")
        options = ["-c", "listen_addresses=", "-k", str(self._home), "-c", "max_connections=50"]
        options += self._flush
        self._process = subprocess.Popen(
            [str(self._programs / "postgres"), "-D", str(self._home / "data"), *options],
            stdout=log,
            stderr=log,
            cwd=self._home,
            **self._as_user(),
        )
        log.close()
        while not self._answers():
            if self._process.poll() is not None:
                return False
            assert time.monotonic() < deadline, "PostgreSQL did not come up"
            time.sleep(0.05)
        return True

    def kill(self) -> None:
        """kill -9 of the whole server, as a crash of the machine would."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        # Its children notice by themselves and go; until then a new server refuses the folder.

    def remove(self) -> None:
        """Stop it and delete its data."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)  # no need to write what is deleted next
            self._process.wait(_START_S)
        shutil.rmtree(self._home)

    def fresh_database(self) -> str:
        """The URL of an empty database."""
        name = f"calls_{next(self._names)}"
        engine = sa.create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"create database {name}")
        engine.dispose()
        return self._url(name)

    def _url(self, database: str) -> str:
        return f"postgresql+psycopg://bot@/{database}?host={self._home}"

    def _answers(self) -> bool:
        engine = sa.create_engine(self._url("postgres"))
        try:
            engine.connect().close()
        except OperationalError:
            return False
        finally:
            engine.dispose()
        return True

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            capture_output=True,
            text=True,
            cwd=self._home,
            timeout=120,
            **self._as_user(),
        )
        assert done.returncode == 0, done.stderr

    def _as_user(self) -> dict[str, str | Sequence[str]]:
        """What makes a child run as the server's user."""
        if os.geteuid() != 0:
            return {}
        return {"user": self._user, "group": self._user, "extra_groups": ()}


def _programs() -> Path:
    """Where Debian keeps PostgreSQL's own programs; the newest version."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4])
    )
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        raise FileNotFoundError("PostgreSQL is not installed: make peers")
    return (found[-1] if found else Path(str(on_path))).parent
