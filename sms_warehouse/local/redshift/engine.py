"""The database in its directory: how DuckDB is opened, bounded and shut off from everything else."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

import duckdb

from sms_warehouse.local.redshift import catalog
from sms_warehouse.local.redshift.functions import MACROS, SYSTEM_SCHEMA
from sms_warehouse.local.redshift.locks import Locks

_OPEN_SECONDS = 10.0


class Warehouse:
    """The database in a directory. One process at a time may have it open."""

    def __init__(
        self,
        directory: Path,
        *,
        database: str,
        user: str,
        memory_limit: str = "4GB",
        threads: int | None = None,
    ) -> None:
        self.database = database
        self.user = user
        self.locks = Locks()
        self.spool = directory.resolve() / "spool"
        spill = directory.resolve() / "spill"
        self._db = self._opened(directory / f"{database}.duckdb")
        for folder in (self.spool, spill):
            # What a killed server left behind is of no use to anybody.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        settings = {
            "threads": str(threads or os.cpu_count() or 1),
            "memory_limit": f"'{memory_limit}'",
            "temp_directory": f"'{spill}'",
            "TimeZone": "'UTC'",
            "integer_division": "true",
            "preserve_insertion_order": "false",
            "python_enable_replacements": "false",
            "allowed_directories": f"['{self.spool}']",
            "enable_external_access": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        for name, value in settings.items():
            self._db.execute(f"set global {name} = {value}")
        self._db.execute("create schema if not exists public")
        self._db.execute(f"create schema if not exists {SYSTEM_SCHEMA}")
        for macro in MACROS:
            self._db.execute(f"create or replace macro {SYSTEM_SCHEMA}.{macro}")
        for name, query in catalog.VIEWS.items():
            self._db.execute(f"create or replace view {SYSTEM_SCHEMA}.{name} as {query}")
        self._db.execute("set global lock_configuration = true")

    @staticmethod
    def _opened(path: Path) -> duckdb.DuckDBPyConnection:
        # A server that was killed may hold the file for a moment longer.
        deadline = time.monotonic() + _OPEN_SECONDS
        while True:
            try:
                return duckdb.connect(str(path))
            except duckdb.IOException:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        return self._db.cursor()

    def close(self) -> None:
        """Writes everything to the database file and closes it."""
        with suppress(duckdb.Error):
            self._db.execute("checkpoint")
        self._db.close()
