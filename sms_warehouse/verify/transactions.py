"""Concurrent transactions: the load transaction with its mutex, and conflicts provoked at both isolation levels.

A database has one isolation level, so each level that the database we are connected to does not have gets a
scratch database of its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial

from local_redshift.conformance.outcome import Outcome
from pydantic import PrivateAttr

from sms_warehouse.landing.load import LandedDay, land_day
from sms_warehouse.migrate import migrate
from sms_warehouse.resources.redshift import Redshift, Session, StatementFailed
from sms_warehouse.verify import logs
from sms_warehouse.verify.scratch import Scratch, ScratchLake

SECTION = "transactions"
LEVELS = ("serializable", "snapshot")
LANDS_ONCE = "of two sessions that land the same object at once, one does"
MUTEX = "writers that take a lock first wait for each other and never see 1023"

_ISOLATION = "c_serial_isolation"
_RETRIES = "c_serial_isolation-serializable-isolation-troubleshooting"
_LOCK = "r_LOCK"
_WRITERS, _INCREMENTS = 4, 5
_MEET_S = 120.0
_EVENT = "inbound_message"


def run(scratch: Scratch, progress: Callable[[str], object]) -> list[Outcome]:
    """Lands one object from two sessions at once, then provokes conflicts at each isolation level."""
    progress(f"{SECTION}: two sessions land the same object")
    outcomes = _tried(LANDS_ONCE, _LOCK, partial(_land, scratch))
    own_level = isolation_level()
    for level in LEVELS:
        progress(f"{SECTION}: conflicts on purpose, {level} isolation")
        if level == own_level:
            outcomes += _at_level(level, scratch.schema)
            continue
        name = f"{scratch.schema}_{level}"
        scratch.note("database", name)
        try:
            with Redshift().session("verify") as session:
                session.execute(f"create database {name} isolation level {level}")
        except StatementFailed as error:
            scratch.forget("database", name)
            note = f"a database of this level cannot be made: {error.message}"
            outcomes += [
                Outcome(SECTION, f"{level}: {check}", None, page=page, note=note)
                for check, page, _ in _checks(level)
            ]
            continue
        with _database(name):
            with Redshift().session("verify") as session:
                session.execute(f"create schema {scratch.schema}")
            outcomes += _at_level(level, scratch.schema)
    return outcomes


def isolation_level() -> str | None:
    """The isolation level of the database we are connected to; None where Redshift does not tell."""
    with Redshift().session("verify") as session:
        name = session.value("select current_database() as name")
        try:
            levels = session.rows("select db_name, isolation_level from stv_db_isolation_level")
        except StatementFailed:
            return None
    # CHAR columns, so with blanks; the level is spelt "Serializable" or "Snapshot Isolation".
    own = [level.lower() for database, level in levels if database.strip() == name]
    return next((level for level in LEVELS if own and level in own[0]), None)


@contextmanager
def _database(name: str) -> Iterator[None]:
    """Connections made inside go to another database of the same cluster or workgroup."""
    before = os.environ.get("REDSHIFT_DATABASE")
    os.environ["REDSHIFT_DATABASE"] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ["REDSHIFT_DATABASE"]
        else:
            os.environ["REDSHIFT_DATABASE"] = before


def _tried(name: str, page: str, work: Callable[[], tuple[str, str]]) -> list[Outcome]:
    try:
        expected, found = work()
    except Exception as error:
        return [Outcome(SECTION, name, False, "no error", f"{type(error).__name__}: {error}", page)]
    return [Outcome(SECTION, name, expected == found, expected, found, page)]


class _MeetingLake(ScratchLake):
    """Two that land write their manifests together, so that neither has landed when the other inspects."""

    _meeting: threading.Barrier = PrivateAttr(default_factory=lambda: threading.Barrier(2))

    def put(self, key: str, body: bytes) -> None:
        super().put(key, body)
        self._meeting.wait(_MEET_S)


def _land(scratch: Scratch) -> tuple[str, str]:
    redshift, lake = scratch.redshift, scratch.lake
    scratch.note("bucket", lake.bucket)
    migrate(redshift)
    event = logs.inbound("meeting", 10, day := logs.MEETING_DAY)
    lake.put(logs.key(_EVENT, day, "meeting"), logs.packed([event]))
    meeting = _MeetingLake(prefix=lake.prefix)

    def land() -> LandedDay:
        return land_day(redshift, meeting, _EVENT, day)

    with ThreadPoolExecutor(2) as pool:
        landed = [future.result() for future in [pool.submit(land), pool.submit(land)]]
    with redshift.session("verify") as session:
        rows = session.value(
            f"select count(*) as stored from staging.{_EVENT} where arrival_date = :day", day=day
        )
        loads = session.value(
            "select count(*) as loads from control.load where arrival_date = :day", day=day
        )
    return "1 session landed it, 1 row, 1 load", (
        f"{sum(len(day_landed.objects) for day_landed in landed)} session landed it, {rows} row, {loads} load"
    )


Check = tuple[str, str, Callable[[str], tuple[str, str]]]
"""What is to be seen, the page that says so, and how to see it in a schema."""


def _checks(level: str) -> list[Check]:
    cycle: Check
    if level == "serializable":
        cycle = ("two that read what the other writes end in 1023", _ISOLATION, _cycle_fails)
    else:
        cycle = ("two that read what the other writes both commit", _ISOLATION, _cycle_commits)
    return [
        (MUTEX, _LOCK, _mutex),
        (
            "a write to a row that was written since the snapshot ends in 1023",
            _ISOLATION,
            _overwrites,
        ),
        ("a transaction that ends in 1023 is repeated and commits", _RETRIES, _recovers),
        cycle,
    ]


def _at_level(level: str, schema: str) -> list[Outcome]:
    outcomes = []
    for name, page, work in _checks(level):
        outcomes += _tried(f"{level}: {name}", page, partial(work, schema))
    return outcomes


def _counter(schema: str, name: str) -> str:
    """A table with one row: 0."""
    table = f"{schema}.{name}"
    with Redshift().session("verify") as session:
        session.execute(f"create table {table} (n bigint)")
        session.execute(f"insert into {table} (n) values (0)")
    return table


def _value(table: str) -> int:
    with Redshift().session("verify") as session:
        return int(session.value(f"select n from {table}"))


def _mutex(schema: str) -> tuple[str, str]:
    table = _counter(schema, "guarded")
    with Redshift().session("verify") as session:
        session.execute(f"create table {schema}.mutex (holder varchar(1))")
    tries: list[int] = []

    def increment(session: Session) -> None:
        tries.append(1)
        session.execute(f"lock {schema}.mutex")
        n = session.value(f"select n from {table}")
        session.execute(f"update {table} set n = :n", n=int(n) + 1)

    def write() -> None:
        for _ in range(_INCREMENTS):
            Redshift().transaction("verify", increment)

    with ThreadPoolExecutor(_WRITERS) as pool:
        for future in [pool.submit(write) for _ in range(_WRITERS)]:
            future.result()
    total = _WRITERS * _INCREMENTS
    return f"{total} in {total} tries", f"{_value(table)} in {len(tries)} tries"


def _overwrites(schema: str) -> tuple[str, str]:
    table = _counter(schema, "overwritten")
    with ExitStack() as stack:
        first, second = _two_sessions(stack)
        first.execute("begin")
        first.value(f"select n from {table}")
        second.execute(f"update {table} set n = 1")
        said = _conflict(first, f"update {table} set n = 2", "commit")
    return "1023, and the row is 1", f"{said}, and the row is {_value(table)}"


def _recovers(schema: str) -> tuple[str, str]:
    table = _counter(schema, "repeated")
    tries: list[int] = []

    def work(session: Session) -> None:
        tries.append(1)
        n = int(session.value(f"select n from {table}"))
        if len(tries) == 1:
            with Redshift().session("verify") as other:
                other.execute(f"update {table} set n = 10")
        session.execute(f"update {table} set n = :n", n=n + 1)

    Redshift().transaction("verify", work)
    return "11 after 2 tries", f"{_value(table)} after {len(tries)} tries"


def _cycle(schema: str) -> tuple[list[str], tuple[int, int]]:
    """What each of two transactions ended in that read what the other writes; and what is stored."""
    one, other = _counter(schema, "cycle_one"), _counter(schema, "cycle_other")
    with ExitStack() as stack:
        first, second = _two_sessions(stack)
        for session in (first, second):
            session.execute("begin")
        first.value(f"select n from {one}")
        second.value(f"select n from {other}")
        ends = [
            _conflict(first, f"update {other} set n = 1"),
            _conflict(second, f"update {one} set n = 1"),
        ]
        for number, session in enumerate((first, second)):
            if ends[number] == "committed":
                ends[number] = _conflict(session, "commit")
    return ends, (_value(one), _value(other))


def _cycle_fails(schema: str) -> tuple[str, str]:
    ends, stored = _cycle(schema)
    return "['1023', 'committed'], 1 row written", f"{sorted(ends)}, {sum(stored)} row written"


def _cycle_commits(schema: str) -> tuple[str, str]:
    ends, stored = _cycle(schema)
    return "['committed', 'committed'], 2 rows written", f"{ends}, {sum(stored)} rows written"


def _two_sessions(stack: ExitStack) -> tuple[Session, Session]:
    # In autocommit, so that BEGIN and COMMIT are statements like the others.
    first = stack.enter_context(Redshift().session("verify"))
    return first, stack.enter_context(Redshift().session("verify"))


def _conflict(session: Session, *statements: str) -> str:
    """Runs statements; ``committed`` when all ran, ``1023`` for a serialization conflict, else Redshift's words."""
    try:
        for statement in statements:
            session.execute(statement)
    except StatementFailed as error:
        session.execute("rollback")
        if error.state == "XX000" and "1023" in error.message:
            return "1023"
        return f"{error.state} {error.message}"
    return "committed"
