"""No column that leads to a person is forgotten, also not one that is added later."""

from __future__ import annotations

import re

import pytest

from sms_warehouse import model
from sms_warehouse.migrate import schema_files
from sms_warehouse.privacy.treatment import FACTS, STAGING, Personal

KEPT = set(
    re.findall(
        r"\w+",
        """
        event_id event_type source submit_status submit_error_code suppress_reason campaign_id variant_id
        send_batch_id sender_id message_category template_id encoding link_url_id provider mcc_mnc recipient_tz
        object_id load_id status status_raw state delivery_level error_code provider_done_raw carrier_name method
        geo_country user_agent ua_key sec_purpose sec_fetch_mode sec_fetch_user program_id new_status prior_status
        consent_text_version keyword intent content_hash click_class bot_reason report_tz delivery_state
        final_error_code final_error_provider failure_category country tz home_carrier
        """,
    )
)
"""What campaigns are counted by, and what many people share."""

PERSONAL_COLUMN = re.compile(
    r"recipient_(id|key)|msisdn_token|(\w+_)?message_id|link_token|ip_token|visitor_token|client_ip|raw_line"
)
ROWS_ARE_REMOVED = {
    "reports.recipient_engagement",
    "reports.followup_audience",
    "reports.follow_up_contact",
    "control.quarantined_line",
}


@pytest.mark.parametrize("table", [*STAGING, *FACTS], ids=lambda table: table.name)
def test_every_text_column_is_treated_or_kept_on_purpose(table: Personal) -> None:
    text = {c.name for c in model.table(table.name).columns if c.type.startswith("varchar")}
    treated = set(table.columns)
    assert treated <= text
    assert text - treated <= KEPT
    assert not treated & KEPT


def test_every_table_that_names_people_or_messages_is_within_reach() -> None:
    known = {table.name for table in (*STAGING, *FACTS)} | ROWS_ARE_REMOVED
    forgotten = {
        table.full_name
        for path in schema_files()
        for table in model.tables(path)
        if not table.is_view
        and table.schema != "pii"
        and any(PERSONAL_COLUMN.fullmatch(column.name) for column in table.columns)
    } - known
    assert not forgotten
