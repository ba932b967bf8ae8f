"""Bringing the schema up to date: repeatable, safe beside others, honest about its limits."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from local_redshift.engine import Databases

from sms_warehouse import sql
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.migrate import ContractMismatch, check_staging, migrate
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.conftest import FreshWarehouse
from sms_warehouse_tests.in_process import InProcessRedshift

TABLES = (
    "select table_schema, table_name, table_type from information_schema.tables "
    "where table_schema in ('control', 'staging', 'warehouse', 'reports') order by 1, 2"
)


@pytest.fixture
def redshift(fresh_warehouse: FreshWarehouse) -> Redshift:
    """A warehouse of the test's own with its schema, which it may spoil."""
    return fresh_warehouse()


def make_clicks(redshift: Redshift, statement: str) -> None:
    with redshift.session("tests") as session:
        session.execute("drop table staging.link_click cascade")
        session.execute(statement)


def create_statement() -> str:
    (statement,) = [
        s.text for s in sql.statements("schema/staging") if "staging.link_click (" in s.text
    ]
    return statement


def test_migrating_again_changes_nothing(redshift: Redshift) -> None:
    with redshift.session("tests") as session:
        session.execute(
            "insert into control.applied_load (load_id, table_name, applied_at) "
            "values ('load', 'fact_click', '2026-03-01 00:00:00')"
        )
        before = session.rows(TABLES)
    migrate(redshift)
    with redshift.session("tests") as session:
        assert session.rows(TABLES) == before
        assert session.value("select count(*) from control.applied_load") == 1


def test_every_event_has_its_staging_table(redshift: Redshift) -> None:
    with redshift.session("tests") as session:
        names = {name for schema, name, _ in session.rows(TABLES) if schema == "staging"}
    assert names >= set(EVENTS)


def test_several_first_migrations_at_once_all_succeed(redshift: Redshift, tmp_path: Path) -> None:
    """Two at once: each finds that the other has made some of what it is about to make."""
    databases = Databases(tmp_path, main="dev", user="admin", threads=1)
    together = threading.Barrier(2)

    def first_migration() -> Redshift:
        together.wait()
        empty = InProcessRedshift.of(databases, "dev")
        migrate(empty)
        return empty

    try:
        with ThreadPoolExecutor(2) as threads:
            migrations = [threads.submit(first_migration) for _ in range(2)]
        for migration in migrations:
            with migration.result().session("tests") as made, redshift.session("tests") as other:
                assert made.rows(TABLES) == other.rows(TABLES)
    finally:
        databases.close()


@pytest.mark.parametrize(
    ("old", "new", "column", "expected", "found"),
    [
        (
            "user_agent varchar(1024)",
            "user_agent varchar(512)",
            "user_agent",
            "character varying(1024)",
            "character varying(512)",
        ),
        ("redirect_ms integer", "redirect_ms bigint", "redirect_ms", "integer", "bigint"),
        (
            "asn bigint encode az64,\n    geo_country varchar(32) encode zstd,",
            "geo_country varchar(32) encode zstd,\n    asn bigint encode az64,",
            "asn",
            "bigint at position 17",
            "column geo_country there",
        ),
    ],
    ids=["length", "type", "order"],
)
def test_a_staging_table_of_another_contract_is_named_with_its_column(
    redshift: Redshift, old: str, new: str, column: str, expected: str, found: str
) -> None:
    statement = create_statement()
    assert old in statement
    make_clicks(redshift, statement.replace(old, new))
    for check in (check_staging, migrate):
        with pytest.raises(ContractMismatch) as mismatch:
            check(redshift)
        error = mismatch.value
        assert (error.table, error.column) == ("staging.link_click", column)
        assert (error.expected, error.found) == (expected, found)


def test_a_table_of_an_earlier_version_is_named_before_anything_is_changed(
    redshift: Redshift,
) -> None:
    with redshift.session("tests") as session:
        session.execute("alter table control.rejected_key drop column reason")
        session.execute("drop table staging.link_click cascade")
        with pytest.raises(ContractMismatch, match=r"control\.rejected_key, column reason"):
            migrate(redshift)
        names = {name for _, name, _ in session.rows(TABLES)}
        assert "link_click" not in names


def test_a_staging_table_with_a_column_too_many_is_named(redshift: Redshift) -> None:
    with redshift.session("tests") as session:
        session.execute("alter table staging.link_click add column surplus integer")
    with pytest.raises(ContractMismatch, match="link_click, column surplus"):
        check_staging(redshift)
    check_staging(redshift, ["delivery_receipt"])
