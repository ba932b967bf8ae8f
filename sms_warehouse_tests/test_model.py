"""The model's meanings are complete, written once, and the page that shows them is up to date."""

from __future__ import annotations

from sms_warehouse import model, model_page
from sms_warehouse.migrate import schema_files
from sms_warehouse.reports import REPORTS

TABLES = [table for path in schema_files() for table in model.tables(path)]


def test_every_table_and_column_says_what_it_means():
    unsaid = [table.full_name for table in TABLES if not table.meaning]
    unsaid += [
        f"{table.full_name}.{column.name}"
        for table in TABLES
        for column in table.columns
        if not column.meaning
    ]
    assert unsaid == []


def test_every_report_says_whose_days_it_counts_what_is_final_and_how_it_was_verified():
    """A table of ``reports`` that nobody refreshes is named here, or it has a specification."""
    silent = [
        name
        for name, report in REPORTS.items()
        if not (report.zone and report.kept and report.final and report.verified)
    ]
    assert silent == []


def test_the_page_of_the_model_is_the_one_the_sql_makes():
    """``make docs`` writes it."""
    assert model_page.path().read_text(encoding="utf-8") == model_page.page()


def test_a_comment_belongs_to_the_column_below_it():
    click = model.table("warehouse.fact_click")
    assert click.meaning_of("asn") == (
        "Autonomous system of the address; warehouse.dim_asn tells what it is."
    )
    assert click.layout == "distkey (message_id), sortkey (message_id)"
    assert click.meaning_of("no_such_column") is None


def test_a_view_takes_what_it_does_not_describe_from_the_table_it_names():
    view = model.table("warehouse.landed_click")
    assert view.meaning_of("user_agent") == "the User-Agent header; '' without one"
    assert view.meaning_of("asn") == model.table("warehouse.fact_click").meaning_of("asn")


def test_staging_means_what_the_contracts_of_its_events_say():
    assert model.table("staging.link_click").meaning_of("redirect_ms") == (
        "time to answer, milliseconds"
    )
