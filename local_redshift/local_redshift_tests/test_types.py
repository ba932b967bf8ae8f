"""Values survive the way into a table and back, through the driver's default binary protocol and its text one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from local_redshift.testing import Client

UTC = dt.UTC

VALUES = [
    ("smallint", -32768),
    ("smallint", 32767),
    ("integer", -(2**31)),
    ("integer", 2**31 - 1),
    ("bigint", -(2**63) + 1),
    ("bigint", 2**63 - 1),
    ("boolean", True),
    ("boolean", False),
    ("varchar(10)", ""),
    ("varchar(12)", "it's é 😀"),
    ("varchar(max)", "x" * 65535),
    ("date", dt.date(1970, 1, 1)),
    ("date", dt.date(9999, 12, 31)),
    ("timestamp", dt.datetime(2026, 3, 29, 2, 30, 0, 123456)),
    ("timestamp", dt.datetime(1970, 1, 1)),
    ("timestamp", dt.datetime(1999, 12, 31, 23, 59, 59, 999999)),
    ("timestamptz", dt.datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=UTC)),
    ("double precision", 0.1),
    ("double precision", -1.7976931348623157e308),
    ("decimal(18,2)", Decimal("-9999999999999999.99")),
    ("decimal(19,0)", Decimal("9999999999999999999")),
    ("decimal(38,0)", Decimal("99999999999999999999999999999999999999")),
    ("decimal(38,6)", Decimal("-12345678901234567890123456789012.654321")),
    ("decimal(38,37)", Decimal("1.2345678901234567890123456789012345678")),
    ("decimal", Decimal("123456789012345678")),
]


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_every_value_comes_back_as_it_went(
    connect: Callable[..., Client], client: Client, protocol: int
) -> None:
    reader = connect(autocommit=True, client_protocol_version=protocol)
    for number, (kind, value) in enumerate(VALUES):
        client.run(f"create table t.v{number} (v {kind})")
        client.run(f"insert into t.v{number} values (%s)", (value,))
        back = reader.value(f"select v from t.v{number}")
        assert back == value, kind
        assert type(back) is type(value), kind


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in VALUES}))
def test_null_is_null_in_every_type(client: Client, kind: str) -> None:
    client.run(f"create table t.n (v {kind}, w integer)")
    client.run("insert into t.n values (%s, %s)", (None, 1))
    client.run("insert into t.n (w) values (2)")
    assert client.rows("select v from t.n order by w") == [(None,), (None,)]
    assert client.value(f"select cast(null as {kind}) as v") is None


def test_an_empty_result_has_its_columns(client: Client) -> None:
    client.run("create table t.e (a bigint, b varchar(3))")
    assert client.rows("select a, b from t.e where a = %s", (1,)) == []
    assert client.names() == ["a", "b"]


@pytest.mark.parametrize("value", [1, 40000, 2**40, 1.5, True, "text", dt.date(2026, 1, 2), None])
def test_a_bound_value_can_be_selected(client: Client, value: Any) -> None:
    assert client.value("select %s as v", (value,)) == value


def test_a_bound_decimal_needs_a_cast_to_be_selected_and_none_to_be_stored(client: Client) -> None:
    assert client.error("select %s as v", (Decimal("1.50"),))["C"] == "22003"
    assert client.value("select cast(%s as decimal(10,2)) as v", (Decimal("1.50"),)) == Decimal(
        "1.50"
    )


def test_a_text_value_takes_the_type_of_its_place(client: Client) -> None:
    client.run("create table t.p (d date, n decimal(10,2), i smallint)")
    client.run("insert into t.p values (%s, %s, %s)", ("2026-01-02", "1.25", "7"))
    assert client.rows("select d, n, i from t.p where d >= %s and i = %s", ("2026-01-01", "7")) == [
        (dt.date(2026, 1, 2), Decimal("1.25"), 7)
    ]


def test_ten_thousand_bound_values_go_in_one_statement(client: Client) -> None:
    client.run("create table t.many (a integer, b varchar(20), c timestamp)")
    rows = [(i, f"row {i}", dt.datetime(2026, 1, 1) if i % 2 else None) for i in range(10922)]
    marks = ",".join(["(%s, %s, %s)"] * len(rows))
    client.run(f"insert into t.many (a, b, c) values {marks}", [v for row in rows for v in row])
    assert client.rows("select a, b, c from t.many order by a") == rows


def test_a_large_result_arrives_whole(client: Client) -> None:
    client.run("create table t.digit (d integer)")
    client.run("insert into t.digit values (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
    rows = client.rows(
        "select a.d + 10 * b.d + 100 * c.d + 1000 * e.d as n, 'x' as x "
        "from t.digit a cross join t.digit b cross join t.digit c cross join t.digit e"
    )
    assert sorted(n for n, _ in rows) == list(range(10000))


def test_row_counts_are_those_of_redshift(client: Client) -> None:
    client.run("create table t.c (a integer)")
    assert client.run("insert into t.c values (1), (2), (3)") == 3
    assert client.run("update t.c set a = a + 1 where a > 1") == 2
    assert client.run("delete from t.c where a = 99") == 0
    assert client.run("delete from t.c") == 3
    assert client.run("select 1 as a") == -1


def test_executemany_runs_each_set_of_values(client: Client) -> None:
    client.run("create table t.m (a integer)")
    client.cursor.executemany("insert into t.m values (%s)", [(i,) for i in range(50)])
    assert client.value("select count(*) from t.m") == 50
