"""Bringing the schema up to date: repeatable, safe beside others, honest about its limits."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from sms_warehouse import sql
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.migrate import ContractMismatch, check_staging, migrate
from sms_warehouse.resources.redshift import Redshift

TABLES = (
    "select table_schema, table_name, table_type from information_schema.tables "
    "where table_schema in ('control', 'staging', 'warehouse', 'reports') order by 1, 2"
)


@pytest.fixture
def remade(redshift: Redshift) -> Iterator[Redshift]:
    """A warehouse whose staging table of clicks the test may spoil."""
    yield redshift
    with redshift.session("tests") as session:
        session.execute("drop table if exists staging.link_click cascade")
    migrate(redshift)


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


def test_several_first_migrations_at_once_all_succeed(redshift: Redshift) -> None:
    with redshift.session("tests") as session:
        made = session.rows(TABLES)
        for kind in ("view", "table"):
            for schema, name, table_type in made:
                if (table_type == "VIEW") == (kind == "view"):
                    session.execute(f"drop {kind} if exists {schema}.{name} cascade")
        assert session.rows(TABLES) == []
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: migrate(Redshift()), range(4)))
    with redshift.session("tests") as session:
        assert session.rows(TABLES) == made


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
    remade: Redshift, old: str, new: str, column: str, expected: str, found: str
) -> None:
    statement = create_statement()
    assert old in statement
    make_clicks(remade, statement.replace(old, new))
    for check in (check_staging, migrate):
        with pytest.raises(ContractMismatch) as mismatch:
            check(remade)
        error = mismatch.value
        assert (error.table, error.column) == ("staging.link_click", column)
        assert (error.expected, error.found) == (expected, found)


def test_a_table_of_an_earlier_version_is_named_before_anything_is_changed(
    redshift: Redshift,
) -> None:
    with redshift.session("tests") as session:
        session.execute("alter table control.rejected_key drop column reason")
        session.execute("drop table staging.link_click cascade")
        try:
            with pytest.raises(ContractMismatch, match=r"control\.rejected_key, column reason"):
                migrate(redshift)
            names = {name for _, name, _ in session.rows(TABLES)}
            assert "link_click" not in names
        finally:
            session.execute("drop table control.rejected_key")
            migrate(redshift)


def test_a_staging_table_with_a_column_too_many_is_named(remade: Redshift) -> None:
    with remade.session("tests") as session:
        session.execute("alter table staging.link_click add column surplus integer")
    with pytest.raises(ContractMismatch, match="link_click, column surplus"):
        check_staging(remade)
    check_staging(remade, ["delivery_receipt"])
