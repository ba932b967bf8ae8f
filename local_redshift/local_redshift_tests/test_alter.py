"""ALTER TABLE, keys that only inform, and IDENTITY columns that take no values."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from local_redshift.testing import Client


@pytest.mark.parametrize(
    ("statement", "state"),
    [
        ("drop column a", "0A000"),
        ("drop column s", "0A000"),
        ("drop column p", "2BP01"),
        ("drop column u", "2BP01"),
        ("drop column nothing", "42703"),
        ("alter column v type varchar(3)", "22001"),
        ("alter column nothing type varchar(30)", "42703"),
        ("alter column a type varchar(30)", "0A000"),
        ("alter column v type bigint", "0A000"),
        ("alter column u type varchar(30)", "0A000"),
        ("alter column e type varchar(30)", "0A000"),
        ("alter column d type varchar(30)", "0A000"),
        ("alter column v encode zstd", "0A000"),
        ("add column v integer", "42701"),
        ("add column w integer unique", "42601"),
        ("add column w integer identity(1, 1)", "42601"),
        ("add column w integer not null default null", "42601"),
        ("add primary key (p)", "42P16"),
        ("add constraint k foreign key (a) references t.nowhere", "42P01"),
        ("add constraint k foreign key (a) references t.keyed (v)", "42830"),
        ("rename column v to a", "42701"),
        ("rename to other", "42P07"),
        ("add column w integer, add column x integer", "0A000"),
        ("alter sortkey (v)", "0A000"),
        ("owner to me", "0A000"),
        ("append from t.other", "0A000"),
    ],
)
def test_what_redshift_would_not_alter_stays(client: Client, statement: str, state: str) -> None:
    client.run(
        "create table t.keyed (a integer distkey, s integer sortkey, p integer primary key, u varchar(9) unique, "
        "v varchar(9), e varchar(9) encode text255, d varchar(9) default 'd')"
    )
    client.run("create table t.other (a integer)")
    client.run("insert into t.keyed values (1, 1, 1, 'u', 'value', 'e', 'd')")
    found = client.error(f"alter table t.keyed {statement}")
    assert found["C"] == state, found
    assert client.rows("select * from t.keyed") == [(1, 1, 1, "u", "value", "e", "d")]


def test_a_varchar_can_be_widened_outside_a_transaction(
    client: Client, connect: Callable[..., Client]
) -> None:
    client.run("create table t.x (a integer not null, b varchar(2), c varchar(3) default 'c')")
    client.run("comment on column t.x.b is 'short'")
    client.run("insert into t.x (a, b) values (1, 'bb')")
    assert client.error("insert into t.x (a, b) values (1, 'bbb')")["C"] == "22001"
    client.run("alter table t.x alter column b type varchar(5)")
    client.run("insert into t.x (a, b) values (2, 'bbbbb')")
    assert client.error("insert into t.x (a, b) values (1, 'bbbbbb')")["C"] == "22001"
    assert client.error("insert into t.x (b) values ('b')")["C"] == "23502"
    assert client.rows("select a, b, c from t.x order by a") == [(1, "bb", "c"), (2, "bbbbb", "c")]
    assert (
        client.value("select remarks from svv_columns where table_name = 'x' and column_name = 'b'")
        == "short"
    )
    inside = connect()
    assert inside.error("alter table t.x alter column b type varchar(9)")["C"] == "25001"


def test_keys_inform_and_are_not_enforced(client: Client) -> None:
    client.run("create table t.one (a integer, b integer, primary key (a, b), unique (b))")
    client.run("insert into t.one values (1, 1), (1, 1)")
    client.run("create table t.many (b integer references t.one (b), c integer)")
    client.run("insert into t.many values (5, 5)")
    client.run("alter table t.many add constraint twice foreign key (b, c) references t.one (a, b)")
    assert client.value("select count(*) from t.one") == 2
    assert client.error("insert into t.one values (null, 1)")["C"] == "23502"
    found = client.error("drop table t.one")
    assert (found["C"], "foreign key of table t.many" in found["D"]) == ("2BP01", True)
    client.run("drop table t.one cascade")
    client.run("drop table t.many")


def test_an_identity_column_takes_no_values(client: Client) -> None:
    client.run("create table t.i (id bigint identity(10, 5), v varchar(3))")
    client.run("insert into t.i (v) values ('a')")
    client.run("insert into t.i (v) select 'b'")
    for write in (
        "insert into t.i (id, v) values (1, 'c')",
        "insert into t.i (id, v) select 1, 'c'",
        "insert into t.i values (1, 'c')",
        "insert into t.i select 1, 'c'",
        "update t.i set id = 1",
    ):
        found = client.error(write)
        assert found["C"] == "0A000", write
        assert "identity" in found["M"].lower()
    client.run("update t.i set v = 'z' where v = 'b'")
    client.run("alter table t.i add column w varchar(2) default 'w'")
    client.run("insert into t.i (v) values ('d')")
    assert client.rows("select id, v, w from t.i order by id") == [
        (10, "a", "w"),
        (15, "z", "w"),
        (20, "d", "w"),
    ]


def test_an_identity_by_default_takes_values_and_counts_on(client: Client) -> None:
    client.run("create table t.i (id bigint generated by default as identity(1, 1), v varchar(3))")
    client.run("insert into t.i values (7, 'a')")
    client.run("insert into t.i (id, v) values (default, 'b')")
    client.run("insert into t.i (v) values ('c')")
    client.run("update t.i set id = 7 where v = 'c'")
    assert client.rows("select id, v from t.i order by v") == [(7, "a"), (1, "b"), (7, "c")]
    assert client.error("insert into t.i values (null, 'd')")["C"] == "23502"


def test_a_renamed_table_keeps_its_identity_and_frees_its_name(client: Client) -> None:
    client.run("create table t.i (id bigint identity(1, 1), v integer)")
    client.run("insert into t.i (v) values (1)")
    client.run("alter table t.i rename to was_i")
    client.run("create table t.i (id bigint identity(100, 1), v integer)")
    client.run("insert into t.i (v) values (1)")
    client.run("insert into t.was_i (v) values (2)")
    assert client.rows("select id, v from t.was_i order by id") == [(1, 1), (2, 2)]
    assert client.rows("select id, v from t.i") == [(100, 1)]
    assert client.error("insert into t.was_i (id, v) values (1, 1)")["C"] == "0A000"
    client.run("drop table t.was_i, t.i")


def test_another_client_learns_that_a_table_has_got_an_identity(
    client: Client, connect: Callable[..., Client]
) -> None:
    other = connect(autocommit=True)
    client.run("create table t.i (id bigint, v integer)")
    other.run("insert into t.i (id, v) values (1, 1)")
    client.run("drop table t.i")
    client.run("create table t.i (id bigint identity(1, 1), v integer)")
    assert other.error("insert into t.i (id, v) values (1, 1)")["C"] == "0A000"


def test_like_copies_no_identity(client: Client) -> None:
    client.run("create table t.i (id bigint identity(1, 1), v integer default 3)")
    client.run("create table t.copied (like t.i including defaults)")
    client.run("insert into t.copied (id) values (9)")
    assert client.rows("select id, v from t.copied") == [(9, 3)]
    assert client.error("create table t.more (like t.nowhere)")["C"] == "42P01"


def test_temporary_tables_are_not_altered(client: Client) -> None:
    client.run("create temp table scratch (a integer)")
    found = client.error("alter table scratch add column b integer")
    assert (found["C"], "CREATE TEMP TABLE" in found["M"]) == ("0A000", True)
