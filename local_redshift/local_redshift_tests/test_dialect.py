"""The translation alone: no server, no database."""

from __future__ import annotations

import re

import duckdb
import pytest
from local_redshift.dialect import translate
from local_redshift.errors import PgError, from_duckdb
from local_redshift.locks import Locks, Mode
from local_redshift.reader import Name, split

from local_redshift import wire


def sql(statement: str, *oids: int) -> str:
    (text,) = translate(statement, oids).sql
    return text


@pytest.mark.parametrize(
    ("redshift", "duck"),
    [
        ("select A, \"B\" from T.X", 'SELECT "a", "b" FROM "t"."x"'),
        ("select a from t order by a desc", 'SELECT "a" FROM "t" ORDER BY "a" DESC NULLS FIRST'),
        ("select a / b from t", 'SELECT _redshift.divided("a", "b") FROM "t"'),
        ("select concat(md5('x'), 'b') from t", "SELECT (md5('x') || 'b') FROM \"t\""),
        ("select regexp_replace('z', 'x', 'y') from t", "SELECT regexp_replace('z', 'x', 'y', 'g') FROM \"t\""),
        ("select md5('z') like 'x\\\\_%' from t", "SELECT md5('z') like 'x\\_%' escape '\\' FROM \"t\""),
        ("select md5('z') like 'x%' from t", "SELECT md5('z') like 'x%' FROM \"t\""),
        ("select upper(a) from t", "SELECT upper(_redshift.kind_t(\"a\", 'upper')) FROM \"t\""),
        ("select a from t where b = c", 'SELECT "a" FROM "t" WHERE "b" = _redshift.beside("c", "b")'),
        ("select a from t where b = '1'", "SELECT \"a\" FROM \"t\" WHERE \"b\" = '1'"),
        ("select a::varchar(3) from t", 'SELECT _redshift.cut(_redshift.as_text("a"), 3) FROM "t"'),
        ("select decimal '1'", "SELECT cast('1' as DECIMAL(18,0))"),
        ("select ts - interval '72 hours' from t", "SELECT \"ts\" - interval '72 hours' FROM \"t\""),
        ("select max(distinct a) from t", "SELECT max(distinct _redshift.kind_o(\"a\", 'max')) FROM \"t\""),
        ("select top 3 a from t", 'SELECT "a" FROM "t" LIMIT 3'),
    ],
)  # fmt: skip
def test_what_means_the_same_in_duckdb(redshift: str, duck: str) -> None:
    assert sql(redshift) == duck


def test_bound_values_have_the_type_the_client_says() -> None:
    assert sql("select $1, $2, $3", wire.INT2, wire.UNKNOWN, wire.TIMESTAMP) == (
        "SELECT cast($1 as SMALLINT), $2, cast($3 as TIMESTAMP)"
    )


def test_an_insert_of_values_is_the_same_by_either_way() -> None:
    by_hand = sql("insert into t.x (a, b) values ($1, -1), (default, 'it''s')", wire.INT4)
    by_tree = sql("insert into t.x (a, b) values ($1, -1), (default, 'it''s' || '')", wire.INT4)
    # Numbers are guarded: DuckDB would turn them into whatever the column is.
    guarded = re.sub(
        r"_redshift\.assigned_as\((\S+), 'HUGEINT', \(select \S+ from \S+\)\)", r"<\1>", by_hand
    )
    assert guarded == (
        'insert into "t"."x" ("a", "b") values ( <$1> , - <1> ) , ( default , \'it\'\'s\' )'
    )
    assert by_tree.startswith(
        'INSERT INTO "t"."x" ("a", "b") VALUES (_redshift.assigned(cast($1 as INTEGER), (select "a" from "t"."x"))'
    )


def test_writing_statements_say_what_they_lock() -> None:
    assert translate("insert into a.b select 1").locks == (Name("a", "b"),)
    assert translate("delete from b using c where b.x = c.x").locks == (Name("", "b"),)
    assert translate("lock table a.b, c").locks == (Name("a", "b"), Name("", "c"))
    assert translate("create temp table x (a int)").locks == ()
    assert translate("select * from a.b").locks == ()


def test_a_name_that_is_reserved_on_redshift_needs_quotes() -> None:
    for statement in (
        "select tag from t",
        "select a as tag from t",
        "create table t (tag int)",
        "select * from t as old",
    ):
        with pytest.raises(PgError) as caught:
            translate(statement)
        assert caught.value.state == "42601"
    assert sql('select "tag" from t') == 'SELECT "tag" FROM "t"'


def test_a_script_is_cut_at_its_semicolons_only() -> None:
    script = (
        "select ';', \"a;b\" /* ; */ -- ;\n; ; insert into x values ('it''s; \\'; ') ;\n-- the end;"
    )
    assert split(script) == ["select ';', \"a;b\"", "insert into x values ('it''s; \\'; ')"]


@pytest.mark.parametrize(
    ("statement", "state"),
    [
        ("select nothing from t", "42703"),
        ("select * from nothing", "42P01"),
        ("select * from nowhere.x", "3F000"),
        ("select x.a from t", "42P01"),
        ("select a from t as p, t as q", "42702"),
        ("select 1 from t as p, t as p where p.a = 1", "42712"),
        ("select a, count(*) from t", "42803"),
        ("select nothing(1)", "42883"),
        ("select upper(1, 2)", "42883"),
        ("select a + s from t", "42883"),
        ("selec 1", "42601"),
        ("create table t (a int)", "42P07"),
        ("create schema main", "42P06"),
        ("drop view t", "42809"),
        ("alter table t add column a int", "42701"),
        ("insert into t values (1)", "42601"),
        ("insert into t (nothing) values (1)", "42703"),
        ("insert into t values (null, 'x')", "23502"),
        ("insert into t values (1, 'xxxx')", "22001"),
        ("select 1 // 0", "22012"),
        ("select 2147483647 + 1::int", "22003"),
        ("select cast(300 as tinyint)", "22003"),
        ("select cast('x' as int)", "22P02"),
        ("select cast('2026-13-01' as date)", "22008"),
        ("select cast('x' as timestamp)", "22007"),
        ("select strptime('x', '%Y')", "22007"),
        ("select (select unnest([1, 2]))", "21000"),
        ("select json_extract('x', '$.a')", "22P02"),
        ("select timezone('Nowhere', timestamp '2026-01-01')", "22023"),
        ("select a from t union all select 1, 2", "42601"),
        ("select 1 where count(*) = 1", "42803"),
        ("select (select a, s from t)", "42601"),
    ],
)
def test_duckdbs_errors_get_the_sqlstates_of_redshift(statement: str, state: str) -> None:
    """DuckDB has no SQLSTATEs: its words, in the pinned version, are the interface."""
    connection = duckdb.connect()
    connection.execute("set python_enable_replacements = false")
    connection.execute("create table t (a int not null, s varchar check (strlen(s) <= 3))")
    with pytest.raises(duckdb.Error) as caught:
        connection.execute(statement).fetchall()
    found = from_duckdb(caught.value)
    assert found.state == state, caught.value
    assert found.message
    assert "\n" not in found.message


def test_a_lock_is_kept_by_its_owner_until_released() -> None:
    locks = Locks()
    locks.acquire("a", ["x", "y"], Mode.ALONE, lambda: None)
    locks.acquire("a", ["y"], Mode.ALONE, lambda: None)
    stop = PgError("57014", "stopped")
    with pytest.raises(PgError, match="stopped"):
        locks.acquire("b", ["y"], Mode.ALONE, lambda: stop)
    locks.release("a")
    locks.acquire("b", ["y", "x"], Mode.ALONE, lambda: stop)
