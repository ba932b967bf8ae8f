"""Views: bound ones hold what they read, late-binding ones do not, and neither changes its columns."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from local_redshift.testing import Client


@pytest.fixture
def base(client: Client) -> Client:
    """A table ``base``, ``seen`` bound to it, ``above`` bound to ``seen``, and ``late``."""
    client.run("create table t.base (a integer, b varchar(5), c integer)")
    client.run("create view t.seen as select a, b from t.base")
    client.run("create view t.above as select count(a) as rows_seen from t.seen")
    client.run("create view t.late as select a, b from t.base with no schema binding")
    client.run("insert into t.base values (1, 'x', 1)")
    return client


@pytest.mark.parametrize(
    ("statement", "state", "words"),
    [
        ("drop table t.base", "2BP01", "cannot drop table base because other objects depend on it"),
        ("drop view t.seen", "2BP01", "cannot drop view seen because other objects depend on it"),
        ("alter table t.base drop column b", "2BP01", "other objects depend on it"),
        ("alter table t.base drop column b cascade", "0A000", "use DROP VIEW before"),
        ("alter table t.base rename to other", "0A000", "use DROP VIEW before"),
        ("alter table t.base rename column b to z", "0A000", "use DROP VIEW before"),
        ("alter table t.base alter column b type varchar(9)", "0A000", "DROP VIEW"),
        ("alter table t.seen rename to other", "0A000", "use DROP VIEW and CREATE VIEW"),
        ("drop schema t", "2BP01", "other objects depend on it"),
    ],
)
def test_what_a_bound_view_reads_stays(
    base: Client, statement: str, state: str, words: str
) -> None:
    found = base.error(statement)
    assert (found["C"], words in found["M"]) == (state, True), found
    assert base.rows("select * from t.seen") == [(1, "x")]
    assert base.value("select rows_seen from t.above") == 1


def test_columns_that_no_view_uses_are_free(base: Client) -> None:
    base.run("alter table t.base drop column c")
    base.run("alter table t.base add column d varchar(3) default 'new'")
    base.run("alter table t.base rename column d to e")
    assert base.rows("select * from t.base") == [(1, "x", "new")]
    assert base.rows("select * from t.seen") == [(1, "x")]


def test_cascade_takes_the_bound_views_along_and_leaves_the_late_ones(base: Client) -> None:
    base.run("drop table t.base cascade")
    assert base.error("select * from t.seen")["C"] == "42P01"
    assert base.error("select * from t.above")["C"] == "42P01"
    assert base.error("select * from t.late")["C"] == "42P01"
    base.run("create table t.base (b varchar(2), a bigint, z integer)")
    base.run("insert into t.base values ('y', 2, 3)")
    assert base.rows("select * from t.late") == [(2, "y")]
    base.run("create view t.seen as select a from t.base")
    base.run("drop view t.seen")
    base.run("drop table t.base")


def test_a_rolled_back_view_holds_nothing(connect: Callable[..., Client], client: Client) -> None:
    client.run("create table t.base (a integer)")
    other = connect()
    other.run("create view t.gone as select a from t.base")
    other.connection.rollback()
    client.run("drop table t.base")
    client.run("create table t.base (a integer)")
    client.run("create view t.seen as select a from t.base")
    other.run("drop view t.seen")
    other.run("drop table t.base")
    other.connection.rollback()
    assert client.error("drop table t.base")["C"] == "2BP01"


def test_dropping_a_schema_drops_what_is_bound_to_it_elsewhere(client: Client) -> None:
    client.run("drop schema if exists u cascade")
    client.run("create schema u")
    client.run("create table u.base (a integer)")
    client.run("create view t.seen as select a from u.base")
    assert client.error("drop table u.base")["C"] == "2BP01"
    client.run("drop schema u cascade")
    assert client.error("select * from t.seen")["C"] == "42P01"
    assert client.error("drop schema u")["C"] == "3F000"


def test_a_star_is_what_it_was_when_the_view_was_made(client: Client) -> None:
    client.run("create table t.base (a integer, b integer)")
    client.run("create view t.bound as select * from t.base")
    client.run("create view t.late as select * from t.base with no schema binding")
    client.run("alter table t.base add column c integer")
    client.run("insert into t.base values (1, 2, 3)")
    assert client.rows("select * from t.bound") == [(1, 2)]
    assert client.rows("select * from t.late") == [(1, 2, 3)]
    assert client.error("alter table t.base drop column b")["C"] == "2BP01"


def test_a_view_is_replaced_only_by_the_same_columns(client: Client) -> None:
    client.run("create table t.base (a integer, b varchar(5), c varchar(6), d bigint)")
    client.run("create view t.seen as select a, b from t.base")
    client.run("comment on view t.seen is 'stays'")
    client.run("create view t.above as select b from t.seen")
    client.run("create or replace view t.seen as select a + 0 as a, b from t.base where a > 0")
    client.run("insert into t.base values (0, 'no', '', 0), (1, 'yes', '', 0)")
    assert client.rows("select b from t.above") == [("yes",)]
    for query, words in (
        ("select a, b, c from t.base", "number of columns"),
        ("select a from t.base", "number of columns"),
        ("select a, b as z from t.base", 'name of view column "b"'),
        ("select d as a, b from t.base", 'data type of view column "a"'),
        ("select a, c as b from t.base", 'data type of view column "b"'),
    ):
        found = client.error(f"create or replace view t.seen as {query}")
        assert (found["C"], words in found["M"]) == ("42P16", True), found
    assert (
        client.error(
            "create or replace view t.seen as select a, b from t.base with no schema binding"
        )["C"]
        == "0A000"
    )
    assert client.error("create view t.seen as select a, b from t.base")["C"] == "42P07"
    assert client.error("create or replace view t.base as select 1 as a")["C"] == "42809"
    assert client.error("create or replace view t.seen as select 1 as a, b from t.above")["C"] == (
        "42P17"
    )
    assert client.value("select remarks from svv_tables where table_name = 'seen'") == "stays"


def test_a_late_binding_view_may_change_its_columns(client: Client) -> None:
    client.run("create table t.base (a integer)")
    client.run("create view t.late as select a from t.base with no schema binding")
    client.run(
        "create or replace view t.late as select a, 1 as b from t.base with no schema binding"
    )
    client.run("alter table t.base rename column a to z")
    assert client.error("select * from t.late")["C"] == "42703"
    found = client.error("create view t.early as select a from t.nowhere with no schema binding")
    assert (found["C"], "use CREATE TABLE before" in found["M"]) == ("0A000", True)


def test_a_view_does_not_read_temporary_tables_or_bound_values(client: Client) -> None:
    client.run("create temp table scratch (a integer)")
    assert client.error("create view t.seen as select a from scratch")["C"] == "0A000"
    found = client.error("create view t.seen as select 1 as a where 1 = %s", (1,))
    assert (found["C"], "only SELECT, INSERT, UPDATE and DELETE" in found["M"]) == ("0A000", True)
    assert client.error("create view t.seen (a, b) as select 1 as x")["C"] == "42601"
    assert client.error("create view t.seen (a, a) as select 1 as x, 2 as y")["C"] == "42701"
