"""A small golden world: one campaign, a few messages, every fault that calls a SQL file, and what is right.

Its logs are put into the bucket and landed, applied and reported by the platform's own code, so COPY, the ledger
and every file under ``sql/`` do here what they do on any day. The expected rows follow from the events by the
rules of the README and of ``sql/schema``, not from a run.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from ulid import ULID

from sms_warehouse import sql
from sms_warehouse.apply import STEPS, apply_step, row_count
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.landing.load import land_day
from sms_warehouse.migrate import migrate
from sms_warehouse.reports import REPORTS, refresh
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift

Line = dict[str, Any]

NOON = datetime(2026, 3, 10, 12)
DAY, NEXT_DAY, MEETING_DAY = date(2026, 3, 10), date(2026, 3, 11), date(2026, 3, 5)
AS_OF = datetime(2026, 3, 12, 9)
RUN_ID = "verify"

_PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
_DEFAULTS: dict[str, Line] = {
    "message_submitted": {
        "attempt_no": 1,
        "submit_status": "ACCEPTED",
        "campaign_id": "cmp_1",
        "msisdn_token": "f" * 64,
        "sender_id": "27368",
        "message_category": "MARKETING",
        "encoding": "GSM7",
        "segment_count": 2,
        "provider": "smsc-east",
    },
    "delivery_receipt": {
        "attempt_no": 1,
        "provider": "smsc-east",
        "provider_message_id": "1d305b4c",
        "status_raw": "x",
    },
    "link_click": {
        "link_token": "aZ3kP9xQ",
        "method": "GET",
        "http_status": 302,
        "client_ip": "203.0.113.7",
        "ip_token": "ip_1",
        "user_agent": _PHONE,
        "visitor_token": "visitor_1",
    },
    "subscription_changed": {
        "msisdn_token": "f" * 64,
        "program_id": "ALL",
        "method": "MO_KEYWORD",
    },
    "inbound_message": {"msisdn_token": "f" * 64, "sender_id": "27368", "intent": "REPLY"},
    "campaign_upserted": {
        "campaign_id": "cmp_1",
        "campaign_name": "Spring – früh",
        "campaign_type": "BLAST",
        "variants": [{"variant_id": "A", "name": "short"}, {"variant_id": "B", "name": "long"}],
    },
}


def _at(**after: float) -> datetime:
    return NOON + timedelta(**after)


def _text(moment: datetime) -> str:
    return f"{moment.isoformat()}Z"


def _line(event_type: str, event_id: str, occurred_at: datetime, **fields: Any) -> Line:
    return {
        "event_id": event_id,
        "event_type": event_type,
        "schema_version": 1,
        "source": EVENTS[event_type].source,
        "occurred_at": _text(occurred_at),
        "logged_at": _text(occurred_at + timedelta(milliseconds=20)),
        **_DEFAULTS[event_type],
        **fields,
    }


def message_id(number: int) -> str:
    """The id of a message: a ULID of noon."""
    return f"{str(ULID.from_timestamp(NOON.timestamp()))[:10]}{number:016}"


def _submitted(number: int, **fields: Any) -> Line:
    return _line(
        "message_submitted",
        f"submission-{number}",
        NOON,
        message_id=message_id(number),
        recipient_id=f"sub_{number}",
        **fields,
    )


def _receipt(number: int, status: str, **fields: Any) -> Line:
    return _line(
        "delivery_receipt",
        f"receipt-{number}",
        _at(seconds=9),
        message_id=message_id(number),
        status=status,
        **fields,
    )


def _click(name: str, number: int | None, occurred_at: datetime, **fields: Any) -> Line:
    message = {"message_id": message_id(number)} if number is not None else {}
    return _line("link_click", f"click-{name}", occurred_at, **message, **fields)


def _change(
    name: str, recipient: str, occurred_at: datetime, new_status: str = "OPTED_OUT"
) -> Line:
    return _line(
        "subscription_changed",
        f"change-{name}",
        occurred_at,
        recipient_id=recipient,
        new_status=new_status,
        effective_at=_text(occurred_at),
    )


def inbound(name: str, day: date = DAY, **fields: Any) -> Line:
    """A message that a recipient sent at noon."""
    return _line(
        "inbound_message",
        f"inbound-{name}",
        datetime.combine(day, NOON.time()),
        **({"inbound_id": f"in_{name}"} | fields),
    )


# Delivered and clicked; delivered, and opted out after; failed; accepted by the carrier; suppressed; refused.
_FIRST: dict[str, list[Line]] = {
    "campaign_upserted": [_line("campaign_upserted", "campaign-1", NOON, version=1)],
    "message_submitted": [
        *(_submitted(n, variant_id="AABB"[n]) for n in range(4)),
        _submitted(4, submit_status="SUPPRESSED", suppress_reason="FREQ_CAP"),
        _submitted(5, submit_status="REJECTED", submit_error_code="429"),
    ],
    "delivery_receipt": [
        _receipt(0, "DELIVERED"),
        _receipt(1, "DELIVERED"),
        _receipt(2, "UNDELIVERED", error_code="012"),
        _receipt(3, "CARRIER_ACCEPTED"),
    ],
    "link_click": [
        _click("first", 0, _at(minutes=10)),
        _click("again", 0, _at(hours=9)),
        _click("machine", 0, _at(hours=9), method="HEAD"),
        _click("fast", 6, _at(seconds=1.5)),
        _click("guess", None, _at(minutes=20), link_token="guessed"),
    ],
    "subscription_changed": [_change("1", "sub_1", _at(hours=1))],
    "inbound_message": [inbound("1", recipient_id="sub_0", in_reply_to_message_id=message_id(0))],
}
# What the objects hold for a while instead, before their first content comes back.
_OTHER: dict[str, list[Line]] = {
    "campaign_upserted": [_line("campaign_upserted", "campaign-x", NOON, version=7)],
    "message_submitted": [_submitted(9)],
    "delivery_receipt": [_receipt(9, "DELIVERED")],
    "link_click": [_click("other", 9, _at(minutes=3))],
    "subscription_changed": [_change("x", "sub_9", _at(hours=2))],
    "inbound_message": [inbound("x", recipient_id="sub_9")],
}
# Late news: a campaign's settings, a message whose click came before it and was too fast, one more click, and a
# line that changed hands.
_LATE: dict[str, list[Line]] = {
    "campaign_upserted": [
        _line(
            "campaign_upserted",
            "campaign-2",
            _at(hours=20),
            version=2,
            click_window_days=7,
            report_tz="America/New_York",
        )
    ],
    "message_submitted": [_submitted(6)],
    "link_click": [_click("late", 3, _at(hours=20), visitor_token="visitor_3")],
    "subscription_changed": [_change("2", "sub_2", _at(hours=20), "DEACTIVATED")],
}


def _copy_of(line: Line) -> Line:
    """The same event, as a service that tried again logged it."""
    logged_at = datetime.fromisoformat(line["logged_at"][:-1]) + timedelta(seconds=1)
    return line | {"logged_at": _text(logged_at)}


@dataclass(frozen=True)
class Golden:
    """A query of the finished world and the one row it has to give."""

    name: str
    query: str
    expected: tuple[object, ...]


GOLDEN: tuple[Golden, ...] = (
    Golden(
        "every line has one fate",
        "select cast(sum(lines) as bigint) as lines, cast(sum(rows_landed) as bigint) as rows_landed,"
        " cast(sum(lines_quarantined) as bigint) as lines_quarantined,"
        " cast(sum(lines_blank) as bigint) as lines_blank"
        " from control.landed_object where status = 'landed'",
        (30, 28, 1, 1),
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
            _at(seconds=9),
            2,
            1,
            _at(minutes=10),
            600,
            NOON,
            False,
        ),
    ),
    Golden(
        "an opt-out is put down to the message before it",
        f"select opted_out_at from warehouse.fact_message where message_id = '{message_id(1)}'",
        (_at(hours=1),),
    ),
    Golden(
        "a failure has its category",
        "select delivery_state, final_error_code, failure_category from warehouse.fact_message"
        f" where message_id = '{message_id(2)}'",
        ("UNDELIVERED", "012", "INVALID_NUMBER"),
    ),
    Golden(
        "a click is judged again when its submission comes late",
        "select click_class, is_human from warehouse.fact_click where event_id = 'click-fast'",
        ("TOO_FAST", False),
    ),
    Golden(
        "the newest image of a campaign is current",
        "select version, campaign_name, valid_to from warehouse.dim_campaign where is_current",
        (2, "Spring – früh", None),
    ),
    Golden(
        "the report of the campaign adds up",
        "select attempted, suppressed, submit_failed, sent, delivered, failed, carrier_accepted_only,"
        " delivery_rate, clicked, clicked_delivered, total_clicks, bot_clicks, ctr, opt_outs, optout_rate,"
        " segments_sent, median_sec_to_click from reports.campaign_performance where variant_id = '*'",
        (
            6,
            1,
            1,
            5,
            2,
            1,
            1,
            Decimal("0.400000"),
            2,
            1,
            3,
            2,
            Decimal("0.500000"),
            1,
            Decimal("0.500000"),
            10,
            (600 + 72_000) / 2,
        ),
    ),
    Golden(
        "the thirty days of everything add up",
        "select report_date, attempted, sent, delivered, clicked, recipients_exact, unique_clickers"
        " from reports.rolling_30d where scope_type = 'ALL'",
        (date(2026, 3, 11), 6, 5, 2, 2, 5, 2),
    ),
    Golden(
        "a failure is reported by day and reason",
        "select sent_date_report, provider, failure_category, error_code, messages"
        " from reports.delivery_failure_daily where error_code = '012'",
        (DAY, "smsc-east", "INVALID_NUMBER", "012", 1),
    ),
    Golden(
        "a message's status is computed when it is asked for",
        "select delivery_outcome, engaged, follow_up_action from reports.message_status"
        f" where message_id = '{message_id(0)}'",
        ("DELIVERED", True, "NURTURE_CLICKER"),
    ),
)


@dataclass(frozen=True)
class Step:
    """One thing the platform does in the golden world."""

    name: str
    work: Callable[[], object]


def _stored(name: str, rows: int) -> Golden:
    """How many submissions are stored, each of them once."""
    return Golden(
        name,
        "select count(*) as stored, count(distinct event_id) as events from warehouse.fact_submission",
        (rows, rows),
    )


def steps(redshift: Redshift, lake: Lake, prefix: str) -> Iterator[Step | Golden]:
    """What happens, in order: two days of logs with everything that can befall them, and what is read of them.

    Between the steps, what has to be there at that moment.
    """

    def write(contents: dict[str, list[Line]], name: str, day: date = DAY) -> None:
        for event_type, lines in contents.items():
            lake.put(key(prefix, event_type, day, name), _packed(lines))

    def first_day() -> None:
        write(_FIRST, "first")
        write({t: [_copy_of(lines[0])] for t, lines in _FIRST.items()}, "copy")
        lines = _FIRST["message_submitted"]
        lake.put(
            key(prefix, "message_submitted", DAY, "first"),
            gzip.compress(_joined(lines) + b"\nthis is not JSON\n", mtime=0),
        )
        lake.put(key(prefix, "link_click", DAY, "poison"), b"this is not gzip")

    def land(day: date) -> None:
        for event_type in EVENTS:
            land_day(redshift, lake, event_type, day, run_id=RUN_ID)

    yield Step("migrate", lambda: migrate(redshift))
    yield Step("migrate again", lambda: migrate(redshift))
    for what, news, day, golden in (
        ("a day's logs", first_day, DAY, _stored("of two copies of an event one stays", 6)),
        (
            "objects with other content",
            lambda: write(_OTHER, "first"),
            DAY,
            _stored("when the object of an event changes, a copy takes its place", 2),
        ),
        (
            "their first content again",
            first_day,
            DAY,
            _stored("when the object changes back, one of the copies stays", 6),
        ),
        (
            "late news",
            lambda: write(_LATE, "late", NEXT_DAY),
            NEXT_DAY,
            _stored("what comes a day later comes on top", 7),
        ),
    ):
        yield Step(f"{what}: write", news)
        yield Step(f"{what}: land", partial(land, day))
        for table in STEPS:
            yield Step(f"{what}: apply {table}", partial(apply_step, redshift, table))
        yield golden
    for table, step in STEPS.items():
        if step.recompute:
            yield Step(
                f"work out {table} again",
                partial(apply_step, redshift, table, recompute_day=DAY),
            )
    for report in REPORTS:
        yield Step(
            f"refresh {report}",
            partial(refresh, redshift, report, as_of=AS_OF, report_tz="UTC"),
        )
    yield Step("read what there is", lambda: _read(redshift))


def _read(redshift: Redshift) -> None:
    with redshift.session("verify") as session:
        for table in STEPS:
            row_count(session, table, DAY)
        sql.run(session, "landing/totals")
        sql.run(session, "landing/loads_of_run", run_id=RUN_ID)


def key(prefix: str, event_type: str, day: date, name: str) -> str:
    """The key of a log under a prefix, laid out as the services do."""
    return f"{prefix}raw/{event_type}/v=1/dt={day.isoformat()}/hh=12/{name}.json.gz"


def _joined(lines: Sequence[Line]) -> bytes:
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)


def _packed(lines: Sequence[Line]) -> bytes:
    return gzip.compress(_joined(lines), mtime=0)
