"""The warehouse on the local Redshift's engine in this process: the same SQL, no socket and no login.

For tests of rules that live in SQL alone. What the driver, the server or S3 do belongs to tests of the whole stack.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from local_redshift.engine import Databases
from local_redshift.in_process import Connection
from pydantic import PrivateAttr

from sms_warehouse.resources.redshift import Redshift


class InProcessRedshift(Redshift):
    """One database of the engine, through everything but the driver's connection."""

    _databases: Databases = PrivateAttr()
    _database: str = PrivateAttr()

    @classmethod
    def of(cls, databases: Databases, database: str, **settings: Any) -> InProcessRedshift:
        redshift = cls(**settings)
        redshift._databases, redshift._database = databases, database
        return redshift

    @contextmanager
    def connection(self, query_group: str) -> Iterator[Any]:
        with closing(Connection(self._databases, self._database)) as connection:
            connection.autocommit = True
            yield connection
