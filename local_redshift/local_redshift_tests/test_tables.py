"""CREATE, ALTER and DROP: what Redshift enforces is enforced, what it only records is accepted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from local_redshift.testing import Client


def test_physical_design_is_accepted_and_changes_nothing(client: Client) -> None:
    client.run(
        """create table if not exists t.fact (
            id bigint not null encode az64,
            name varchar(20) default 'none' encode zstd,
            day date encode raw,
            amount numeric(12, 2) encode az64,
            constraint pk primary key (id),
            unique (name),
            foreign key (id) references t.fact (id)
        )
        backup no diststyle key distkey (id) compound sortkey (day, id)"""
    )
    client.run("create table if not exists t.fact (other integer)")
    client.run("create table t.all_of_it (a integer distkey sortkey, b integer) diststyle key")
    client.run("insert into t.fact (id, day) values (1, '2026-01-01'), (1, '2026-01-01')")
    assert client.rows("select id, name from t.fact") == [(1, "none"), (1, "none")]


@pytest.mark.parametrize(
    ("definition", "state"),
    [
        ("(a integer) diststyle banana", "42601"),
        ("(a integer encode banana)", "42601"),
        ("(a varchar(3) encode az64)", "42804"),
        ("(a integer) distkey (b)", "42703"),
        ("(a integer) sortkey (b)", "42703"),
        ("(a integer, b integer) diststyle all distkey (a)", "42601"),
        ("(a integer) diststyle key", "42601"),
        ("(a integer) sortkey (a) sortkey (a)", "42601"),
        ("(a integer, a integer)", "42701"),
        ("(a json)", "0A000"),
        ("(a char(3))", "0A000"),
        ("(a super)", "0A000"),
        ("(a integer[])", "42601"),
        ("(a uuid)", "0A000"),
        ("(a timestamp(3))", "0A000"),
        ("(a varchar(65536))", "22023"),
        ("(a varchar(0))", "22023"),
        ("(a decimal(39, 0))", "22023"),
        ("(a integer check (a > 1))", "42601"),
        ("(check (true))", "0A000"),
        ("(a integer default (select 1))", "42601"),
        ("(a integer default b)", "42601"),
        ("(a varchar(3) identity(1, 1))", "42804"),
        ("(tag integer)", "42601"),
        ("(a integer) engine innodb", "42601"),
        ("()", "42601"),
        ("(a integer encode auto)", "42601"),
        ("(a integer) interleaved sortkey (a, a, a, a, a, a, a, a, a)", "54011"),
        (f"(a integer) sortkey ({', '.join(['a'] * 401)})", "54011"),
        (f"({', '.join(f'c{i} integer' for i in range(1601))})", "54011"),
        (f"({'x' * 128} integer)", "0A000"),
        ("(a integer, primary key (b))", "42703"),
        ("(a integer primary key, b integer, primary key (b))", "42P16"),
        ("(a integer references t.nowhere)", "42P01"),
        ("(a integer unique, b integer references t.wrong (b))", "42830"),
        ("(a integer collate case_insensitive)", "0A000"),
        ("(a integer identity(1, 1), b integer identity(1, 1))", "42601"),
        ("(a integer identity(1, 1) default 5)", "42601"),
        ("(a integer default 'x')", "22P02"),
        ("(a integer default 1 default 2)", "42601"),
    ],
)
def test_a_definition_redshift_would_not_take_is_refused(
    client: Client, definition: str, state: str
) -> None:
    found = client.error(f"create table t.wrong {definition}")
    assert found["C"] == state, found
    assert client.error("select * from t.wrong")["C"] == "42P01"


def test_a_varchar_holds_its_bytes_and_no_more(client: Client) -> None:
    client.run("create table t.v (a varchar(4), b varchar, c text)")
    client.run("insert into t.v values ('éé', %s, %s)", ("x" * 256, "y" * 256))
    for column, value in (("a", "éé!"), ("b", "x" * 257), ("c", "é" * 129)):
        found = client.error(f"insert into t.v ({column}) values (%s)", (value,))
        assert found["C"] == "22001"
        assert "value too long for type character varying" in found["M"]
    assert client.error("update t.v set a = a || '!'")["C"] == "22001"
    assert client.error("insert into t.v (a) select 'long text' from t.v")["C"] == "22001"


def test_not_null_is_enforced(client: Client) -> None:
    client.run("create table t.n (a integer not null, b integer primary key)")
    assert client.error("insert into t.n values (null, 1)") == {
        "S": "ERROR", "C": "23502", "M": "Cannot insert a NULL value into column a",
    }  # fmt: skip
    assert client.error("insert into t.n (a) values (1)")["C"] == "23502"


def test_identity_counts_and_a_new_table_of_the_name_begins_again(client: Client) -> None:
    for _ in range(2):
        client.run("create table t.i (id bigint identity(10, 5), v integer)")
        client.run("insert into t.i (v) values (1)")
        client.run("insert into t.i (v) values (2)")
        assert client.rows("select id, v from t.i order by v") == [(10, 1), (15, 2)]
        client.run("drop table t.i")


def test_defaults_tell_the_time_of_the_insert(client: Client) -> None:
    client.run(
        "create table t.d (a integer, at timestamp default sysdate, on_second timestamp default getdate())"
    )
    client.run("insert into t.d (a) values (1)")
    client.run("insert into t.d values (2, default, default)")
    assert (
        client.value(
            "select count(*) from t.d where datediff(second, at, getdate()) between 0 and 60"
        )
        == 2
    )


def test_a_temporary_table_is_its_sessions_own(
    client: Client, connect: Callable[..., Client]
) -> None:
    other = connect(autocommit=True)
    client.run("create temp table scratch (a integer, b varchar(2))")
    client.run("insert into scratch values (1, 'x')")
    assert other.error("select * from scratch")["C"] == "42P01"
    other.run("create temp table scratch as select 'other' as a")
    assert client.rows("select a, b from scratch") == [(1, "x")]
    assert other.rows("select a from scratch") == [("other",)]
    client.run("create table t.scratch (c integer)")
    assert client.rows("select * from scratch") == [(1, "x")]
    client.run("drop table scratch")
    assert client.rows("select * from scratch") == []
    assert client.names() == ["c"]


def test_a_rolled_back_temporary_table_is_gone(connect: Callable[..., Client]) -> None:
    client = connect()
    client.run("create temp table gone (a integer)")
    client.connection.rollback()
    assert client.error("select * from gone")["C"] == "42P01"
    client.run("create temp table gone (a integer)")
    client.run("insert into gone values (1)")
    client.connection.commit()
    assert client.value("select count(*) from gone") == 1


def test_like_copies_types_limits_and_not_null(client: Client) -> None:
    client.run(
        "create table t.source (a integer not null default 7, b varchar(2), c decimal(38, 6))"
    )
    client.run("create temp table copied (like t.source)")
    client.run("create table t.with_defaults (like t.source including defaults)")
    assert client.error("insert into copied values (1, 'abc', 1)")["C"] == "22001"
    assert client.error("insert into copied (b) values ('x')")["C"] == "23502"
    client.run("insert into t.with_defaults (b) values ('x')")
    assert client.rows("select a, b from t.with_defaults") == [(7, "x")]
    client.run("insert into copied select * from t.with_defaults")
    assert client.value("select count(*) from copied") == 1


def test_a_table_can_be_made_of_a_query(client: Client) -> None:
    client.run("create table t.a as select 1 as x, 'y'::varchar(3) as y")
    client.run(
        "create temp table b distkey (x) sortkey (x) as with q as (select x from t.a where x = 1) select x from q"
    )
    client.run("create table t.c (p, q) as select x, count(*) from t.a group by x")
    assert client.rows("select p, q from t.c") == [(1, 1)]
    assert client.rows("select x from b") == [(1,)]
    assert client.error("create table t.d as select sum(x) as s from t.a")["C"] == "0A000"
    assert client.error("create table t.d as select x + 1 from t.a")["C"] == "42601"
    assert client.error("create table t.a as select 1 as x")["C"] == "42P07"


def test_views_follow_their_tables(client: Client) -> None:
    client.run("create table t.base (a integer)")
    client.run("create view t.seen as select a, count(*) from base group by a")
    client.run("create or replace view t.late as select a from t.base with no schema binding")
    client.run("insert into t.base values (1), (1)")
    client.run("set search_path to public")
    assert client.rows("select a, count from t.seen") == [(1, 2)]
    assert client.rows("select * from t.late") == [(1,), (1,)]
    assert (
        client.error("create view t.wrong as select a from base with no schema binding")["C"]
        == "42601"
    )
    assert client.error("drop table t.seen")["C"] == "42809"
    client.run("drop view t.seen, t.late")


def test_a_column_can_be_added_with_its_limit_and_default(client: Client) -> None:
    client.run("create table t.x (a integer not null, b varchar(2) default 'b')")
    client.run("insert into t.x (a) values (1)")
    client.run("alter table t.x add column c varchar(3) default 'new' encode zstd")
    client.run("alter table t.x add column d bigint")
    client.run("alter table t.x add e integer not null default 5")
    client.run("insert into t.x (a) values (2)")
    assert client.rows("select a, b, c, d, e from t.x order by a") == [
        (1, "b", "new", None, 5),
        (2, "b", "new", None, 5),
    ]
    assert client.error("insert into t.x (a, c) values (3, 'long')")["C"] == "22001"
    assert client.error("insert into t.x (a, b) values (3, 'long')")["C"] == "22001"
    assert client.error("alter table t.x add column c varchar(3)")["C"] == "42701"
    assert client.error("alter table t.x add column f integer not null")["C"] == "42601"


def test_tables_and_columns_can_be_renamed_and_dropped(client: Client) -> None:
    client.run("create table t.old_name (a integer, b integer)")
    client.run("alter table t.old_name rename to new_name")
    client.run("alter table t.new_name rename column a to z")
    client.run("alter table t.new_name drop column b")
    client.run("insert into t.new_name (z) values (1)")
    assert client.rows("select * from t.new_name") == [(1,)]
    assert client.names() == ["z"]
    client.run("drop table if exists t.old_name, nowhere.at_all")
    client.run("drop table t.new_name cascade")
    assert client.error("drop table t.new_name")["C"] == "42P01"
    assert client.error("alter table t.new_name owner to me")["C"] == "0A000"


def test_the_catalog_tells_what_was_declared(client: Client) -> None:
    client.run(
        "create table t.declared (i smallint not null, j integer, k bigint, b boolean, v varchar(7), w varchar(max), "
        "d date, ts timestamp, tz timestamptz, f float8, n decimal(38, 6))"
    )
    client.run("comment on table t.declared is 'it''s here'")
    client.run("comment on column t.declared.v is 'seven bytes'")
    columns = client.rows(
        "select column_name, ordinal_position, data_type, character_maximum_length, numeric_precision, numeric_scale, "
        "is_nullable from information_schema.columns where table_schema = 't' and table_name = %s "
        "order by ordinal_position",
        ("declared",),
    )
    assert [(c[0], c[2]) for c in columns] == [
        ("i", "smallint"), ("j", "integer"), ("k", "bigint"), ("b", "boolean"),
        ("v", "character varying"), ("w", "character varying"), ("d", "date"),
        ("ts", "timestamp without time zone"), ("tz", "timestamp with time zone"),
        ("f", "double precision"), ("n", "numeric"),
    ]  # fmt: skip
    assert [c[1] for c in columns] == list(range(1, 12))
    lengths = {c[0]: c[3] for c in columns}
    assert (lengths["v"], lengths["w"], lengths["d"]) == (7, 65535, None)
    assert {c[0]: c[4:6] for c in columns}["n"] == (38, 6)
    assert [c[6] for c in columns] == ["NO"] + ["YES"] * 10
    assert client.rows(
        "select table_name, table_type from information_schema.tables where table_schema = 't'"
    ) == [("declared", "BASE TABLE")]
    assert (
        client.value("select remarks from svv_tables where table_name = 'declared'") == "it's here"
    )
    assert (
        client.value(
            "select remarks from svv_columns where column_name = 'v' and table_schema = 't'"
        )
        == "seven bytes"
    )
    assert client.rows(
        "select schema_name from information_schema.schemata where schema_name in ('t', '_redshift', 'main')"
    ) == [("t",)]
