"""What is refused is refused in words that say what to write instead; what is assigned is checked by its type."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from local_redshift.dialect import translate
from local_redshift.errors import PgError
from local_redshift.nodes import REFUSED_ARGUMENTS, REFUSED_NODES
from local_redshift.testing import Client
from sqlglot import exp

INSTEAD = [
    ("select a from t.x qualify row_number() over (order by a) = 1", "ROW_NUMBER"),
    ("select count(*) filter (where a > 1) as n from t.x", "CASE"),
    ("select x.a from t.x, lateral (select 1) as l", "join a sub-select"),
    ("select distinct on (a) a from t.x", "ROW_NUMBER"),
    ("select b similar to 'x' as v from t.x", "LIKE"),
    ("select b ~* 'x' as v from t.x", "LOWER"),
    ("select a is distinct from 1 as v from t.x", "<>"),
    ("select a = any (select 1) as v from t.x", "EXISTS"),
    ("select b.c[0] as v from t.x", "JSON_EXTRACT_PATH_TEXT"),
    ("select try_cast('1' as integer) as v", "CASE"),
    ("select string_agg(b, ',') as v from t.x", "LISTAGG"),
    ("select isnull(a, 1) as v from t.x", "COALESCE"),
    ("select now() as v", "GETDATE"),
    ("select current_timestamp as v", "GETDATE"),
    ("select datediff(week, d, d) as v from t.x", "DATE_TRUNC"),
    ("select to_char(d, 'Mon') as v from t.x", "YYYY"),
    ("select cast(b as char(3)) as v from t.x", "VARCHAR"),
    ("select a from t.x group by rollup (a)", "UNION ALL"),
    ("select a from t.x group by all", "name the columns"),
    ("select sum(a) over w as s from t.x window w as (order by a)", "after OVER"),
    ("select a from t.x as x natural join t.x as y", "USING"),
    ("with recursive r as (select 1 as a) select a from r", "each level"),
    ("with w as (select 1 as a) insert into t.x select a from w", "INSERT INTO ... WITH"),
    ("insert into t.x values (1) returning a", "SELECT"),
    ("insert into t.x values (1) on conflict do nothing", "MERGE"),
    ("delete from t.x as y where y.a = 1", "own name"),
    ("merge into t.x using t.y on x.a = y.a remove duplicates", "WHEN MATCHED"),
    ("select a from t.x where b = 'x '", "blanks"),
    ("select a from t.x order by all", "name the columns"),
    ("select a from t.x union all by name select a from t.x", "order"),
    ("select cast(1 as decimal(10,2)) / 2 as v", "FLOAT8"),
]


@pytest.mark.parametrize(("statement", "instead"), INSTEAD)
def test_a_refusal_says_what_to_write_instead(statement: str, instead: str) -> None:
    with pytest.raises(PgError) as caught:
        translate(statement)
    assert "local Redshift" in caught.value.message
    assert instead in caught.value.message


def test_every_known_refusal_has_advice() -> None:
    for refusal in [*REFUSED_NODES.values(), *REFUSED_ARGUMENTS.values()]:
        assert refusal.what
        assert refusal.instead


@pytest.fixture
def row(client: Client) -> Client:
    client.run(
        "create table t.r (a integer, b varchar(20), f float8, d date, ts timestamp, ok boolean, n decimal(9,2))"
    )
    client.run(
        "insert into t.r values (2, 'x', 2.5, '2026-01-31', '2026-01-31 10:20:30', true, 1.25)"
    )
    client.run("create table t.empty (a integer, b varchar(20))")
    return client


@pytest.mark.parametrize(
    ("column", "value"),
    [("a", "b"), ("a", "ok"), ("a", "d"), ("b", "f"), ("b", "ok"), ("d", "b"), ("d", "a"), ("ok", "a"), ("ok", "b")],
)  # fmt: skip
def test_a_column_takes_no_value_of_another_kind(row: Client, column: str, value: str) -> None:
    """DuckDB casts whatever it can, and '3.7' into an INTEGER is 4 there."""
    assert row.error(f"insert into t.r ({column}) select {value} from t.r")["C"] == "42804"
    assert row.error(f"update t.r set {column} = {value}")["C"] == "42804"
    assert row.error(
        f"update t.r set {column} = o.{value} from t.r as o where o.a = r.a"
    )["C"] == "42804"  # fmt: skip
    assert row.value("select count(*) from t.r") == 1


def test_a_column_takes_what_redshift_converts_in_an_assignment(row: Client) -> None:
    row.run("insert into t.r (a, b, d, ts, n) select n, a, ts, d, a from t.r")
    assert row.rows("select a, b, d, ts, n from t.r where b = '2'") == [
        (1, "2", dt.date(2026, 1, 31), dt.datetime(2026, 1, 31), 2)
    ]
    row.run("update t.r set b = 'y', d = '2026-02-01', f = null, a = default where b = 'x'")
    assert row.rows("select a, d, f from t.r where b = 'y'") == [(None, dt.date(2026, 2, 1), None)]


def test_text_with_a_fraction_goes_into_no_whole_number(row: Client) -> None:
    assert row.error("insert into t.r (a) values ('3.7')")["C"] == "22P02"
    assert (
        row.error("insert into t.r values ('3.7', 'x', 1, null, null, null, null)")["C"] == "22P02"
    )
    assert row.error("update t.r set a = '3.7'")["C"] == "22P02"
    row.run("insert into t.r (b, n) values ('3.7', '3.7')")
    assert row.value("select count(*) from t.r where b = '3.7' and n = 3.7") == 1


def test_types_are_checked_where_there_is_no_row_too(row: Client) -> None:
    assert row.error("select a from t.empty where a = b")["C"] == "42883"
    assert row.error("select upper(a) as v from t.empty")["C"] in ("42883", "0A000")
    assert row.error("insert into t.empty (a) select b from t.empty")["C"] == "42804"


def test_a_guard_stands_wherever_an_expression_does(row: Client) -> None:
    assert row.rows(
        "select upper(b) as u, row_number() over (partition by upper(b) order by left(b, a), lower(b)) as n "
        "from t.r where left(b, a) = 'x' group by b, a, upper(b) having max(upper(b)) = 'X' order by upper(b)"
    ) == [("X", 1)]
    assert row.rows(
        "select r.b from t.r as r join t.r as s on upper(s.b) = upper(r.b) and s.a = r.a "
        "left join t.empty as e on e.a = r.a"
    ) == [("x",)]


@pytest.mark.parametrize(
    ("query", "state"),
    [
        ("select a + 1 as n, count(*) as c from t.r group by 1 having n = 3", "42703"),
        ("select a + 1 as n from t.r order by n + 1", "42703"),
        ("select distinct b from t.r order by a", "42P10"),
        ("select a from t.r order by 5", "42P10"),
        ("with w as (select a from v), v as (select 1 as a) select a from v", "42P01"),
        (
            "select a from t.r where not exists (select 1 as x from t.r as m where not exists "
            "(select 1 as x from t.r as k where k.a = r.a))",
            "0A000",
        ),
        ("select a from t.r where a in (select sum(i.a) over () from t.r as i where i.b = r.b)", "0A000"),
        (
            "select r.a from t.r left join t.r as o on o.a = (select max(i.a) from t.r as i where i.b = o.b)",
            "0A000",
        ),
        ("select (select count(*) from t.r as i where i.a = r.a) as n from t.r group by n", "0A000"),
        ("select (select i.a from t.r as i where i.b = r.b limit 1) as n from t.r", "0A000"),
    ],
)  # fmt: skip
def test_names_and_sub_selects_are_seen_where_redshift_sees_them(
    row: Client, query: str, state: str
) -> None:
    assert row.error(query)["C"] == state


def test_an_alias_is_seen_in_where_and_a_column_goes_before_it(row: Client) -> None:
    assert row.rows("select a + 1 as k from t.r where k = 3") == [(3,)]
    assert row.rows("select a as f from t.r where f = 2.5") == [(2,)]
    assert row.rows("select a as n, (select max(i.a) from t.r as i where i.b = r.b) as m from t.r order by n") == [
        (2, 2)
    ]  # fmt: skip


def test_bound_text_takes_the_type_of_its_place(row: Client) -> None:
    query = "select a from t.r where d >= %s and a = %s and upper(%s) = 'X' and left(b, %s) = %s and ts < %s"
    assert row.rows(query, ("2026-01-01", "2", "x", 1, "x", "2027-01-01")) == [(2,)]
    assert row.rows(query, ("2026-01-01", "2", None, 1, "x", "2027-01-01")) == []


_NEW = "when not matched then insert (a) values (e.a)"


@pytest.mark.parametrize(
    ("statement", "state"),
    [
        ("select count(distinct (a, b)) from t.r", "0A000"),
        ("select a from t.r group by (a, b)", "0A000"),
        ("select (1, 2) < (1, 3) as v", "0A000"),
        ("select a from t.r order by (a, b)", "0A000"),
        ("select a from t.r where (a, b) in (1, 2)", "42601"),
        ("select r::varchar(99) as v from t.r", "42703"),
        ("select count(r) from t.r", "42703"),
        ("select a from t.r as x where x is null", "42703"),
        ("delete from t.r where r is null", "42703"),
        ("select count(x) from t.r as x, t.empty as e", "0A000"),
        ("select x.a from t.r as x where exists (select 1 as v from t.empty as e where e.b = x)", "0A000"),
        ("merge into t.r using t.empty as e on r.a = e.a when matched then update set b = e " + _NEW, "0A000"),
        ("merge into t.r using t.empty as e on r.a = e.a or r.b = e.b when matched then delete " + _NEW, "0A000"),
        ("merge into t.r using t.empty as e on r.a = 1 when matched then delete " + _NEW, "0A000"),
        (f"merge into t.r using t.empty as e on r.a = e.a {_NEW} when matched then delete", "42601"),
        ("select listagg(b) within group (order by a), listagg(a) within group (order by b) from t.r", "0A000"),
        ("select median(a) as p, percentile_cont(0.5) within group (order by f) as q from t.r", "0A000"),
        ("select count(distinct a) as p, listagg(b) within group (order by b) as q from t.r", "0A000"),
        ("select count(*) from t.r group by (select max(i.a) from t.r as i where i.b = r.b)", "0A000"),
        ("select 1 == 1 as v", "42883"),
        ("select a from (select 1 as a, 2 as a) as x", "42702"),
        ("select x.a from (select 1 as a, 2 as a) as x", "42702"),
        ("select 1e400 as v", "22003"),
        ("insert into t.r (f) values (1e400)", "22003"),
        ("select approximate count(distinct a) from t.r", "0A000"),
    ],
)  # fmt: skip
def test_what_duckdb_reads_as_something_else_is_refused(
    row: Client, statement: str, state: str
) -> None:
    error = row.error(statement)
    assert error["C"] == state, error


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("select a from t.r where (a, b) in ((1, 'y'), (2, 'x'))", [(2,)]),
        ("select a from t.r where (a, b) in (select a, b from t.r)", [(2,)]),
        ("select a from t.r as a where a = 2 order by a", [(2,)]),
        ("select count(*) as r from t.r group by b order by r", [(1,)]),
        ("select max(a) as a from t.r as a", [(2,)]),
        ("select dateadd(day, 1, d) as v from t.r as day", [(dt.datetime(2026, 2, 1),)]),
        ("with n as (select count(*) as n from t.r) select n + 1 as v from n", [(2,)]),
        ("select listagg(b) within group (order by f) as p, median(f) as q from t.r", [("x", 2.5)]),
        ("select * from (select 1 as a, 2 as b) as x limit all", [(1, 2)]),
        ("select 1e300 as v, count(*) as e from t.r limit all offset 1", []),
    ],
)
def test_what_looks_alike_and_means_the_same_runs(row: Client, query: str, rows: object) -> None:
    assert row.rows(query) == rows


def test_from_is_left_out_of_a_delete(row: Client) -> None:
    row.run("insert into t.r (a) values (77), (78)")
    assert row.run("delete t.r where a = 77") == 1
    assert row.run("with w as (select 78 as a) delete t.r where a in (select a from w)") == 1
    assert row.value("select count(*) from t.r") == 1


@pytest.mark.parametrize(
    ("statement", "instead"),
    [
        ("select x.a from t.x as x, t.y as y where x.a = y.a(+)", "LEFT JOIN"),
        ("insert into t.x default values", "VALUES (DEFAULT"),
        (
            "with w as (select 1 as a) merge into t.x using w on x.a = w.a "
            "when matched then delete when not matched then insert values (w.a)",
            "staging table",
        ),
        ("select d + interval '1.5 days' as v from t.x", "smaller unit"),
        ("select top 10 percent a from t.x", "ROW_NUMBER"),
        ("select cast('10:00' as time) as v", "TIMESTAMP"),
        ("select time '10:00' as v", "TIMESTAMP"),
        ("select a::timestamp(3) as v from t.x", "leave it out"),
        ("select cast(a as tinyint) as v from t.x", "SMALLINT"),
        ("select cast(b as geometry) as v from t.x", "VARCHAR(n)"),
        ("select b collate \"C\" as v from t.x", "Redshift guide"),
        ("select a from pg_catalog.nothing", "pg_class"),
        ("select approximate count(distinct a) from t.x", "leave APPROXIMATE out"),
    ],
)  # fmt: skip
def test_no_refusal_names_a_file_or_a_class_of_the_parser(statement: str, instead: str) -> None:
    with pytest.raises(PgError) as caught:
        translate(statement)
    message = caught.value.message
    assert instead in message
    assert ".py" not in message
    classes = {name for name in vars(exp) if name[:1].isupper() and name.lower() != name.upper()}
    camel = {name for name in classes if sum(c.isupper() for c in name) > 1 and not name.isupper()}
    assert not camel & set(re.findall(r"\w+", message))
    assert not re.search(r"\b[A-Z_]+ of [A-Z][a-z]+\b", message)
