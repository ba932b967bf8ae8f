"""What must hold of the reports holds of random worlds, and each check notices data broken on purpose."""

from __future__ import annotations

import re
from datetime import datetime

import dagster as dg

from sms_warehouse import invariants, model, sql
from sms_warehouse.reports import REPORTS, refresh
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.conftest import FreshWarehouse
from sms_warehouse_tests.warehouse.random_worlds import anything
from sms_warehouse_tests.warehouse.world import (
    NOON,
    at,
    campaign,
    click,
    load,
    message_id,
    opt_out,
    receipt,
    refresh_all,
    submitted,
)

AS_OF = datetime(2026, 3, 12, 9)
CHECKS = [(report, invariant.name) for report in REPORTS for invariant in invariants.of(report)]

BREAKS = {
    ("campaign_performance", "every_message_is_in_one_state"): (
        "update reports.campaign_performance set unknown = unknown + 1"
    ),
    ("campaign_performance", "rates_are_shares"): (
        "update reports.campaign_performance set ctr_24h = 1.000001"
    ),
    ("campaign_performance", "variants_add_up"): (
        "update reports.campaign_performance set total_clicks = total_clicks + 1"
        " where variant_id = '*'"
    ),
    ("campaign_daily", "every_message_is_in_one_state"): (
        "update reports.campaign_daily set submit_failed = submit_failed + 1"
    ),
    ("campaign_daily", "requests_add_up"): (
        "update warehouse.fact_message set click_requests = click_requests + 1"
    ),
    ("campaign_daily", "every_message_has_a_status"): (
        "delete from reports.follow_up_rule where outcome is null and clicked is null"
    ),
    ("rolling_30d", "every_message_is_in_one_state"): (
        "update reports.rolling_30d set failed = failed - 1 where scope_type = 'ALL'"
    ),
    ("rolling_30d", "rates_are_shares"): "update reports.rolling_30d set ctr = -0.5",
    ("rolling_30d", "days_add_up"): (
        "update reports.campaign_daily set segments_sent = segments_sent + 1"
        " where sent_date_report = '2026-03-10'"
    ),
    ("ab_variant", "rates_are_shares"): "update reports.ab_variant set clicked_72h = delivered + 1",
    ("send_time_heatmap", "rates_are_shares"): (
        "update reports.send_time_heatmap set wilson_low95 = 1, ctr_24h = 0.5"
    ),
    ("delivery_failure_daily", "failures_add_up"): (
        "update reports.delivery_failure_daily set messages = sent + 1"
    ),
    ("delivery_failure_daily", "every_error_code_is_mapped"): (
        "update warehouse.fact_message set final_error_code = '777' where final_error_code = '012'"
    ),
    ("click_activity_hourly", "kinds_add_up"): (
        "update reports.click_activity_hourly set ios_clicks = ios_clicks + 1"
    ),
    ("optout_compliance_daily", "methods_add_up"): (
        "update reports.optout_compliance_daily set by_web = by_web + 1"
    ),
    ("optout_compliance_daily", "nobody_is_sent_to_after_ten_business_days"): (
        "update reports.optout_compliance_daily"
        " set sent_after_optout = 1, sent_after_10_business_days = 1"
    ),
    ("pipeline_quality_hourly", "every_row_is_accounted_for"): (
        "update reports.pipeline_quality_hourly set rows_loaded = rows_loaded - 1"
    ),
    ("recipient_engagement", "nobody_waits_to_be_erased"): (
        "insert into pii.erasure_registry"
        " values ('DSR-1', 'sub_1', 'erased-1', 'x', '2026-03-11 08:59:59', '2026-04-10 08:59:59', null)"
    ),
    ("recipient_engagement", "one_row_per_recipient"): (
        "insert into reports.recipient_engagement select * from reports.recipient_engagement"
    ),
}
"""What each check has to notice: the statement that breaks the data."""


def failed(redshift: Redshift, report: str | None = None) -> dict[tuple[str, str], int]:
    """Checks that do not pass, with the rows they found."""
    found = {}
    with redshift.session("tests") as session:
        for name in [report] if report else REPORTS:
            for result in invariants.evaluate(session, name):
                if not result.passed:
                    found[name, str(result.check_name)] = int(
                        result.metadata["broken"].value  # type: ignore[arg-type]
                    )
    return found


def full_world(redshift: Redshift) -> None:
    """A world that gives every report a row."""
    sent = [datetime(2026, 3, 8, 12), NOON]
    m = [message_id(n, when) for when in sent for n in range(4)]
    load(
        redshift,
        campaign(
            variants='[{"variant_id": "A", "is_control": true}, {"variant_id": "B"}]',
            occurred_at=datetime(2026, 3, 1),
        ),
        *(
            submitted(
                x,
                sent[n // 4],
                variant_id="AB"[n % 2],
                recipient_id=f"sub_{n}",
                recipient_tz="America/New_York",
            )
            for n, x in enumerate(m)
        ),
        *(
            receipt(x, "DELIVERED", at(seconds=9), segment_seq=None)
            for n, x in enumerate(m)
            if n % 4 < 3
        ),
        receipt(m[3], "UNDELIVERED", at(seconds=9), error_code="012"),
        click(m[0], datetime(2026, 3, 8, 13)),
        opt_out("sub_1", NOON),
    )


def test_what_must_hold_holds_of_any_events(fresh_warehouse: FreshWarehouse) -> None:
    redshift = fresh_warehouse(world=anything)
    for hours in (1, 80, 800):
        refresh_all(redshift, at(hours=hours))
        unmapped = ("delivery_failure_daily", "every_error_code_is_mapped")
        assert failed(redshift).keys() <= {unmapped}


def test_every_check_is_broken_on_purpose() -> None:
    assert set(BREAKS) == set(CHECKS)


def test_each_check_notices_what_it_is_for(redshift: Redshift) -> None:
    """Each break is undone before the next, by a rollback, so that a check fails by its own data alone."""
    full_world(redshift)
    refresh_all(redshift, AS_OF)
    assert failed(redshift) == {}
    for (report, check), statement in BREAKS.items():
        with redshift.session("tests") as session:
            session.execute("begin")
            assert session.execute(statement) != 0, check
            results = {r.check_name: r for r in invariants.evaluate(session, report)}
            session.execute("rollback")
        assert not results[check].passed, (report, check)
        assert results[check].metadata["rows"]
    assert failed(redshift) == {}


def test_people_are_warned_and_only_the_platforms_own_errors_are_errors() -> None:
    warnings = {
        (report, invariant.name)
        for report in REPORTS
        for invariant in invariants.of(report)
        if invariant.severity is dg.AssetCheckSeverity.WARN
    }
    assert warnings == {
        ("delivery_failure_daily", "every_error_code_is_mapped"),
        ("optout_compliance_daily", "nobody_is_sent_to_after_ten_business_days"),
        ("recipient_engagement", "nobody_waits_to_be_erased"),
    }


def test_every_check_says_what_must_hold_and_belongs_to_a_report() -> None:
    folders = {folder.name for folder in (sql.root() / "checks").iterdir()}
    assert folders <= set(REPORTS)
    assert all(i.description.endswith(".") for report in REPORTS for i in invariants.of(report))


def test_days_are_compared_with_their_window_only_while_nothing_has_changed(
    redshift: Redshift,
) -> None:
    """A receipt between two refreshes makes both right and different; the next refresh has them agree again."""
    load(redshift, campaign(), submitted(message_id()))
    refresh(redshift, "campaign_daily", as_of=AS_OF, report_tz="UTC")
    load(redshift, receipt(message_id(), "DELIVERED", at(seconds=9)))
    refresh(redshift, "rolling_30d", as_of=AS_OF, report_tz="UTC")
    assert failed(redshift, "rolling_30d") == {}
    for report in ("campaign_daily", "rolling_30d"):
        refresh(redshift, report, as_of=AS_OF, report_tz="UTC")
    with redshift.session("tests") as session:
        session.execute("update reports.campaign_daily set delivered = 0")
    assert failed(redshift, "rolling_30d") == {("rolling_30d", "days_add_up"): 1}


def test_days_of_another_zone_are_not_compared_with_the_window(redshift: Redshift) -> None:
    """Its window begins and ends at other hours than the campaign's days."""
    late = datetime(2026, 3, 12, 2)
    load(
        redshift,
        campaign(report_tz="America/New_York"),
        submitted(message_id(1, late), late),
    )
    for report in ("campaign_daily", "rolling_30d"):
        refresh(redshift, report, as_of=AS_OF, report_tz="UTC")
    assert failed(redshift, "rolling_30d") == {}


def test_a_rule_that_fits_every_message_has_no_condition_at_all() -> None:
    """A condition that is added to the rules has to be looked at by the check as well."""
    text = sql.text("checks/campaign_daily/every_message_has_a_status")
    rule = model.table("reports.follow_up_rule")
    conditions = {column.name for column in rule.columns if column.is_nullable} - {"valid_hours"}
    assert set(re.findall(r"(\w+) is null", text)) == conditions
