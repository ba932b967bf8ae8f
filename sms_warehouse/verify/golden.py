"""What is right in the golden world: rows that follow from its logs by the rules of the README and of ``sql/schema``.

None of them was taken from a run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sms_warehouse.verify.logs import (
    CARRIER,
    DAY,
    ERROR_CODE,
    NEXT_DAY,
    NOON,
    THIRD_DAY,
    after_noon,
    message_id,
    recipient,
    token,
)

AS_OF = datetime(2026, 3, 12, 9)
"""The clock of the first reports: less than 72 hours after sending."""
LATER = datetime(2026, 3, 14, 12)
"""The clock of the last reports: more than 72 hours after every message was sent."""


@dataclass(frozen=True)
class Golden:
    """A query and the row it has to give; a tuple of rows, where it gives several or none."""

    name: str
    query: str
    expected: tuple[object, ...]


@dataclass(frozen=True)
class Answer:
    """What the platform does or tells when it is asked, and what that has to be."""

    name: str
    ask: Callable[[], object]
    expected: object


ERASED = "an erased person: "
"""What the names of outcomes about erasure begin with."""


def stored(name: str, rows: int) -> Golden:
    """How many submissions are stored, each of them once."""
    return Golden(
        name,
        "select count(*) as stored, count(distinct event_id) as events from warehouse.fact_submission",
        (rows, rows),
    )


_HALF, _ALL = Decimal("0.500000"), Decimal("1.000000")

AT_FIRST: tuple[Golden, ...] = (
    Golden(
        "every line has one fate",
        "select cast(sum(lines) as bigint) as lines, cast(sum(rows_landed) as bigint) as rows_landed,"
        " cast(sum(lines_quarantined) as bigint) as lines_quarantined,"
        " cast(sum(lines_blank) as bigint) as lines_blank"
        " from control.landed_object where status = 'landed'",
        (31, 29, 1, 1),
    ),
    Golden(
        "a poison object is recorded",
        "select count(*) as objects from control.landed_object where status = 'poison'",
        (1,),
    ),
    Golden(
        "a message that was delivered and clicked",
        "select delivery_state, sent_at, delivered_at, human_clicks, bot_clicks, first_click_at,"
        " sec_to_first_click, replied_at, is_stub from warehouse.fact_message"
        f" where message_id = '{message_id(0)}'",
        (
            "DELIVERED",
            NOON,
            after_noon(seconds=9),
            2,
            1,
            after_noon(minutes=10),
            600,
            NOON,
            False,
        ),
    ),
    Golden(
        "an opt-out is put down to the message before it, which knows its reminder too",
        "select opted_out_at, followed_up_at from warehouse.fact_message"
        f" where message_id = '{message_id(1)}'",
        (after_noon(hours=1), after_noon(hours=20)),
    ),
    Golden(
        "a failure has its category",
        "select delivery_state, final_error_code, failure_category, failure_permanent"
        f" from warehouse.fact_message where message_id = '{message_id(2)}'",
        ("UNDELIVERED", ERROR_CODE, "INVALID_NUMBER", True),
    ),
    Golden(
        "the newest image of a campaign is current",
        "select version, campaign_name, valid_to from warehouse.dim_campaign where is_current",
        (2, "Spring – früh", None),
    ),
    Golden(
        "whoever gets a line after its deactivation is somebody else",
        "select recipient_key, assignment_seq, country, tz, home_carrier, last_message_id"
        f" from warehouse.dim_recipient where recipient_id = '{recipient(2)}' order by assignment_seq",
        (
            (f"{recipient(2)}#0", 0, "US", "America/Chicago", CARRIER, message_id(2)),
            (f"{recipient(2)}#1", 1, None, None, None, None),
        ),
    ),
    Golden(
        "consent holds from its change on",
        "select recipient_key, program_id, status, valid_from, valid_to, is_current"
        f" from warehouse.dim_subscription where recipient_id = '{recipient(1)}'",
        (f"{recipient(1)}#0", "ALL", "OPTED_OUT", after_noon(hours=1), None, True),
    ),
    Golden(
        "a sender is told by its form",
        "select sender_id, sender_kind from warehouse.dim_sender where sender_id <> '-'",
        ("27368", "SHORT_CODE"),
    ),
    Golden(
        "the report of the campaign adds up",
        "select attempted, suppressed, submit_failed, sent, delivered, failed, pending, unknown,"
        " carrier_accepted_only, delivery_rate, clicked, clicked_delivered, total_clicks, bot_clicks, ctr,"
        " opt_outs, optout_rate, segments_sent, median_sec_to_click"
        " from reports.campaign_performance where variant_id = '*'",
        (
            7,
            1,
            1,
            6,
            2,
            1,
            3,
            0,
            1,
            Decimal("0.333333"),
            2,
            1,
            3,
            2,
            _HALF,
            1,
            _HALF,
            12,
            (600 + 72_000) / 2,
        ),
    ),
    Golden(
        "the thirty days of everything add up",
        "select report_date, attempted, sent, delivered, clicked, recipients_exact, unique_clickers"
        " from reports.rolling_30d where scope_type = 'ALL'",
        (NEXT_DAY, 7, 6, 2, 2, 5, 2),
    ),
    Golden(
        "a failure is reported by day, carrier and reason",
        "select sent_date_report, carrier_name, provider, failure_category, messages, sent, pct_of_sent,"
        f" permanent_messages from reports.delivery_failure_daily where error_code = '{ERROR_CODE}'",
        (
            DAY,
            "T-Mobile USA",
            "smsc-east",
            "INVALID_NUMBER",
            1,
            5,
            Decimal("0.200000"),
            1,
        ),
    ),
    Golden(
        "a click counts in its hour",
        "select human_clicks, bot_clicks, repeat_clicks, unique_messages_clicked, new_first_clicks,"
        " p50_message_age_h, top_bot_reason, ios_clicks, mobile_clicks from reports.click_activity_hourly"
        f" where click_hour_utc = '{NOON}' and campaign_id = 'cmp_1'",
        (1, 1, 0, 1, 1, Decimal("0.166667"), "within 2 s of sending", 1, 1),
    ),
    Golden(
        "a recipient's engagement",
        "select sent_30d, delivered_30d, clicked_30d, total_clicks_90d, ctr_90d, days_since_click,"
        " consecutive_no_click, r_score, f_score, subscription_status from reports.recipient_engagement"
        f" where recipient_key = '{recipient(0)}#0'",
        (1, 1, 1, 2, _ALL, 1, 0, 5, 2, "UNKNOWN"),
    ),
    Golden(
        "recipients fall into segments",
        "select recipient_key, segment from reports.recipient_engagement order by recipient_key",
        tuple(
            (f"{recipient(number)}#0", segment)
            for number, segment in enumerate(
                (
                    "ENGAGED",
                    "OPTED_OUT",
                    "UNREACHABLE",
                    "ENGAGED",
                    "LOW_DATA",
                    "LOW_DATA",
                    "LOW_DATA",
                )
            )
        ),
    ),
    Golden(
        "what there is to do about whom",
        "select recipient_key, action, suppression_reason, is_eligible_now from reports.followup_audience"
        " order by recipient_key",
        (
            (f"{recipient(0)}#0", "NURTURE_CLICKER", "QUIET_HOURS", False),
            (f"{recipient(1)}#0", "NONE", None, False),
            (f"{recipient(2)}#0", "SUPPRESS_NUMBER", None, True),
            (f"{recipient(3)}#0", "WAIT", None, False),
            (f"{recipient(5)}#0", "NO_ACTION", None, False),
            (f"{recipient(6)}#0", "WAIT", None, False),
        ),
    ),
    Golden(
        "nobody is contacted before the morning of their own zone",
        "select eligible_from, eligible_until from reports.followup_audience"
        " where action = 'NURTURE_CLICKER'",
        (datetime(2026, 3, 12, 13), after_noon(hours=9 + 72)),
    ),
    Golden(
        "an opt-out is on the record, and what was sent after it",
        "select opt_outs, by_keyword, attributed_to_message, delivered, optout_rate,"
        " p95_min_to_suppression, sent_after_optout, sent_after_10_business_days"
        f" from reports.optout_compliance_daily where effective_date = '{DAY}'",
        (1, 1, 1, 2, _HALF, Decimal("1140.000000"), 1, 0),
    ),
    Golden(
        "a message that was sent after an opt-out is known",
        "select message_id, program_id, minutes_after, is_after_10_business_days"
        " from reports.sent_after_optout",
        (message_id(7), "ALL", 19 * 60, False),
    ),
    Golden(
        "what arrived in an hour, and what became of it",
        "select event_type, files, poison_files, rows_in, rows_loaded, duplicates, rows_waiting,"
        " quarantined, orphans, unmapped_error_codes, unknown_tokens from reports.pipeline_quality_hourly"
        f" where arrival_hour = '{NOON}' and event_type in ('link_click', 'message_submitted')"
        " order by event_type",
        (
            ("link_click", 3, 1, 6, 5, 1, 0, 0, 1, 0, 1),
            ("message_submitted", 2, 0, 8, 6, 1, 0, 1, 0, 0, 0),
        ),
    ),
    Golden(
        "a report says how complete its logs are",
        "select anchor, report_tz, window_end, objects_waiting, objects_poison, lines_quarantined, is_complete"
        " from reports.report_state where report_name = 'rolling_30d'",
        ("COHORT", "America/New_York", NEXT_DAY, 0, 1, 1, False),
    ),
    Golden(
        "the warehouse says how far it has come",
        "select newest_event_at, rolling_30d_as_of from reports.freshness",
        (after_noon(hours=20, milliseconds=20), AS_OF),
    ),
    Golden(
        "a message's status is computed when it is asked for",
        "select delivery_outcome, engaged, follow_up_action from reports.message_status"
        f" where message_id = '{message_id(0)}'",
        ("DELIVERED", True, "NURTURE_CLICKER"),
    ),
)

IN_THE_END: tuple[Golden, ...] = (
    stored("what was landed twice is there once", 8),
    Golden(
        "after 72 hours what is open is unknown",
        "select sent, delivered, failed, pending, unknown, total_clicks, ctr"
        " from reports.campaign_performance where variant_id = '*'",
        (6, 2, 1, 0, 3, 4, _HALF),
    ),
    Golden(
        "a day of the campaign and a variant add up",
        "select sent_date_report, attempted, sent, delivered, clicked, clicked_72h_delivered, total_clicks,"
        " bot_clicks, opt_outs, replies, is_final, restated_count from reports.campaign_daily"
        " where variant_id = 'A'",
        (DAY, 2, 2, 2, 1, 1, 3, 1, 1, 1, False, 0),
    ),
    Golden(
        "variants are compared with their control",
        "select variant_id, is_control, attempted, delivered, clicked_72h, ctr_72h, control_ctr, abs_lift,"
        " srm_flag, decision_ready from reports.ab_variant order by variant_id",
        (
            ("A", True, 2, 2, 1, _HALF, _HALF, None, None, False),
            ("B", False, 2, 0, 0, None, _HALF, None, None, False),
        ),
    ),
    Golden(
        # Wilson's interval for one of two begins at 0.0945.
        "an hour of sending, in the recipients' zone",
        "select window_end, delivered, clicked_delivered_24h, ctr_24h,"
        " wilson_low95 > 0.09445 and wilson_low95 < 0.09455 as is_wilsons, median_sec_to_click"
        " from reports.send_time_heatmap where segment = '*' and dow_local = 2 and hour_local = 7",
        (THIRD_DAY, 2, 1, _HALF, True, 600.0),
    ),
    Golden(
        f"{ERASED}their message counts under another name",
        "select message.delivery_state, message.human_clicks, message.bot_clicks,"
        " message.recipient_id = person.recipient_alias as is_alias"
        " from warehouse.fact_message as message"
        " join pii.erased_message as erased on erased.message_alias = message.message_id"
        " join pii.erasure_registry as person on person.request_id = erased.request_id",
        ("DELIVERED", 3, 1, True),
    ),
    Golden(
        f"{ERASED}what lands later names nobody",
        "select landed.message_id = erased.message_alias as is_alias, landed.recipient_id, landed.client_ip"
        " from staging.link_click as landed cross join pii.erased_message as erased"
        " where landed.event_id = 'click-after'",
        (True, None, None),
    ),
    Golden(
        f"{ERASED}what only their number or a provider's id leads to names nobody either",
        "select receipt.provider_message_id, answer.msisdn_token, answer.inbound_id"
        " from staging.delivery_receipt as receipt cross join staging.inbound_message as answer"
        " where receipt.event_id = 'receipt-after' and answer.event_id = 'inbound-after'",
        ("erased", "erased", "erased"),
    ),
    Golden(
        f"{ERASED}a line in quarantine is kept without its text",
        "select line_number, raw_line from control.quarantined_line where resolved_at is null",
        (8, None),
    ),
    Golden(
        f"{ERASED}their opt-out is kept for the number",
        "select msisdn_token, program_id, since from pii.suppression",
        (token(recipient(0)), "ALL", after_noon(hours=54)),
    ),
    Golden(
        f"{ERASED}no report is about them",
        "select (select count(*) from reports.recipient_engagement"
        f" where recipient_key = '{recipient(0)}#0' or left(recipient_key, 7) = 'erased-') as engaged,"
        " (select count(*) from reports.follow_up_contact) as listed",
        (0, 0),
    ),
)
