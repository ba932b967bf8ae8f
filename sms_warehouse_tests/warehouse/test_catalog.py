"""What a person finds who looks a table up in the warehouse itself."""

from __future__ import annotations

from sms_warehouse import model
from sms_warehouse.migrate import migrate, schema_files
from sms_warehouse.resources.redshift import Redshift

TABLES = {t.full_name: t for path in schema_files() for t in model.tables(path)}


def remarks(redshift: Redshift) -> dict[str, dict[str, str | None]]:
    found: dict[str, dict[str, str | None]] = {name: {} for name in TABLES}
    with redshift.session("tests") as session:
        for schema, table, column, remark in session.rows(
            "select table_schema, table_name, column_name, remarks from svv_columns"
        ):
            if f"{schema}.{table}" in found:
                found[f"{schema}.{table}"][column] = remark
    return found


def test_the_catalog_says_what_every_table_and_column_means(module_warehouse: Redshift) -> None:
    with module_warehouse.session("tests") as session:
        of_tables = {
            f"{schema}.{table}": remark
            for schema, table, remark in session.rows(
                "select table_schema, table_name, remarks from svv_tables"
            )
        }
    assert {name: of_tables[name] for name in TABLES} == {n: t.remark for n, t in TABLES.items()}
    found = remarks(module_warehouse)
    for name, table in TABLES.items():
        if not table.is_view:
            assert found[name] == {c.name: c.meaning for c in table.columns}


def test_every_column_of_a_view_is_described(redshift: Redshift) -> None:
    """The statement of a view has no place for comments on its columns: they could be forgotten."""
    undescribed, gone = [], []
    for name, columns in remarks(redshift).items():
        table = TABLES[name]
        if table.is_view:
            undescribed += [f"{name}.{c}" for c in columns if table.meaning_of(c) is None]
            gone += [f"{name}.{c.name}" for c in table.columns if c.name not in columns]
    assert undescribed == []
    assert gone == []


def test_migrating_mends_a_meaning_that_differs(redshift: Redshift) -> None:
    with redshift.session("tests") as session:
        session.execute("comment on column warehouse.fact_click.asn is 'something else'")
        session.execute("comment on table warehouse.fact_click is null")
    migrate(redshift)
    assert remarks(redshift)["warehouse.fact_click"]["asn"] == (
        model.table("warehouse.fact_click").meaning_of("asn")
    )
