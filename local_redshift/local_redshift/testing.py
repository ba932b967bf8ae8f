"""A server in a process of its own and a client of it, for tests of programs that speak to Redshift."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import getcontext
from pathlib import Path
from typing import Any

import redshift_connector

PASSWORD = "local-secret"


class RedshiftProcess:
    """A server in a process of its own, on a directory that outlives it."""

    def __init__(
        self, directory: Path, *arguments: str, environment: dict[str, str] | None = None
    ) -> None:
        self.directory = directory
        self._arguments = arguments
        self._environment = {
            **os.environ,
            "REDSHIFT_USER": "warehouse",
            "REDSHIFT_PASSWORD": PASSWORD,
            "REDSHIFT_DATABASE": "dev",
            **(environment or {}),
        }
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "local_redshift",
                "serve",
                "--dir",
                str(self.directory),
                *self._arguments,
            ],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line.startswith("listening on 127.0.0.1:"), line
        self.port = int(line.rsplit(":", 1)[1])

    def connect(self, *, autocommit: bool = False, **options: Any) -> redshift_connector.Connection:
        # The driver rounds decimals to the context's digits.
        getcontext().prec = 40
        settings: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": "warehouse",
            "password": PASSWORD,
            "database": "dev",
            "ssl": False,
            "application_name": "tests",
        }
        connection = redshift_connector.connect(**{**settings, **options})
        connection.autocommit = autocommit
        return connection

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)


class Client:
    """A connection with one-line reads; remembers nothing."""

    def __init__(self, connection: redshift_connector.Connection) -> None:
        self.connection = connection
        self.cursor = connection.cursor()

    def run(self, sql: str, values: Any = None) -> int:
        if values is None:
            self.cursor.execute(sql)
        else:
            self.cursor.execute(sql, values)
        return int(self.cursor.rowcount)

    def rows(self, sql: str, values: Any = None) -> list[tuple[Any, ...]]:
        self.run(sql, values)
        return [tuple(row) for row in self.cursor.fetchall()]

    def value(self, sql: str, values: Any = None) -> Any:
        ((value,),) = self.rows(sql, values)
        return value

    def names(self) -> list[str]:
        return [c[0] if isinstance(c[0], str) else c[0].decode() for c in self.cursor.description]

    def error(self, sql: str, values: Any = None) -> dict[str, str]:
        """What the server says no with; the transaction is rolled back."""
        try:
            self.run(sql, values)
        except redshift_connector.error.ProgrammingError as error:
            if not self.connection.autocommit:
                self.connection.rollback()
            return dict(error.args[0])
        raise AssertionError(f"the server does not refuse {sql}")
