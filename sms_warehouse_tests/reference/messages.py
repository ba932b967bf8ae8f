"""fact_message: what all events of a message say together."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from sms_warehouse_tests.reference import clicks as click_rules
from sms_warehouse_tests.reference.given import Given, Row, local, seconds_between
from sms_warehouse_tests.reference.kept import DELIVERED, FAILED, Events, rank

_LINE_CHANGES = ("DEACTIVATED", "REASSIGNED")
_WHOM_AND_WHAT_FOR = (
    "campaign_id",
    "variant_id",
    "send_batch_id",
    "recipient_id",
    "link_token",
    "link_url_id",
    "follow_up_of_message_id",
)
_WHERE_THEY_ARE = ("mcc_mnc", "recipient_tz")
_HOW_IT_WAS_SENT = (
    "sender_id",
    "message_category",
    "template_id",
    "encoding",
    "segment_count",
    "provider",
    "submit_status",
    "suppress_reason",
)


def by(rows: list[Row], *names: str) -> dict[Any, list[Row]]:
    """Rows by the values of some columns."""
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        key = tuple(row[name] for name in names)
        found[key if len(names) > 1 else key[0]].append(row)
    return found


def in_order(row: Row) -> tuple[datetime, str]:
    return row["occurred_at"], row["event_id"]


def attempts_of(events: Events) -> dict[str, dict[int, Row]]:
    """Submissions of each message by attempt: of several reports of one attempt the earliest."""
    return {
        message_id: {
            number: min(reports, key=in_order)
            for number, reports in by(submissions, "attempt_no").items()
        }
        for message_id, submissions in by(events.submissions, "message_id").items()
    }


def first_accepted(attempts: dict[int, Row]) -> datetime | None:
    accepted = [a["occurred_at"] for a in attempts.values() if a["submit_status"] == "ACCEPTED"]
    return min(accepted, default=None)


def make_messages(events: Events, settings: dict[str, Row], given: Given) -> dict[str, Row]:
    """Every message by its id. Adds to clicks what they are taken for, to opt-outs what they are put down to."""
    attempts = attempts_of(events)
    sent_at = {message_id: first_accepted(tried) for message_id, tried in attempts.items()}
    click_rules.judge(events.clicks, sent_at, given)
    receipts = by([r for r in events.receipts if r["message_id"]], "message_id")
    clicks = by([c for c in events.clicks if c["message_id"]], "message_id")
    messages = {
        message_id: _message(
            message_id,
            attempts.get(message_id, {}),
            receipts.get(message_id, []),
            clicks.get(message_id, []),
            settings,
            given,
        )
        for message_id in {*attempts, *receipts, *clicks}
    }
    for message in messages.values():
        message["recipient_key"] = _recipient_key(message, events)
        message["followed_up_at"] = min(
            (
                attempt["occurred_at"]
                for tried in attempts.values()
                for attempt in tried.values()
                if attempt["follow_up_of_message_id"] == message["message_id"]
                and attempt["submit_status"] == "ACCEPTED"
            ),
            default=None,
        )
        answers = [
            answer["occurred_at"]
            for answer in events.inbound
            if answer["in_reply_to_message_id"] == message["message_id"]
            and answer["intent"] != "STOP"
        ]
        message["replied_at"] = min(answers, default=None)
    _attribute(events, messages)
    return messages


def _recipient_key(message: Row, events: Events) -> str | None:
    if message["is_stub"]:
        return None
    changes = [
        change
        for change in events.changes
        if change["recipient_id"] == message["recipient_id"]
        and change["new_status"] in _LINE_CHANGES
        and change["effective_at"] <= message["first_submitted_at"]
    ]
    return f"{message['recipient_id']}#{len(changes)}"


def _message(
    message_id: str,
    attempts: dict[int, Row],
    receipts: list[Row],
    clicks: list[Row],
    settings: dict[str, Row],
    given: Given,
) -> Row:
    message: Row = {"message_id": message_id, "is_stub": not attempts}
    original: Row = attempts[min(attempts)] if attempts else {}
    submission: Row = attempts[max(attempts)] if attempts else {}
    is_theirs = submission.get("recipient_id") == original.get("recipient_id")
    for names, said_by in (
        (_WHOM_AND_WHAT_FOR, original),
        (_WHERE_THEY_ARE, submission if is_theirs else original),
        (_HOW_IT_WAS_SENT, submission),
    ):
        message |= {name: said_by.get(name) for name in names}
    if not attempts:
        message["provider"] = min((r["provider"] for r in receipts), default=None)
    message |= _times(attempts, message, settings, given)
    message |= _delivery(attempts, receipts)
    message |= _failure(message, submission, given)
    message |= click_rules.summed(clicks)
    message["sec_to_first_click"] = seconds_between(message["sent_at"], message["first_click_at"])
    message["opted_out_at"] = None
    return message


def _times(attempts: dict[int, Row], message: Row, settings: dict[str, Row], given: Given) -> Row:
    setting = settings.get(message["campaign_id"] or "", {})
    report_tz = setting.get("report_tz", "UTC")
    sent_at = first_accepted(attempts)
    first_submitted_at = min((a["occurred_at"] for a in attempts.values()), default=None)
    cohort_at = sent_at or first_submitted_at
    known_zone = given.zones.get(message["recipient_tz"] or "")
    there = local(sent_at, known_zone) if sent_at and known_zone else None
    return {
        "attempts": max(attempts, default=None),
        "first_submitted_at": first_submitted_at,
        "sent_at": sent_at,
        "cohort_at": cohort_at,
        "cohort_date": cohort_at and cohort_at.date(),
        "cohort_date_report": cohort_at and local(cohort_at, report_tz).date(),
        "sent_date": sent_at and sent_at.date(),
        "sent_date_report": sent_at and local(sent_at, report_tz).date(),
        "sent_hour_local": there and there.hour,
        "sent_dow_local": there and there.isoweekday() % 7,
        "report_tz": report_tz,
        "click_window_days": setting.get("click_window_days", 30),
        "optout_window_hours": setting.get("optout_window_hours", 24),
    }


def _delivery(attempts: dict[int, Row], receipts: list[Row]) -> Row:
    tried = {
        number: _attempt(attempts.get(number), found)
        for number, found in by(receipts, "attempt_no").items()
    }
    for number, submission in attempts.items():
        if number not in tried and submission["submit_status"] == "ACCEPTED":
            tried[number] = _NOTHING_HEARD
    delivered = [a for a in tried.values() if a["delivery_state"] == "DELIVERED"]
    if delivered:
        decides = min(delivered, key=lambda attempt: attempt["delivered_at"])
    elif tried:
        decides = tried[max(tried)]
    else:
        decides = _NOTHING_HEARD | {"delivery_state": None}
    state = decides["delivery_state"]
    times = [r["occurred_at"] for r in receipts]
    return decides | {
        "delivery_rank": rank(state) if state else None,
        "conflicting_final": any(a["conflicting_final"] for a in tried.values()),
        "receipts": len(receipts),
        "first_receipt_at": min(times, default=None),
        "last_receipt_at": max(times, default=None),
        "carrier_accepted_at": min(
            (r["occurred_at"] for r in receipts if r["state"] == "CARRIER_ACCEPTED"), default=None
        ),
        "failed_at": max(
            (r["occurred_at"] for r in receipts if r["state_rank"] == FAILED), default=None
        ),
    }


_NOTHING_HEARD: Row = {
    "delivery_state": "SENT",
    "delivered_at": None,
    "delivery_level": None,
    "segments_delivered": 0,
    "segments_failed": 0,
    "error_code": None,
    "final_error_provider": None,
    "error_permanent": None,
    "conflicting_final": False,
}


def _highest(receipt: Row) -> tuple[int, datetime, int, str]:
    sequence = receipt["provider_sequence"]
    return (
        receipt["state_rank"],
        receipt["occurred_at"],
        -1 if sequence is None else sequence,
        receipt["event_id"],
    )


def _attempt(submission: Row | None, receipts: list[Row]) -> Row:
    """How one attempt stands: each part is as its highest receipt says, and the parts together decide."""
    about_parts = [r for r in receipts if r["segment_seq"] is not None]
    parts = by(about_parts or receipts, "segment_seq")
    standing = {part: max(found, key=_highest) for part, found in parts.items()}
    expected = max(
        1,
        len(standing),
        submission["segment_count"] if submission else 1,
        *(number or 1 for r in receipts for number in (r["segment_total"], r["segment_seq"])),
    )
    weight = 1 if about_parts else expected
    delivered = [r for r in standing.values() if r["state_rank"] == DELIVERED]
    failed = [r for r in standing.values() if r["state_rank"] == FAILED]
    found = _NOTHING_HEARD | {
        "segments_delivered": len(delivered) * weight,
        "segments_failed": len(failed) * weight,
        "conflicting_final": any(
            {DELIVERED, FAILED} <= {r["state_rank"] for r in found} for found in parts.values()
        ),
    }
    if not failed and len(delivered) * weight >= expected:
        levels = [r["delivery_level"] for r in delivered if r["delivery_level"]]
        found["delivery_state"] = "DELIVERED"
        found["delivered_at"] = max(r["occurred_at"] for r in delivered)
        found["delivery_level"] = min(levels, default=None)
    elif failed:
        decides = max(failed, key=_highest)
        found["delivery_state"] = decides["state"]
        found["error_code"] = decides["error_code"]
        found["final_error_provider"] = decides["provider"]
        found["error_permanent"] = decides["error_permanent"]
    else:
        lowest = min(standing.values(), key=lambda r: r["state_rank"])["state"]
        found["delivery_state"] = "SENT" if lowest == "DELIVERED" else lowest
        if lowest == "CARRIER_ACCEPTED":
            found["delivery_level"] = "CARRIER"
    return found


def _failure(message: Row, submission: Row, given: Given) -> Row:
    """Why it failed: by the provider's entry for the code, else by that of all providers."""
    error_code, permanent = message.pop("error_code"), message.pop("error_permanent")
    if message["delivery_rank"] == FAILED:
        failure = error_code or f"state:{message['delivery_state']}"
    elif message["delivery_state"] is None and submission.get("submit_status") == "REJECTED":
        error_code = submission["submit_error_code"]
        message["final_error_provider"] = submission["provider"]
        failure = error_code or "state:NOT_ACCEPTED"
    else:
        return {"final_error_code": None, "failure_category": None, "failure_permanent": None}
    entries = [
        given.errors[provider, failure]
        for provider in (message["final_error_provider"], "*")
        if (provider, failure) in given.errors
    ]
    says = [entry["is_permanent"] for entry in entries] + [permanent]
    return {
        "final_error_code": error_code,
        "failure_category": entries[0]["failure_category"] if entries else "UNKNOWN",
        "failure_permanent": next((s for s in says if s is not None), None),
    }


def _attribute(events: Events, messages: dict[str, Row]) -> None:
    """Puts each opt-out down to the message it answers, else to the last one in its window that had come."""
    received = by([m for m in messages.values() if m["recipient_id"]], "recipient_id")
    owners: dict[str, list[datetime]] = defaultdict(list)
    for change in events.changes:
        if change["new_status"] in _LINE_CHANGES:
            owners[change["recipient_id"]].append(change["effective_at"])
    for change in events.changes:
        change |= {
            "attributed_message_id": None,
            "attribution_window_hours": None,
            "is_attribution_due": False,
        }
        if change["new_status"] != "OPTED_OUT":
            continue
        change["attributed_message_id"] = change["in_reply_to_message_id"]
        if change["in_reply_to_message_id"] is None:
            before = [
                message
                for message in received.get(change["recipient_id"], [])
                if message["delivery_state"] == "DELIVERED"
                and message["sent_at"]
                and max(message["sent_at"], message["delivered_at"]) <= change["effective_at"]
                and not any(
                    message["first_submitted_at"] < began <= change["effective_at"]
                    for began in owners[change["recipient_id"]]
                )
                and change["effective_at"]
                < message["sent_at"] + timedelta(hours=message["optout_window_hours"])
            ]
            if before:
                last = max(before, key=lambda m: (m["sent_at"], m["message_id"]))
                change["attributed_message_id"] = last["message_id"]
                change["attribution_window_hours"] = last["optout_window_hours"]
        message = messages.get(change["attributed_message_id"] or "")
        if message:
            earlier = [message["opted_out_at"]] if message["opted_out_at"] else []
            message["opted_out_at"] = min([*earlier, change["effective_at"]])
