"""Values on their way to Redshift and back: nothing is rounded, cut, moved in time or taken for something else."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, localcontext
from typing import Any

import pytest
from redshift_connector.utils.type_utils import date_in

from sms_warehouse.resources.redshift import Redshift, Session, StatementFailed
from sms_warehouse_tests.driver.conftest import Point
from sms_warehouse_tests.driver.relay import Relay

LONGEST = Decimal("-12345678901234567890123456789012.654321")
TEXT = "ä€🙂'\"\\%s :x\n\t"

VALUES = [
    ("decimal(38,6)", LONGEST),
    ("decimal(38,0)", Decimal(10**38 - 1)),
    ("decimal(38,0)", Decimal(1 - 10**38)),
    ("decimal(38,37)", Decimal("1." + "0" * 36 + "1")),
    ("decimal(19,4)", Decimal("0.0001")),
    ("decimal(18,18)", Decimal("0.000000000000000001")),
    ("decimal(12,2)", Decimal("-0.01")),
    ("bigint", 2**63 - 1),
    ("bigint", -(2**63)),
    ("bigint", 2**63 - 2),
    ("integer", 2**31 - 1),
    ("integer", -(2**31)),
    ("smallint", 2**15 - 1),
    ("smallint", -(2**15)),
    ("boolean", True),
    ("boolean", False),
    ("double precision", 0.1),
    ("double precision", 1.7976931348623157e308),
    ("double precision", 5e-324),
    ("double precision", math.inf),
    ("double precision", -math.inf),
    ("varchar(65535)", ""),
    ("varchar(65535)", TEXT),
    ("varchar(65535)", "x" * 65535),
    ("varchar(65535)", "€" * 21845),
    ("date", date(1, 1, 1)),
    ("date", date(1582, 10, 4)),
    ("date", date(1582, 10, 15)),
    ("date", date(1999, 12, 31)),
    ("date", date(9999, 12, 31)),
    ("timestamp", datetime(1, 1, 1)),
    ("timestamp", datetime(1969, 12, 31, 23, 59, 59, 999999)),
    ("timestamp", datetime(2026, 1, 31, 12, 0, 0, 1)),
    ("timestamp", datetime(9999, 12, 31, 23, 59, 59, 999999)),
    ("timestamptz", datetime(1, 1, 1, tzinfo=UTC)),
    ("timestamptz", datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)),
    ("timestamptz", datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
]
TYPES = sorted({kind for kind, _ in VALUES})


@pytest.fixture
def session(redshift: Redshift) -> Iterator[Session]:
    with redshift.session("tests") as session:
        yield session


def same(found: Any, expected: Any) -> bool:
    return type(found) is type(expected) and found == expected


@pytest.mark.parametrize(("kind", "value"), VALUES)
def test_a_value_comes_back_as_it_was_bound(session: Session, kind: str, value: Any) -> None:
    """Through a column of its type, so that it is stored, and by a comparison on the server, so that it arrived."""
    session.execute(f"create temp table stored (v {kind})")
    assert session.execute("insert into stored values (:v)", v=value) == 1
    found = session.value("select v from stored")
    assert same(found, value), found
    assert session.value("select count(*) from stored where v = :v", v=value) == 1


@pytest.mark.parametrize("kind", TYPES)
def test_null_of_each_type_is_none_both_ways(session: Session, kind: str) -> None:
    session.execute(f"create temp table stored (v {kind})")
    session.execute("insert into stored values (:v)", v=None)
    assert session.rows("select v, v is null from stored") == [(None, True)]
    assert session.value(f"select cast(:v as {kind})", v=None) is None


def test_an_empty_text_is_not_null(session: Session) -> None:
    session.execute("create temp table stored (v varchar(9))")
    session.execute("insert into stored values (:empty), (:nothing)", empty="", nothing=None)
    assert session.rows("select v from stored where v is not null") == [("",)]
    assert session.value("select count(*) from stored where v is null") == 1


def test_not_a_number_stays_one(session: Session) -> None:
    session.execute("create temp table stored (v double precision)")
    session.execute("insert into stored values (:v)", v=math.nan)
    assert math.isnan(session.value("select v from stored"))


def test_thirty_eight_digits_survive_another_thread_and_a_narrow_context(session: Session) -> None:
    """A decimal context belongs to a thread; a new thread has one of 28 digits, whatever the others set."""
    session.execute("create temp table stored (v decimal(38,6))")

    def there_and_back() -> Any:
        with localcontext(prec=5):
            session.execute("delete from stored")
            session.execute("insert into stored values (:v)", v=LONGEST)
            return session.value("select v from stored")

    with ThreadPoolExecutor(1) as other:
        assert same(other.submit(there_and_back).result(), LONGEST)
    assert same(there_and_back(), LONGEST)


def test_an_instant_is_the_same_whatever_zone_it_is_told_in(session: Session) -> None:
    told = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    session.execute("create temp table stored (v timestamptz)")
    session.execute("insert into stored values (:v)", v=told)
    found = session.value("select v from stored")
    assert found == told
    assert found.utcoffset() == timedelta(0)


def test_a_session_asks_for_the_one_style_of_dates_that_the_driver_can_read(
    relay: Relay, point: Point
) -> None:
    """A cluster's parameter group may say another. The local Redshift knows no other, so only the asking is seen."""
    assert date_in(b"31/01/2026", 0, 10) == date.max
    with point(relay.port).session("tests") as session:
        session.execute("select 1")
    assert relay.heard.index(b"set datestyle to 'ISO, MDY'") < relay.heard.index(b"select 1")


def test_a_text_longer_than_its_column_is_refused_and_not_cut(session: Session) -> None:
    session.execute("create temp table stored (v varchar(65535))")
    with pytest.raises(StatementFailed) as failed:
        session.execute("insert into stored values (:v)", v="x" * 65536)
    assert failed.value.state == "22001"
    assert session.value("select count(*) from stored") == 0


def test_an_integer_beyond_bigint_is_refused(session: Session) -> None:
    session.execute("create temp table stored (v bigint)")
    with pytest.raises(StatementFailed) as failed:
        session.execute("insert into stored values (:v)", v=2**63)
    assert failed.value.state == "22003"


def test_a_statement_binds_at_most_32767_values(session: Session) -> None:
    values = {f"v{i}": i for i in range(32768)}
    with pytest.raises(ValueError, match=r"32768 values: .* at most 32767"):
        session.execute("select " + ", ".join(f":{name}" for name in values), **values)
    assert session.value("select 1") == 1


def test_a_value_is_never_read_as_sql(session: Session) -> None:
    hostile = "'); drop table stored; --"
    session.execute("create temp table stored (v varchar(99))")
    session.execute("insert into stored values (:v)", v=hostile)
    assert session.rows("select v from stored") == [(hostile,)]


def test_colons_that_are_not_values_are_left_alone(session: Session) -> None:
    rows = session.rows(
        "-- it's :not_one\nselect ':nor this' as a, cast(:x as varchar(9)) as b, '1'::integer as c /* :x */",
        x="y",
    )
    assert rows == [(":nor this", "y", 1)]


def test_row_counts_are_those_redshift_tells(session: Session) -> None:
    session.execute("create temp table stored (v integer)")
    assert session.execute("insert into stored values (1), (2), (3)") == 3
    assert session.execute("update stored set v = v + 1 where v > 1") == 2
    assert session.execute("delete from stored where v = 99") == 0
    assert session.execute("select v from stored") == -1
    assert session.execute("create temp table other (v integer)") == -1


def test_records_have_the_names_of_their_columns(session: Session) -> None:
    assert session.records("select 1 as one, 'x' as two") == [{"one": 1, "two": "x"}]
    assert session.records("select 1 as one where 1 = 2") == []


def test_one_text_with_values_of_other_types_is_prepared_for_each(session: Session) -> None:
    """The driver keeps a prepared statement for each text and types of its values."""
    values: list[Any] = [1, 40000, 2**40, "text", None, Decimal("1.5"), 1, "other", True]
    for _ in range(3):
        for value in values:
            assert session.value("select case when :v is null then 0 else 1 end", v=value) == (
                value is not None
            )


def test_more_statements_than_the_driver_keeps_can_be_run_and_run_again(session: Session) -> None:
    """It keeps a thousand, and closes the oldest for the next."""
    for number in [*range(1010), *range(20), *range(1000, 1010)]:
        assert session.value(f"select {number} + :n", n=1) == number + 1


def test_a_statement_run_before_a_column_came_sees_it_afterwards(
    session: Session, redshift: Redshift
) -> None:
    session.execute("create table driver_plans (a integer)")
    try:
        session.execute("insert into driver_plans values (1)")
        assert session.rows("select * from driver_plans") == [(1,)]
        session.execute("alter table driver_plans add column b integer")
        assert session.rows("select * from driver_plans") == [(1, None)]
        with redshift.session("other") as other:
            other.execute("alter table driver_plans add column c integer")
            assert other.rows("select * from driver_plans") == [(1, None, None)]
        # Changed by another: what this session has prepared is refused, never answered without the column.
        with pytest.raises(StatementFailed, match="cached plan must not change result type"):
            session.rows("select * from driver_plans")
    finally:
        session.execute("drop table driver_plans")


def test_the_query_group_labels_the_session_and_lock_comes_first_in_a_transaction(
    redshift: Redshift,
) -> None:
    with redshift.session("my_group") as session:
        assert session.value("show query_group") == "my_group"
    assert (
        redshift.transaction("other_group", lambda s: s.value("show query_group")) == "other_group"
    )
