"""Queries and DML as a whole: order, aggregates, windows, joins, and statements that are refused."""

from __future__ import annotations

import pytest
from local_redshift.testing import Client

WHEN = "when matched then delete when not matched then insert values (1)"


def test_null_is_the_largest_value(client: Client) -> None:
    client.run("create table t.n (a integer)")
    client.run("insert into t.n values (1), (null), (2)")
    assert client.rows("select a from t.n order by a") == [(1,), (2,), (None,)]
    assert client.rows("select a from t.n order by a desc") == [(None,), (2,), (1,)]
    assert client.rows("select a from t.n order by a desc nulls last") == [(2,), (1,), (None,)]
    assert client.rows("select a, rank() over (order by a desc) as r from t.n order by r") == [
        (None, 1), (2, 2), (1, 3),
    ]  # fmt: skip


def test_aggregates_and_windows(client: Client) -> None:
    client.run("create table t.w (g varchar(1), v integer, f float8, ok boolean)")
    client.run(
        "insert into t.w values ('a',1,1,true), ('a',2,2,false), ('b',3,3,true), ('b',null,null,null)"
    )
    assert client.rows(
        "select g, count(*), count(v), cast(sum(v) as bigint), min(v), max(v), bool_or(ok), "
        "bool_and(ok), avg(f), listagg(v::varchar, ',') within group (order by v desc) from t.w group by g order by g"
    ) == [
        ("a", 2, 2, 3, 1, 2, True, False, 1.5, "2,1"),
        ("b", 2, 1, 3, 3, 3, True, True, 3.0, "3"),
    ]
    assert client.rows("select g, count(distinct v) from t.w group by g order by g") == [
        ("a", 2),
        ("b", 1),
    ]
    assert client.rows(
        "select median(f), percentile_cont(0.25) within group (order by f) from t.w"
    ) == [(2.0, 1.5)]
    assert client.rows(
        "select v, lag(v) over (order by v), lead(v, 1) over (order by v), "
        "sum(f) over (order by v rows unbounded preceding), "
        "first_value(v ignore nulls) over (order by v desc rows between unbounded preceding and unbounded following), "
        "count(*) over (partition by g) from t.w where g = 'a' order by v"
    ) == [(1, None, 2, 1.0, 2, 2), (2, 1, None, 3.0, 2, 2)]


def test_queries_combine_as_redshift_combines_them(client: Client) -> None:
    client.run("create table t.q (a integer, b integer)")
    client.run("insert into t.q values (1, 10), (2, 20), (3, 30)")
    assert client.rows(
        """with big as (select a, b from t.q where b > 10), one (x) as (select 1)
        select big.a, q.b, one.x from big left join t.q as q on q.a = big.a cross join one
        where exists (select 1 from t.q as e where e.a = big.a) and big.a in (select a from t.q)
        group by 1, 2, 3 having count(*) = 1 order by 1 limit 1 offset 1"""
    ) == [(3, 30, 1)]
    assert sorted(client.rows("select a from t.q minus select 1 union all select 9")) == [
        (2,),
        (3,),
        (9,),
    ]
    assert client.rows("select top 1 a from t.q order by a desc") == [(3,)]
    assert client.rows("select a, a * 2 as twice, twice + 1 as more from t.q where a = 1") == [
        (1, 2, 3)
    ]
    assert client.rows("select a from t.q where (a, b) in (select a, b from t.q where a < 2)") == [
        (1,)
    ]


@pytest.mark.parametrize(
    ("statement", "state"),
    [
        ("truncate t.x", "0A000"),
        ("grant select on t.x to public", "0A000"),
        ("unload ('select 1') to 's3://x/y'", "0A000"),
        ("call p()", "0A000"),
        ("values (1)", "42601"),
        ("from t.x", "42601"),
        ("attach 'x.db'", "42601"),
        ("install httpfs", "42601"),
        ("pragma database_list", "42601"),
        ("copy t.x to '/tmp/x'", "0A000"),
        ("select * from read_csv('/etc/passwd')", "0A000"),
        ("select * from 'file.parquet'", "42P01"),
        ("select * from range(5)", "0A000"),
        ("select a from t.x qualify row_number() over (order by a) = 1", "0A000"),
        ("select distinct on (a) a from t.x", "0A000"),
        ("select * exclude (a) from t.x", "0A000"),
        ("select a from t.x group by all", "0A000"),
        ("select a from t.x for update", "0A000"),
        ("select a from t.x natural join t.x as y", "0A000"),
        ("select a from t.x tablesample (10)", "0A000"),
        ("select x.a from t.x, lateral (select 1) as l", "0A000"),
        ("with recursive r as (select 1) select * from r", "0A000"),
        ("insert into t.x values (1) returning a", "0A000"),
        ("insert into t.x values (1) on conflict do nothing", "0A000"),
        ("insert into t.x by name select 1 as a", "0A000"),
        ("delete from t.x as y where y.a = 1", "0A000"),
        ("update t.x set t.x.a = 1", "42601"),
        (f"merge into t.x as z using t.y on z.a = y.a {WHEN}", "0A000"),
        (f"merge into t.x using (select 1 as a) as s on x.a = s.a {WHEN}", "0A000"),
        ("merge into t.x using t.y on x.a = y.a when matched then update set a = 1", "42601"),
        ("merge into t.x using t.y on x.a = y.a when matched and y.a = 1 then delete", "0A000"),
        ("merge into t.x using t.y on x.a = y.a remove duplicates", "0A000"),
        (f"merge into t.x using t.seen on x.a = seen.a {WHEN}", "42809"),
        ("select * from (select 1 as a)", "42601"),
        ("select 1; select 2", "42601"),
        ("select 'open", "42601"),
        ("selec 1", "42601"),
        ("select", "42601"),
        ("select * from stl_query", "0A000"),
        ("select * from main.x", "0A000"),
        ("select * from elsewhere.t.x", "0A000"),
        ("select * from t.nothing", "42P01"),
        ("select * from nowhere.x", "3F000"),
        ("select a, count(*) from t.x", "42803"),
        ("select a from t.x as p, t.x as q", "42702"),
        ("insert into t.x (nothing) values (1)", "42703"),
        ("insert into t.x values (1, 2)", "42601"),
        ("set nothing to 1", "42704"),
        ("set timezone to 'Europe/Berlin'", "0A000"),
        ("set search_path to nowhere", "3F000"),
        ("show nothing", "42704"),
    ],
)  # fmt: skip
def test_statements_redshift_does_otherwise_are_refused(
    client: Client, statement: str, state: str
) -> None:
    client.run("create table t.x (a integer)")
    client.run("create table t.y (a integer)")
    client.run("create view t.seen as select a from t.y")
    found = client.error(statement)
    assert found["C"] == state, found
    assert found["M"]
    assert client.value("select count(*) from t.x") == 0


def test_merge_updates_what_matches_and_inserts_the_rest(client: Client) -> None:
    client.run("create table t.target (id integer, v varchar(5))")
    client.run("create temp table source (id integer, v varchar(5))")
    client.run("insert into t.target values (1, 'old'), (2, 'old')")
    client.run("insert into source values (2, 'new'), (3, 'new'), (3, 'twice')")
    client.run(
        "merge into t.target using source as s on t.target.id = s.id "
        "when matched then update set v = s.v when not matched then insert (id, v) values (s.id, s.v)"
    )
    assert client.rows("select id, v from t.target order by id, v") == [
        (1, "old"), (2, "new"), (3, "new"), (3, "twice"),
    ]  # fmt: skip
    client.run("insert into source values (2, 'again')")
    found = client.error(
        "merge into t.target using source on t.target.id = source.id "
        "when matched then delete when not matched then insert values (source.id, source.v)"
    )
    assert "Found multiple matches to update the same tuple" in found["M"]


def test_dml_reads_other_tables(client: Client) -> None:
    client.run("create table t.a (id integer, v integer)")
    client.run("create table t.b (id integer, v integer)")
    client.run("insert into t.a values (1, 1), (2, 2)")
    client.run("insert into t.b (with big as (select 2 as id) select id, 20 from big)")
    client.run("update t.a set v = b.v from t.b where b.id = a.id")
    assert client.rows("select id, v from t.a order by id") == [(1, 1), (2, 20)]
    client.run("delete from t.a using t.b where a.id = b.id")
    assert client.rows("select id from t.a") == [(1,)]
    client.run("delete from t.a where id in (select id from t.a)")
    assert client.value("select count(*) from t.a") == 0
