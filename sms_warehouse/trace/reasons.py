"""What the facts made of the events of a message, and why, in sentences.

The numbers themselves are the warehouse's; these sentences follow the rules of ``sql/warehouse/fact_message`` for the
few events of one message, so that a person can see which event decided what.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]
Reasons = dict[str, list[str]]
"""Sentences by event_id."""

DELIVERED_RANK = 60


def of_submissions(submissions: Sequence[Row]) -> Reasons:
    """Submissions of one message: the first report of an attempt counts.

    The first attempt says whom and what for, the latest how it was sent.
    """
    found: Reasons = {}
    firsts: dict[int, Row] = {}
    for row in sorted(submissions, key=lambda r: (r["occurred_at"], r["event_id"])):
        first = firsts.setdefault(row["attempt_no"], row)
        found[row["event_id"]] = (
            []
            if first is row
            else [
                f"does not count: attempt {row['attempt_no']} was reported first by event {first['event_id']}"
            ]
        )
    if not firsts:
        return found
    in_time = sorted(firsts.values(), key=lambda r: (r["occurred_at"], r["event_id"]))
    found[in_time[0]["event_id"]].append("the first attempt: first_submitted_at")
    accepted = [row for row in in_time if row["submit_status"] == "ACCEPTED"]
    if accepted:
        found[accepted[0]["event_id"]].append("the first attempt that was accepted: sent_at")
    original, latest = firsts[min(firsts)], firsts[max(firsts)]
    found[original["event_id"]].append(
        f"attempt {original['attempt_no']}: says campaign, variant, recipient and link"
    )
    found[latest["event_id"]].append(
        f"the latest attempt, {latest['attempt_no']}: says sender, parts and provider"
    )
    return found


def of_receipts(receipts: Sequence[Row], message: Row | None, accepted: Iterable[int]) -> Reasons:
    """Receipts of one message: a part's state is its highest; one attempt decides.

    ``accepted`` are the numbers of the attempts that the network accepted.
    """
    found: Reasons = {row["event_id"]: [] for row in receipts}
    deciding = _deciding_attempt(receipts, message, accepted)
    for attempt in {row["attempt_no"] for row in receipts}:
        winners, overruled = part_winners([r for r in receipts if r["attempt_no"] == attempt])
        for part, winner in winners.items():
            name = "the whole message" if part is None else f"part {part}"
            sentence = f"decides {name} of attempt {attempt}: {winner['state']} (rank {winner['state_rank']})"
            if attempt == deciding:
                sentence += ", and the attempt decides the message"
            found[winner["event_id"]].append(sentence)
        for row in receipts:
            if row["attempt_no"] != attempt or found[row["event_id"]]:
                continue
            if row["segment_seq"] is None and overruled:
                sentence = (
                    "does not count: receipts for parts say more than one for the whole message"
                )
            else:
                winner = winners[row["segment_seq"]]
                sentence = (
                    f"{row['state']} (rank {row['state_rank']}) does not decide: "
                    f"event {winner['event_id']} says {winner['state']} (rank {winner['state_rank']})"
                )
            found[row["event_id"]].append(sentence)
    for row in receipts:
        if row["state"] != row["status"]:
            found[row["event_id"]].append(
                f"taken for {row['state']}: it counts fewer parts delivered than submitted"
            )
    return found


def part_winners(receipts: Sequence[Row]) -> tuple[dict[int | None, Row], bool]:
    """The receipt that decides each part of one attempt, and whether one for the whole message was passed over."""
    has_parts = any(row["segment_seq"] is not None for row in receipts)
    winners: dict[int | None, Row] = {}
    for row in sorted(receipts, key=_strength):
        if row["segment_seq"] is not None or not has_parts:
            winners[row["segment_seq"]] = row
    return winners, has_parts


def _strength(row: Row) -> tuple[int, datetime, int, str]:
    sequence = row["provider_sequence"]
    return (
        row["state_rank"],
        row["occurred_at"],
        -1 if sequence is None else sequence,
        row["event_id"],
    )


def _deciding_attempt(
    receipts: Sequence[Row], message: Row | None, accepted: Iterable[int]
) -> int | None:
    """Delivered in any attempt is delivered; else the latest attempt says how the message stands."""
    attempts = {row["attempt_no"] for row in receipts}
    if message is not None and message["delivery_state"] == "DELIVERED":
        for attempt in sorted(attempts, reverse=True):
            winners, _ = part_winners([r for r in receipts if r["attempt_no"] == attempt])
            times = [
                w["occurred_at"] for w in winners.values() if w["state_rank"] == DELIVERED_RANK
            ]
            if times and max(times) == message["delivered_at"]:
                return int(attempt)
    return max(attempts | set(accepted), default=None)


def of_click(row: Row) -> list[str]:
    """What one request for the link was taken for."""
    version = f"rules of version {row['bot_ruleset_version']}"
    if not row["is_human"]:
        reason = f" ({row['bot_reason']})" if row["bot_reason"] else ""
        return [f"a machine: {row['click_class']}{reason}, {version}"]
    if row["is_repeat_fire"]:
        return [f"a person's tap fired again within two seconds: not counted, {version}"]
    return [f"a person's click, counted, {version}"]


def of_subscription(row: Row) -> list[str]:
    """What became of one change of consent or of the line."""
    if row["new_status"] in ("DEACTIVATED", "REASSIGNED"):
        return ["the line changed hands: later messages belong to the next recipient_key"]
    if row["new_status"] != "OPTED_OUT":
        return []
    if row["is_attribution_due"]:
        return ["not put down to a message yet"]
    message = row["attributed_message_id"]
    if message is None:
        return ["put down to no message: none was delivered within its campaign's window before"]
    if row["in_reply_to_message_id"] is not None:
        return [f"put down to message {message}, which it answers"]
    return [
        f"put down to message {message}, the last one delivered within"
        f" {row['attribution_window_hours']} hours before"
    ]


def of_inbound(row: Row) -> list[str]:
    """What one message from the recipient counts as."""
    if row["intent"] == "STOP":
        return ["an opt-out, not an answer: the change of consent follows it"]
    message = row["in_reply_to_message_id"]
    return [
        f"an answer to message {message}" if message else "an answer to no message that is known"
    ]


def of_message(message: Row) -> list[str]:
    """Why the row of a message says what it says, as far as no single event does.

    Besides the row's columns, ``mapped_category`` and ``mapped_description`` say what its error code means today.
    """
    if message["is_stub"]:
        return ["a stub: no submission is known, so no report of messages has it"]
    line_changes = message["recipient_key"].rpartition("#")[2]
    found = [
        f"counted under {message['cohort_date_report']}, the day of {message['cohort_at']} UTC"
        f" in {message['report_tz']}",
        f"the line had changed hands {line_changes} times before it was first submitted",
    ]
    if message["delivery_state"] is None:
        found.append("no attempt was accepted and no receipt came: it has no delivery state")
    elif not message["receipts"]:
        found.append(f"{message['delivery_state']}: accepted, and no receipt came")
    else:
        found.append(
            f"{message['delivery_state']}: {message['segments_delivered']} parts delivered and"
            f" {message['segments_failed']} failed of {message['segment_count']}, {message['receipts']} receipts"
        )
    if message["conflicting_final"]:
        found.append("a part has receipts of delivery and of failure: delivery counts")
    if message["failure_category"] is not None:
        found.append(_failure(message))
    found.append(
        f"{message['click_requests']} requests for the link = {message['human_clicks']} clicks by people"
        f" + {message['bot_clicks']} by machines + {message['repeat_clicks']} repeats"
    )
    if message["followed_up_at"] is not None:
        found.append(f"a reminder of it was accepted at {message['followed_up_at']} UTC")
    return found


def _failure(message: Row) -> str:
    code = message["final_error_code"]
    what = f"code {code!r} of {message['final_error_provider']}" if code else "no code"
    mapped = message["mapped_category"]
    if mapped is None:
        return f"{message['failure_category']}: {what}, which warehouse.dim_delivery_error does not list"
    if mapped != message["failure_category"]:
        return (
            f"{message['failure_category']}: {what}, which is {mapped} by today's mapping;"
            " `sms-warehouse reclassify --errors` applies it"
        )
    return f"{message['failure_category']}: {what}, {message['mapped_description']}"
