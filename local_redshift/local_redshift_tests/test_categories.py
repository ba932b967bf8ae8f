"""Types of different categories do not convert into each other in silence: the stand-in says which cast to write."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from local_redshift.testing import Client


@pytest.fixture
def row(client: Client) -> Client:
    client.run(
        "create table t.r (a integer, b varchar(40), f float8, d date, ts timestamp, ok boolean, n decimal(9,2), "
        "tz timestamptz)"
    )
    client.run(
        "insert into t.r values (2, 'x', 2.5, '2026-01-31', '2026-01-31 10:20:30', true, 1.25, "
        "'2026-01-31 10:20:30+00')"
    )
    client.run("create table t.empty (a integer, b varchar(20))")
    return client


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("select 7 as x union all select '10'", None),
        ("select a from t.r union all select '10'", None),
        ("select a from t.r union select b from t.r", None),
        ("select a from t.empty except select b from t.empty", None),
        ("select d from t.r intersect select '2026-01-31'", None),
        ("select ok from t.r union select a from t.r", None),
        ("select null as x union all select a from t.r union all select b from t.r", None),
        ("(select b from t.r order by a limit 1) union all select a from t.r", None),
        ("select a, b from t.r union all select * from (select b, a from t.r) as s", None),
        ("with w as (select a, b from t.r) select a from w union all select b from w", None),
        ("select a from t.r union all select %s", ("10",)),
    ],
)
def test_a_set_operation_of_different_categories_is_refused(
    row: Client, query: str, values: Any
) -> None:
    found = row.error(query, values)
    assert found["C"] == "42804"
    assert "cast both sides" in found["M"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "select a from t.r union all select null union all select n from t.r order by a",
            [(Decimal("1.25"),), (Decimal(2),), (None,)],
        ),
        ("select * from t.empty union all select a, b from t.r", [(2, "x")]),
        ("select b from t.r union all select 'y' order by b desc limit 1", [("y",)]),
        (
            "select d from t.r union select ts from t.r order by d",
            [(dt.datetime(2026, 1, 31),), (dt.datetime(2026, 1, 31, 10, 20, 30),)],
        ),
        (
            "with w as (select a from t.r) select a from w union all select a + 1 from w order by a",
            [(2,), (3,)],
        ),
        ("select r.a from t.r where exists (select 1 from t.empty union all select r.a)", [(2,)]),
    ],
)
def test_a_set_operation_within_a_category_runs(
    row: Client, query: str, expected: list[tuple[Any, ...]]
) -> None:
    assert row.rows(query) == expected


@pytest.mark.parametrize(
    ("column", "expression", "value", "state"),
    [
        ("b", "true", None, "42804"),
        ("a", "true", None, "42804"),
        ("b", "1e20::float8", None, "42804"),
        ("b", "1e20", None, "42804"),
        ("a", "current_date", None, "42804"),
        ("a", "%s", (True,), "42804"),
        ("b", "%s", (True,), "42804"),
        ("b", "%s", (1.5,), "42804"),
        ("d", "%s", (3,), "42804"),
        ("a", "2.5e0", None, "42804"),
        ("a", "%s", (2.5,), "42804"),
        ("ts", "'2026-01-31 10:20:30.1234567'", None, "0A000"),
        ("tz", "'2026-01-31 10:20:30.1234567'", None, "0A000"),
        ("ts", "'2026-01-31 10:20:30+02'", None, "0A000"),
    ],
)  # fmt: skip
def test_values_are_assigned_as_a_query_and_an_update_assign_them(
    row: Client, column: str, expression: str, value: Any, state: str
) -> None:
    assert row.error(f"insert into t.r ({column}) values ({expression})", value)["C"] == state
    assert row.error(f"insert into t.r ({column}) values (null), ({expression})", value)["C"] == state  # fmt: skip
    assert row.value("select count(*) from t.r") == 1


def test_values_of_the_right_family_go_in(row: Client) -> None:
    row.run(
        "insert into t.r (a, b, f, d, ts, ok, n, tz) values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (3, "y", 4, "2026-01-01", "2026-01-01 10:00:00", False, 5, "2026-01-01 10:00:00+00"),
    )
    row.run("insert into t.r (a, b, d) values (-1, 2, null), (default, '10:00:00.1234567', null)")
    assert row.rows("select a, b, f, n from t.r where a = 3") == [(3, "y", 4.0, Decimal(5))]
    assert row.value("select b from t.r where a = -1") == "2"
    assert row.value("select count(*) from t.r where b = '10:00:00.1234567'") == 1


@pytest.mark.parametrize(
    "written", ["insert into t.r (a) select f from t.r", "update t.r set a = f"]
)
def test_a_float_is_not_rounded_into_a_whole_number(row: Client, written: str) -> None:
    assert row.error(written)["C"] == "42804"


@pytest.mark.parametrize(
    "expression",
    [
        "coalesce(ok, 1)", "coalesce(ok, a)", "coalesce(b, 1)", "nvl(a, b)", "nvl2(a, ok, 1)",
        "case when ok then ok else 0 end", "case when a = 2 then a when a = 3 then ok end",
        "decode(a, 2, ok, 1)", "greatest(a, b)", "greatest(d, b)",
    ],
)  # fmt: skip
def test_values_of_which_one_is_the_result_are_of_one_category(
    row: Client, expression: str
) -> None:
    assert row.error(f"select {expression} as v from t.r")["C"] in ("42804", "42883")


@pytest.mark.parametrize(
    ("condition", "state"),
    [
        ("ts > '2026-01-31 10:20:30.12345678'", "0A000"),
        ("ts > '2026-01-31 10:20:30+02'", "0A000"),
        ("b = cast('a ' as varchar(5))", "0A000"),
        ("nullif('a', 'a ') is null", "0A000"),
        ("cast(1 as real) = 1", "0A000"),
    ],
)
def test_a_comparison_that_would_differ_is_refused(row: Client, condition: str, state: str) -> None:
    found = row.error(f"select a from t.r where {condition}")
    assert found["C"] == state
    assert "RS:" not in found["M"]


def test_no_word_of_the_engine_is_in_the_message(row: Client) -> None:
    assert "LITERAL" not in row.error("select 1 + '1' as v")["M"]
    row.run("insert into t.r (a) values (null)")
    assert "INT32" not in row.error("select coalesce(a, 'x') as v from t.r")["M"]
    assert "FLOAT8" in row.error("create table t.x (v real)")["M"]
