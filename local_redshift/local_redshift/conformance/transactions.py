"""Transactions, isolation, locks and the errors a client has to know by their states."""

from __future__ import annotations

from local_redshift.conformance.rows import Scenario, fails, value
from local_redshift.conformance.session import StatementFailed
from local_redshift.conformance.stage import Stage, ended, is_waiting, outcome_of

_BEGIN = "r_BEGIN"
_CONCURRENT = "r_Serializable_isolation_example"
_ISOLATION = "c_serial_isolation"
_LOCK = "r_LOCK"
_NAMES = "r_names"
_ROLLBACK = "r_ROLLBACK"
_SEARCH = "r_search_path"
_SELECT = "r_SELECT_synopsis"

_THINGS = ("create table things (a integer, b varchar(5))", "insert into things values (1, 'x')")


def _rolled_back(stage: Stage) -> object:
    table = stage.table("movie_gross", "name varchar(30), gross bigint")
    session = stage.session()
    session.execute("begin")
    session.execute(f"insert into {table} values ('Raiders of the Lost Ark', 23400000)")
    session.execute(f"insert into {table} values ('Star Wars', 10000000)")
    before = session.value(f"select count(*) from {table}")
    session.execute("rollback")
    return before, session.value(f"select count(*) from {table}")


def _committed(stage: Stage) -> object:
    table = stage.table("kept", "a integer")
    session = stage.session()
    session.execute("begin")
    session.execute(f"insert into {table} values (1)")
    session.execute("end")
    return stage.rows(f"select a from {table}")


def _by_itself(stage: Stage) -> object:
    table = stage.table("by_itself", "a integer")
    stage.session().execute(f"insert into {table} values (1)")
    return stage.value(f"select count(*) from {table}")


def _failed_transaction(stage: Stage) -> object:
    table = stage.table("spoilt", "a integer")
    session = stage.session()
    session.execute("begin")
    session.execute(f"insert into {table} values (1)")
    found = [outcome_of(session, "select nothing from nowhere_at_all")]
    found.append(outcome_of(session, f"select a from {table}"))
    session.execute("rollback")
    return found, session.value(f"select count(*) from {table}")


def _definition_rolled_back(stage: Stage) -> object:
    table = stage.table("standing", "a integer", "1")
    stage.table("passing", "a integer")
    session = stage.session()
    session.execute("drop table passing")
    session.execute("begin")
    session.execute("create table passing (a integer)")
    session.execute(f"alter table {table} add column b integer default 2")
    session.execute("insert into passing values (1)")
    inside = session.rows(f"select a, b from {table}")
    session.execute("rollback")
    return (
        inside,
        outcome_of(session, "select a from passing"),
        session.rows(f"select * from {table}"),
    )


def _dropped_and_rolled_back(stage: Stage) -> object:
    table = stage.table("dropped", "a integer", "1")
    session = stage.session()
    session.execute("begin")
    session.execute(f"drop table {table}")
    gone = outcome_of(session, f"select a from {table}")
    session.execute("rollback")
    return gone, session.rows(f"select a from {table}")


def _truncated(stage: Stage) -> object:
    table = stage.table("emptied", "a integer", "1")
    session = stage.session()
    session.execute("begin")
    session.execute(f"truncate {table}")
    session.execute("rollback")
    return stage.value(f"select count(*) from {table}")


def _time_stands(stage: Stage) -> object:
    table = stage.table("clocks", "seen timestamp")
    session = stage.session()
    session.execute("begin")
    session.execute(f"insert into {table} values (sysdate)")
    session.execute(f"insert into {table} values (sysdate)")
    session.execute("commit")
    return stage.value(f"select count(distinct seen) from {table}")


def _temporary(stage: Stage) -> object:
    stage.table("shadow", "a integer", "1")
    one, other = stage.session(), stage.session()
    one.execute("create temp table shadow (b varchar(5))")
    one.execute("insert into shadow values ('mine')")
    return one.rows("select * from shadow"), other.rows("select * from shadow")


def _own_writes(stage: Stage) -> object:
    table = stage.table("own", "a integer", "1")
    session = stage.session()
    session.execute("begin")
    session.execute(f"update {table} set a = 2")
    inside, outside = session.rows(f"select a from {table}"), stage.rows(f"select a from {table}")
    session.execute("commit")
    return inside, outside, stage.rows(f"select a from {table}")


def _snapshot(stage: Stage) -> object:
    table = stage.table("seen", "a integer", "1")
    reader, writer = stage.session(), stage.session()
    reader.execute("begin")
    found = [reader.value(f"select count(*) from {table}")]
    writer.execute(f"insert into {table} values (2)")
    found.append(reader.value(f"select count(*) from {table}"))
    reader.execute("commit")
    return [*found, reader.value(f"select count(*) from {table}")]


def _snapshot_at_first_use(stage: Stage) -> object:
    table = stage.table("first_use", "a integer")
    reader, writer = stage.session(), stage.session()
    reader.execute("begin")
    writer.execute(f"insert into {table} values (1)")
    count = reader.value(f"select count(*) from {table}")
    reader.execute("rollback")
    return count


def _second_writer_waits(stage: Stage) -> object:
    table = stage.table("queue", "a integer")
    one, other = stage.session(), stage.session()
    one.execute("begin")
    one.execute(f"insert into {table} values (1)")
    second = stage.later(other, f"insert into {table} values (2)")
    waits = is_waiting(second)
    one.execute("commit")
    return waits, ended(second), stage.rows(f"select a from {table} order by a")


def _second_delete_waits(stage: Stage) -> object:
    table = stage.table("listing", "a integer", "1", "2", "3")
    one, other = stage.session(), stage.session()
    one.execute("begin")
    other.execute("begin")
    one.execute(f"delete from {table} where a = 1")
    second = stage.later(other, f"delete from {table} where a = 2")
    waits = is_waiting(second)
    one.execute("commit")
    how = ended(second)
    other.execute("commit")
    return waits, how, stage.rows(f"select a from {table}")


def _lock_waits(stage: Stage) -> object:
    table = stage.table("locked", "a integer")
    one, other = stage.session(), stage.session()
    one.execute("begin")
    one.execute(f"lock {table}")
    second = stage.later(other, f"insert into {table} values (1)")
    waits = is_waiting(second)
    one.execute("rollback")
    return waits, ended(second), stage.value(f"select count(*) from {table}")


def _lock_stops_readers(stage: Stage) -> object:
    table, seen = stage.table("closed", "a integer", "1"), stage.table("seen_then", "a integer")
    one, other = stage.session(), stage.session()
    one.execute("begin")
    one.execute(f"lock {table}")
    second = stage.later(other, f"insert into {seen} select a from {table}")
    waits = is_waiting(second)
    one.execute(f"insert into {table} values (2)")
    one.execute("commit")
    return waits, ended(second), stage.rows(f"select a from {seen} order by a")


def _writer_lets_readers(stage: Stage) -> object:
    table = stage.table("busy", "a integer", "1")
    one = stage.session()
    one.execute("begin")
    one.execute(f"update {table} set a = 2")
    seen = stage.rows(f"select a from {table}")
    one.execute("rollback")
    return seen


def _lock_first(stage: Stage) -> object:
    table = stage.table("ledger", "a integer")
    one, other = stage.session(), stage.session()
    one.execute("begin")
    one.execute(f"lock {table}")
    other.execute("begin")
    second = stage.later(other, f"lock {table}")
    waits = is_waiting(second)
    one.execute(f"insert into {table} values (1)")
    one.execute("commit")
    how = ended(second)
    seen = other.value(f"select count(*) from {table}")
    other.execute("commit")
    return waits, how, seen


def _late_write(stage: Stage) -> object:
    table = stage.table("stale", "a integer", "1")
    one, other = stage.session(), stage.session()
    one.execute("begin")
    one.rows(f"select a from {table}")
    other.execute(f"update {table} set a = a + 10")
    try:
        one.execute(f"update {table} set a = a + 100")
        one.execute("commit")
    except StatementFailed as error:
        one.execute("rollback")
        is_told = "1023" in error.message and "Serializable isolation violation" in error.message
        return error.state, is_told, stage.rows(f"select a from {table}")
    return "done", False, stage.rows(f"select a from {table}")


def _crossed_locks(stage: Stage) -> object:
    left, right = stage.table("left_side", "a integer"), stage.table("right_side", "a integer")
    one, other = stage.session(), stage.session()
    for session, table in ((one, left), (other, right)):
        session.execute("begin")
        session.execute(f"lock {table}")
    waiting = stage.later(one, f"lock {right}")
    crossing = stage.later(other, f"lock {left}")
    if ended(crossing) == "done":
        other.execute("commit")
        return ended(waiting) != "done"
    other.execute("rollback")
    return ended(waiting) == "done"


def _timeout(stage: Stage) -> object:
    table = stage.table("many", "a integer", *(str(n) for n in range(10)))
    session = stage.session()
    for _ in range(7):
        session.execute(f"insert into {table} select a from {table}")
    session.execute("set statement_timeout to 500")
    tables = ", ".join(f"{table} as t{n}" for n in range(6))
    numbers = " + ".join(f"t{n}.a" for n in range(6))
    how = outcome_of(session, f"select count(*) from {tables} where mod({numbers}, 7) = 3")
    session.execute("set statement_timeout to 0")
    return how, session.value(f"select count(*) from {table}")


ROWS = (
    # ---------- one session
    Scenario("ROLLBACK undoes", _rolled_back, (2, 0), _ROLLBACK),
    Scenario("END commits", _committed, [(1,)], "r_END"),
    Scenario("a statement alone commits by itself", _by_itself, 1, _BEGIN),
    Scenario("after an error only ROLLBACK helps", _failed_transaction, (["42P01", "25P02"], 0), _ROLLBACK),
    Scenario("ROLLBACK undoes definitions", _definition_rolled_back, ([(1, 2)], "42P01", [(1,)]), _ISOLATION),
    Scenario("ROLLBACK brings a dropped table back", _dropped_and_rolled_back, ("42P01", [(1,)]), _ISOLATION),
    Scenario("TRUNCATE commits", _truncated, 0, "r_TRUNCATE"),
    Scenario("SYSDATE stands still in a transaction", _time_stands, 1, "r_SYSDATE"),
    Scenario("a statement over its time is canceled", _timeout, ("57014", 1280), "r_statement_timeout"),
    # ---------- several sessions
    Scenario("a temporary table is its session's own", _temporary, ([("mine",)], [(1,)]), "r_CREATE_TABLE_NEW"),
    Scenario("only a transaction itself sees its changes", _own_writes, ([(2,)], [(1,)], [(2,)]), _ISOLATION),
    Scenario("a transaction reads one snapshot", _snapshot, [1, 1, 2], _ISOLATION),
    Scenario("the snapshot is taken with the first use of a table", _snapshot_at_first_use, 1, _ISOLATION),
    Scenario("a second INSERT waits for the first", _second_writer_waits, (True, "done", [(1,), (2,)]),
        _CONCURRENT),
    Scenario("a second DELETE waits for the first", _second_delete_waits, (True, "done", [(3,)]), _CONCURRENT),
    Scenario("writers do not stop readers", _writer_lets_readers, [(1,)], _LOCK),
    Scenario("LOCK makes writers wait", _lock_waits, (True, "done", 1), _LOCK),
    Scenario("LOCK makes readers wait", _lock_stops_readers, (True, "done", [(1,), (2,)]), _LOCK),
    Scenario("who waited for LOCK sees what was committed before", _lock_first, (True, "done", 1), _LOCK),
    Scenario("crossed locks end in an error for one of the two", _crossed_locks, True, _LOCK),
    Scenario("a row changed since the snapshot was taken is not written", _late_write, ("XX000", True, [(11,)]),
        _ISOLATION),
    # ---------- states
    fails("no such table", "select a from nothing_here", "42P01", _SELECT),
    fails("no such schema", "select a from nowhere_at_all.things", "3F000 42P01", _SELECT),
    fails("no such column", "select c from things", "42703", _SELECT, _THINGS),
    fails("no such function", "select no_such_function(1)", "42883", "c_SQL_functions"),
    fails("no such type of argument", "select sum(b) from things", "42883", "r_SUM", _THINGS),
    fails("a column of two tables", "select a from things as p, things as q", "42702", "r_FROM_clause30",
        _THINGS),
    fails("a column that is not grouped", "select a, count(*) from things", "42803", "r_GROUP_BY_clause",
        _THINGS),
    fails("an aggregate in WHERE", "select a from things where count(*) > 1", "42803", "r_HAVING_clause",
        _THINGS),
    fails("bad syntax", "selec 1", "42601", _SELECT),
    fails("a text without an end", "select 'open", "42601", _SELECT),
    fails("a reserved word as a name", "create table refused (user integer)", "42601", "r_pg_keywords"),
    fails("a subquery of several rows as a value", "select (select a from things) from things", "21000 XX000",
        "r_scalar_subqueries", _THINGS + ("insert into things values (2, 'y')",)),
    fails("a setting there is not", "set no_such_setting to 1", "42704", "r_SET"),
    value("no COPY has run", "pg_last_copy_count()", 0, "PG_LAST_COPY_COUNT"),
    value("names without quotes are lower case", 'THINGS."a" from Things', 1, _NAMES, _THINGS),
    value("the schema that is searched",
        "current_schema() = trim(split_part(current_setting('search_path'), ',', 1))", True, _SEARCH),
)  # fmt: skip
