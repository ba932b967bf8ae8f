"""EXPLAIN: a check of the statement as if it ran, with DuckDB's plan, and nothing touched (guide: r_EXPLAIN)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from local_redshift.testing import Client


@pytest.fixture
def tables(client: Client) -> Client:
    client.run("create table t.x (a integer, name varchar(10))")
    client.run("create table t.y (id bigint identity(1, 1), a integer)")
    client.run("create view t.v as select a from t.x")
    client.run("insert into t.x values (1, 'one'), (2, 'two')")
    return client


EXPLAINED = {
    "query": "select a, count(*) as n from t.x where a > 1 group by a",
    "with": "with m as (select max(a) as a from t.x) select a from m",
    "parentheses": "(select a from t.x) union all (select a from t.v)",
    "insert": "insert into t.x select a + 1, name from t.x",
    "values": "insert into t.x values (3, 'three')",
    "update": "update t.x set a = a + 1 where name = 'one'",
    "delete": "delete from t.x using t.v where t.x.a = v.a",
    "create table as": "create table t.z as select a, name from t.x",
    "create temp table as": "create temp table z as select a, name from t.x",
}


@pytest.mark.parametrize("statement", EXPLAINED.values(), ids=EXPLAINED)
def test_explain_gives_a_marked_plan_and_touches_nothing(tables: Client, statement: str) -> None:
    for verbose in ("", "verbose "):
        found = tables.rows(f"explain {verbose}{statement}")
        assert tables.names() == ["QUERY PLAN"]
        assert found[0] == ("local stand-in: this is DuckDB's plan, not Redshift's",)
        assert len(found) > 2
    assert tables.rows("select a, name from t.x order by a") == [(1, "one"), (2, "two")]
    assert tables.value("select count(*) as n from svv_tables where table_name = 'z'") == 0
    assert tables.error("select a from z")["C"] == "42P01"


REFUSED = {
    "no table": ("select a from t.nothing", "42P01"),
    "no column": ("select b from t.x", "42703"),
    "no function": ("select frobnicate(a) as b from t.x", "42883"),
    "avg of integers": ("select avg(a) as b from t.x", "0A000"),
    "sum of integers": ("select sum(a) as b from t.y", "0A000"),
    "update of a view": ("update t.v set a = 1", "42809"),
    "too many values": ("insert into t.x values (1, 'x', 2)", "42601"),
    "identity": ("insert into t.y (id, a) values (1, 2)", "0A000"),
    "table exists": ("create table t.x as select 1 as a", "42P07"),
    "type of a column": ("create table t.z as select sum(a) as s from t.x", "0A000"),
    "no schema": ("create table nowhere.z as select a from t.x", "3F000"),
}


@pytest.mark.parametrize(("statement", "expected"), REFUSED.values(), ids=REFUSED)
def test_explain_refuses_what_a_run_refuses(tables: Client, statement: str, expected: str) -> None:
    found = tables.error(f"explain {statement}")
    assert found["C"] == expected
    run = tables.error(statement)
    assert (run["C"], run["M"]) == (found["C"], found["M"])


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("explain", "42601"),
        ("explain analyze select 1 as a", "42601"),
        ("explain explain select 1 as a", "42601"),
        ("explain create table t.z (a integer)", "42601"),
        ("explain create view t.w as select a from t.x", "42601"),
        ("explain drop table t.x", "42601"),
        ("explain truncate t.x", "42601"),
        (
            "explain merge into t.x using t.y on t.x.a = t.y.a "
            "when matched then delete when not matched then insert values (1, 'x')",
            "0A000",
        ),
    ],
)
def test_what_redshift_does_not_explain_is_refused(
    tables: Client, statement: str, expected: str
) -> None:
    assert tables.error(statement)["C"] == expected
    assert tables.value("select count(*) from t.x") == 2


def test_explain_takes_no_bound_values(tables: Client) -> None:
    assert tables.error("explain select a from t.x where a = %s", (1,))["C"] == "0A000"


def test_explain_waits_for_nobody(tables: Client, connect: Callable[..., Client]) -> None:
    holder = connect()
    holder.run("lock t.x")
    tables.run("set statement_timeout to 5000")
    tables.run("explain update t.x set a = 1")
    inside = connect()
    assert inside.error("explain create table t.z as select a from t.x")["C"] == "0A000"
    inside.run("explain select a from t.x")
    holder.run("update t.x set a = 5")
    holder.connection.commit()
    assert inside.value("select min(a) as a from t.x") == 5
