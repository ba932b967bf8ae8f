"""A statement runs without its guards on types once it has run with them, and never for other types than these."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from local_redshift.testing import Client

COMPARED = "select a from {0} where a = 5"
AVERAGED = "select avg(cast(a as float8)) as x, cast(sum(a) as bigint) as y from {0} where a > 1"
INSERTED = "insert into target select a from {0}"
STORED = "create temp table stored as select a, case when a = 5 then 1 else 2 end as b from {0}"
DROP = "drop table if exists stored"


def run(client: Client, *statements: str) -> None:
    for statement in statements:
        client.run(statement)


@pytest.fixture
def things(client: Client) -> Client:
    run(client, "create table target (a integer)", "create table things (a integer)")
    return client


@pytest.mark.parametrize("statement", [COMPARED, INSERTED, STORED])
def test_a_table_that_is_made_again_with_another_type_is_judged_again(
    things: Client, statement: str
) -> None:
    for _ in range(3):
        run(things, DROP, statement.format("things"))
    run(things, DROP, "drop table things", "create table things (a varchar(5))")
    assert things.error(statement.format("things"))["C"] in ("42883", "42804", "22P02")


@pytest.mark.parametrize("statement", [COMPARED, INSERTED, STORED])
def test_so_is_a_temporary_table(things: Client, statement: str) -> None:
    run(things, "create temp table passing (a integer)")
    for _ in range(3):
        run(things, DROP, statement.format("passing"))
    run(things, DROP, "drop table passing", "create temp table passing (a varchar(5))")
    assert things.error(statement.format("passing"))["C"] in ("42883", "42804", "22P02")


def test_a_temporary_table_that_hides_a_permanent_one_is_judged_for_itself(things: Client) -> None:
    for _ in range(3):
        run(things, COMPARED.format("things"))
    run(things, "create temp table things (a varchar(5))")
    assert things.error(COMPARED.format("things"))["C"] == "42883"


def test_a_definition_that_is_rolled_back_leaves_no_judgement(things: Client) -> None:
    run(things, "drop table things", "create table things (a varchar(5))", "begin")
    run(things, "drop table things", "create table things (a integer)")
    for _ in range(3):
        run(things, COMPARED.format("things"))
    run(things, "rollback")
    assert things.error(COMPARED.format("things"))["C"] == "42883"


def test_what_another_client_defines_is_judged_again(
    things: Client, connect: Callable[..., Client]
) -> None:
    for _ in range(3):
        run(things, COMPARED.format("things"))
    other = connect(autocommit=True)
    run(other, "drop table t.things", "create table t.things (a varchar(5))")
    assert things.error(COMPARED.format("things"))["C"] == "42883"


def test_another_search_path_is_judged_for_itself(things: Client) -> None:
    run(things, "create schema other", "create table other.things (a varchar(5))")
    try:
        for _ in range(3):
            run(things, COMPARED.format("things"))
        run(things, "set search_path to other")
        assert things.error(COMPARED.format("things"))["C"] == "42883"
    finally:
        run(things, "drop schema other cascade")


@pytest.mark.parametrize("statement", [COMPARED, AVERAGED])
def test_rows_are_the_same_with_and_without_guards(things: Client, statement: str) -> None:
    run(things, "insert into things values (5), (6)")
    first = things.rows(statement.format("things"))
    assert [things.rows(statement.format("things")) for _ in range(3)] == [first] * 3


def test_a_guard_on_values_stays(things: Client) -> None:
    run(things, "create table texts (s varchar(20))", "insert into texts values ('1')")
    query = "select cast(s as integer) as n from texts"
    assert things.rows(query) == things.rows(query) == [(1,)]
    run(things, "insert into texts values ('1.5')")
    assert things.error(query)["C"] == "22P02"


def test_a_bound_view_is_judged_when_it_is_made(things: Client) -> None:
    run(things, "create table texts (s varchar(20))")
    said = things.error("create view compared as select s from texts where s = 5")
    assert said["C"] == "42883"
