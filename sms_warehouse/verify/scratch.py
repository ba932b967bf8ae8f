"""The scratch space of one verification: schemas, databases and objects that are its own, made and removed.

The platform's code runs in it unchanged: a session here only puts the names of the scratch schemas where a
statement names the warehouse's, and a lake here keeps lists, quarantined lines and logs under a prefix of its own;
so nothing of the real warehouse, and nobody's list in the bucket, is read or written. A table in the first schema
lists what else was made, so that what a killed run left can be found and removed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from pydantic import PrivateAttr

from sms_warehouse import model, sql
from sms_warehouse.landing import keys
from sms_warehouse.migrate import schema_files
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift, Session, StatementFailed
from sms_warehouse.resources.s3 import LakeObject

SCHEMA_PREFIX = "sms_warehouse_verify_"
OBJECTS_PREFIX = "verify/"

_MARK = "verify_mark"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,99}")
_NO_SUCH_DATABASE = "3D000"
_SCHEMA_EXISTS = "42P06"
_IN_USE = "55006"
_DROP_ATTEMPTS = 5
_DROP_PAUSE_S = 1.0
# What tells of tables by the names of their schemas, as values.
_CATALOG = ("information_schema.", "svv_tables", "svv_columns")


class ScratchTaken(Exception):
    """The scratch schema cannot be used; the message says why and what to do."""


@cache
def layers() -> tuple[str, ...]:
    """The schemas of the warehouse: all that ``sql/schema`` makes."""
    made = re.compile(r"^create schema if not exists (\w+)", re.MULTILINE)
    return tuple(name for path in schema_files() for name in made.findall(sql.text(path)))


@cache
def _relations() -> frozenset[str]:
    """The tables and views of the warehouse, with their schemas."""
    return frozenset(table.full_name for path in schema_files() for table in model.tables(path))


@cache
def _names() -> re.Pattern[str]:
    layer = "|".join(layers())
    return re.compile(
        rf"""
          (?P<text>'(?:[^']|'')*') | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/
        | (?<![\w.$:])(?P<qualifier>{layer})\.(?P<relation>[a-z_]\w*)
        | (?<=create\ schema\ if\ not\ exists\ )(?P<made>{layer})\b
        """,
        re.VERBOSE | re.DOTALL,
    )


@cache
def _aliases() -> re.Pattern[str]:
    """A common table expression, or an alias, that is called like a schema."""
    layer = "|".join(layers())
    return re.compile(rf"\b(?P<query>{layer})\s+as\s*\(|\bas\s+(?P<alias>{layer})\b")


def _asks_catalog(statement: str) -> bool:
    return any(view in statement for view in _CATALOG)


def renamed(statement: str, schema: str) -> str:
    """The statement with ``<schema>_<layer>`` for each schema of the warehouse, and nothing else changed.

    Quotes and comments stay as they are, but for the names of schemas that the catalog is asked for.
    """
    asks_catalog = _asks_catalog(statement)
    own = {found["query"] or found["alias"] for found in _aliases().finditer(statement)}

    def replace(token: re.Match[str]) -> str:
        if (layer := token["qualifier"]) is not None:
            is_own = layer in own and token[0] not in _relations()
            return token[0] if is_own else f"{schema}_{token[0]}"
        if (made := token["made"]) is not None:
            return f"{schema}_{made}"
        if asks_catalog and token["text"] and token["text"].strip("'") in layers():
            return f"'{schema}_{token['text'].strip(chr(39))}'"
        return token[0]

    return _names().sub(replace, statement)


@dataclass(frozen=True)
class Ran:
    """Statements, as they stood before names were replaced: those that ran, and how others failed."""

    statements: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)


class ScratchSession(Session):
    """A session in the scratch schemas that remembers what ran."""

    def __init__(self, session: Session, schema: str, ran: Ran) -> None:
        super().__init__(session._connection)
        self._schema = schema
        self._ran = ran

    def execute(self, statement: str, **values: object) -> int:
        try:
            count = super().execute(renamed(statement, self._schema), **values)
        except StatementFailed as error:
            if not error.is_worth_retrying:
                self._ran.failures[statement] = f"{error.state} {error.message}"
            raise
        self._ran.statements.add(statement)
        return count

    def rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        rows = super().rows(statement, **values)
        if not _asks_catalog(statement):
            return rows
        own = {f"{self._schema}_{layer}": layer for layer in layers()}
        return [tuple(own.get(v, v) if isinstance(v, str) else v for v in row) for row in rows]


class ScratchRedshift(Redshift):
    """The warehouse, with its schemas replaced by scratch ones named after ``scratch_schema``."""

    scratch_schema: str
    _ran: Ran = PrivateAttr(default_factory=Ran)

    @property
    def ran(self) -> Ran:
        return self._ran

    @contextmanager
    def session(self, query_group: str, *, autocommit: bool = True) -> Iterator[Session]:
        with super().session(query_group, autocommit=autocommit) as session:
            yield ScratchSession(session, self.scratch_schema, self._ran)


class ScratchLake(Lake):
    """The bucket, with all that outlives a load under a prefix that no notification announces.

    Files for COPY stay where landing puts them, for manifests name them there; each is named after its load and
    removed with it.
    """

    prefix: str

    def list_day(self, event_type: str, day: date) -> list[LakeObject]:
        return [
            found
            for found in self.list_prefix(keys.day_prefix(event_type, day))
            if keys.fits(found.key.removeprefix(self.prefix))
        ]

    def list_prefix(self, prefix: str) -> list[LakeObject]:
        return super().list_prefix(self._own(prefix))

    def head(self, key: str) -> LakeObject | None:
        return super().head(self._own(key))

    def get(self, key: str) -> bytes | None:
        return super().get(self._own(key))

    def put(self, key: str, body: bytes) -> None:
        super().put(self._own(key), body)

    def delete(self, found: list[str]) -> None:
        super().delete([self._own(key) for key in found])

    def _own(self, key: str) -> str:
        return key if key.startswith((self.prefix, keys.LANDING)) else f"{self.prefix}{key}"


@dataclass(frozen=True)
class Scratch:
    """What one verification makes and removes."""

    schema: str

    @property
    def redshift(self) -> ScratchRedshift:
        return ScratchRedshift(scratch_schema=self.schema)

    @property
    def lake(self) -> ScratchLake:
        return ScratchLake(prefix=f"{OBJECTS_PREFIX}{self.schema}/")

    @property
    def schemas(self) -> list[str]:
        """The layers' schemas, and the one that says they are ours, which has to go last."""
        return [*(f"{self.schema}_{layer}" for layer in layers()), self.schema]

    def check_name(self) -> None:
        """Raises ScratchTaken for a name that no scratch schema may have."""
        if not _NAME.fullmatch(self.schema) or self.schema in (*layers(), "public"):
            raise ScratchTaken(
                f"{self.schema!r} cannot be a scratch schema: choose a name of lower-case letters, digits "
                "and underscores that no schema has"
            )

    def make(self) -> None:
        """Makes the schemas; what an earlier run left under this name is removed first.

        Raises ScratchTaken when a schema is there that does not bear our mark.
        """
        if self.schema in leftovers():
            problems = self.remove()
            if problems:
                raise ScratchTaken("; ".join(problems))

        def work(session: Session) -> None:
            for name in reversed(self.schemas):
                session.execute(f"create schema {name}")
            session.execute(
                f"create table {self.schema}.{_MARK}"
                " (kind varchar(16), name varchar(1024), made_at timestamp)"
            )

        try:
            Redshift().transaction("verify", work)
        except StatementFailed as error:
            if error.state != _SCHEMA_EXISTS:
                raise
            raise ScratchTaken(
                f"{error.message}, and `sms-warehouse verify` did not make it: choose another --schema"
            ) from None

    def note(self, kind: str, name: str) -> None:
        """Writes down what is about to be made outside the schemas: a ``database`` or a ``bucket``."""
        with Redshift().session("verify") as session:
            session.execute(
                f"insert into {self.schema}.{_MARK} (kind, name, made_at) values (:kind, :name, :made_at)",
                kind=kind,
                name=name,
                made_at=datetime.now(UTC).replace(tzinfo=None),
            )

    def forget(self, kind: str, name: str) -> None:
        """Takes back a note of what could not be made."""
        with Redshift().session("verify") as session:
            session.execute(
                f"delete from {self.schema}.{_MARK} where kind = :kind and name = :name",
                kind=kind,
                name=name,
            )

    def remove(self) -> list[str]:
        """Removes all of it; returns what could not be removed, and why.

        The schema that says what there is goes last, and stays while anything else does.
        """
        problems: list[str] = []
        with Redshift().session("verify") as session:
            if self.schema not in leftovers():
                return []
            for kind, name in session.rows(
                f"select distinct kind, name from {self.schema}.{_MARK} order by kind, name"
            ):
                try:
                    if kind == "database":
                        _drop_database(session, name)
                    elif kind == "bucket":
                        self._remove_objects(name)
                except Exception as error:
                    problems.append(f"{kind} {name} is not cleared: {error}")
            for schema in self.schemas:
                if problems and schema == self.schema:
                    break
                try:
                    session.execute(f"drop schema if exists {schema} cascade")
                except StatementFailed as error:
                    problems.append(f"schema {schema} is not removed: {error.message}")
        return problems

    def _remove_objects(self, bucket: str) -> None:
        lake = self.lake
        if lake.bucket != bucket:
            raise ScratchTaken(
                f"they are in bucket {bucket}, which SMS_WAREHOUSE_BUCKET does not name"
            )
        lake.delete([found.key for found in lake.list_prefix(lake.prefix)])


def _drop_database(session: Session, name: str) -> None:
    for attempt in range(1, _DROP_ATTEMPTS + 1):
        try:
            session.execute(f"drop database {name}")
        except StatementFailed as error:
            if error.state == _NO_SUCH_DATABASE:
                return
            if error.state != _IN_USE or attempt == _DROP_ATTEMPTS:
                raise
            # A connection of ours that was closed just now may not be gone yet.
            time.sleep(_DROP_PAUSE_S)
        else:
            return


def leftovers() -> list[str]:
    """The scratch schemas that are there: those of runs that were killed, and of runs under way."""
    with Redshift().session("verify") as session:
        return [
            str(schema)
            for (schema,) in session.rows(
                "select table_schema from information_schema.tables"
                f" where table_name = '{_MARK}' order by table_schema"
            )
        ]
