"""The contracts of the six event types: what each service promises to write, field by field.

Everything that depends on the shape of an event is derived from this page: the checks of ``inspect``, the
Parquet files that COPY reads, and the test that the staging tables of ``sql/schema`` agree column by column.
Lengths are UTF-8 bytes, as Redshift counts VARCHAR.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa


class Kind(StrEnum):
    """What a JSON value has to be to be stored; nothing is ever converted from another kind."""

    TEXT = "text"  # a string, kept as it is
    KEY = "key"  # a string that must not begin or end with a blank: 'a' = 'a ' is true on Redshift
    ULID = "ulid"  # 26 characters of Crockford base 32, upper case, first character 0-7
    TOKEN = "token"  # 64 hexadecimal digits in small letters: what stands for a phone number, never one itself
    SMALLINT = "smallint"
    INTEGER = "integer"
    BIGINT = "bigint"
    FLOAT = "float"  # a finite JSON number
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"  # RFC 3339 with a zone, stored as naive UTC
    DATE = "date"  # never in a line: only landing writes one
    JSON_OBJECT = "json_object"  # kept as the JSON text found in the line
    JSON_ARRAY = "json_array"


INTEGER_RANGES = {
    Kind.SMALLINT: (-(2**15), 2**15 - 1),
    Kind.INTEGER: (-(2**31), 2**31 - 1),
    Kind.BIGINT: (-(2**63), 2**63 - 1),
}
TEXT_KINDS = frozenset({Kind.TEXT, Kind.KEY, Kind.ULID, Kind.TOKEN})
JSON_KINDS = frozenset({Kind.JSON_OBJECT, Kind.JSON_ARRAY})

ID_BYTES = 64
CODE_BYTES = 32
TOKEN_BYTES = 64
DESCRIPTION_BYTES = 2048
JSON_BYTES = 65535
LINE_BYTES = 1024 * 1024
"""A line longer than this is quarantined: COPY could not take it as a row, whatever it holds."""

_ARROW = {
    Kind.TEXT: pa.string(),
    Kind.KEY: pa.string(),
    Kind.ULID: pa.string(),
    Kind.TOKEN: pa.string(),
    Kind.SMALLINT: pa.int16(),
    Kind.INTEGER: pa.int32(),
    Kind.BIGINT: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.TIMESTAMP: pa.timestamp("us"),
    Kind.DATE: pa.date32(),
    Kind.JSON_OBJECT: pa.string(),
    Kind.JSON_ARRAY: pa.string(),
}
_REDSHIFT = {
    Kind.SMALLINT: "smallint",
    Kind.INTEGER: "integer",
    Kind.BIGINT: "bigint",
    Kind.FLOAT: "double precision",
    Kind.BOOLEAN: "boolean",
    Kind.TIMESTAMP: "timestamp without time zone",
    Kind.DATE: "date",
}


@dataclass(frozen=True)
class Field:
    """One field of an event: ``max_bytes`` for text and JSON, ``choices`` for closed lists."""

    name: str
    kind: Kind
    meaning: str
    is_required: bool = False
    max_bytes: int | None = None
    choices: tuple[str, ...] = ()

    @property
    def arrow_type(self) -> pa.DataType:
        return _ARROW[self.kind]

    @property
    def redshift_type(self) -> str:
        """The column's type as information_schema and the UI name it."""
        if self.max_bytes is not None:
            return f"character varying({self.max_bytes})"
        return _REDSHIFT[self.kind]


@dataclass(frozen=True)
class Event:
    """One event type: its fields in the order of the staging table's columns."""

    name: str
    source: str
    meaning: str
    fields: tuple[Field, ...]
    schema_version: int = 1

    @property
    def staged_fields(self) -> tuple[Field, ...]:
        """The event's fields, then what landing adds: where the row came from and what was unknown."""
        return self.fields + PROVENANCE

    @property
    def arrow_schema(self) -> pa.Schema:
        """The schema of a Parquet file of good rows; COPY maps it to the staging table by position."""
        return pa.schema(
            [pa.field(f.name, f.arrow_type, nullable=not f.is_required) for f in self.staged_fields]
        )


def _text(name: str, meaning: str, max_bytes: int, *, required: bool = False) -> Field:
    return Field(name, Kind.TEXT, meaning, required, max_bytes)


def _key(name: str, meaning: str, *, required: bool = False, max_bytes: int = ID_BYTES) -> Field:
    return Field(name, Kind.KEY, meaning, required, max_bytes)


def _code(name: str, meaning: str, *choices: str, required: bool = False) -> Field:
    return Field(name, Kind.KEY, meaning, required, CODE_BYTES, choices)


def _ulid(name: str, meaning: str, *, required: bool = False) -> Field:
    return Field(name, Kind.ULID, meaning, required, 26)


def _of(kind: Kind, name: str, meaning: str, *, required: bool = False) -> Field:
    return Field(name, kind, meaning, required, JSON_BYTES if kind in JSON_KINDS else None)


_MSISDN_TOKEN = Field(
    "msisdn_token", Kind.TOKEN, "keyed HMAC-SHA256 of the phone number, hex", True, TOKEN_BYTES
)

ENVELOPE = (
    _key(
        "event_id",
        "minted once by the service when it happens; retries re-use it",
        required=True,
        max_bytes=36,
    ),
    _code("event_type", "the event type, the same as in the object's key", required=True),
    _of(
        Kind.SMALLINT,
        "schema_version",
        "major version, the same as in the object's key",
        required=True,
    ),
    _key("source", "the service that wrote the line", required=True),
    _of(Kind.TIMESTAMP, "occurred_at", "when it happened, UTC", required=True),
    _of(Kind.TIMESTAMP, "logged_at", "when the service wrote the line, UTC", required=True),
    _key("trace_id", "ties together what one request caused across services"),
    _of(Kind.JSON_OBJECT, "attributes", "anything else the service chose to say"),
)

PROVENANCE = (
    _key("object_id", "SHA-256 over bucket, key, ETag and size of the object", required=True),
    _of(Kind.BIGINT, "line_number", "physical line within the object, from 1", required=True),
    _of(Kind.DATE, "arrival_date", "UTC day of the object's key", required=True),
    _key("load_id", "the load that landed the row", required=True, max_bytes=26),
    Field(
        "extra",
        Kind.JSON_OBJECT,
        "fields this version does not know, as JSON text",
        False,
        JSON_BYTES,
    ),
)

MESSAGE_SUBMITTED = Event(
    "message_submitted",
    "sms-sender",
    "one attempt to hand one message for one recipient to the network, or the decision not to",
    ENVELOPE
    + (
        _ulid(
            "message_id", "one message to one recipient; it tells when it was made", required=True
        ),
        _of(
            Kind.SMALLINT,
            "attempt_no",
            "1, and one more for each platform re-submit",
            required=True,
        ),
        _code(
            "submit_status",
            "what became of the attempt",
            "ACCEPTED",
            "REJECTED",
            "SUPPRESSED",
            required=True,
        ),
        _code("submit_error_code", "why it was not accepted"),
        _code(
            "suppress_reason",
            "why it was never sent: OPTED_OUT, FREQ_CAP, QUIET_HOURS, HOLDOUT, INVALID",
        ),
        _key("campaign_id", "the campaign", required=True),
        _key("variant_id", "the variant of the campaign's test"),
        _key("send_batch_id", "one blast or one step of a journey"),
        _ulid("follow_up_of_message_id", "the message this one reminds of"),
        _key("recipient_id", "subscriber line, a surrogate of the phone number", required=True),
        _MSISDN_TOKEN,
        _key("sender_id", "short code or ten-digit long code", required=True),
        _code("message_category", "MARKETING or SERVICE", "MARKETING", "SERVICE", required=True),
        _key("template_id", "the text's template; the text itself is never logged"),
        _code("encoding", "GSM7 or UCS2", "GSM7", "UCS2", required=True),
        _of(Kind.SMALLINT, "segment_count", "parts the network will carry", required=True),
        _key("link_token", "unique URL token of the message; case counts"),
        _key("link_url_id", "the destination behind the token"),
        _key("provider", "the SMSC or gateway", required=True),
        _key("provider_message_id", "the provider's id of the message"),
        _key("mcc_mnc", "mobile country and network code, leading zeros kept", max_bytes=6),
        _key("recipient_tz", "IANA time zone of the recipient"),
        _of(Kind.TIMESTAMP, "scheduled_at", "when it was meant to go out, UTC"),
    ),
)

DELIVERY_RECEIPT = Event(
    "delivery_receipt",
    "dlr-gateway",
    "one receipt, for one part of a message and one state",
    ENVELOPE
    + (
        _ulid(
            "message_id", "the message; null when the gateway could not resolve the provider's id"
        ),
        _of(Kind.SMALLINT, "attempt_no", "the attempt the receipt belongs to; null means 1"),
        _of(Kind.SMALLINT, "segment_seq", "the part, from 1; null means the whole message"),
        _of(Kind.SMALLINT, "segment_total", "parts of the message, as the provider counts"),
        _key("provider", "the SMSC or gateway", required=True),
        _key("provider_message_id", "the provider's id of the message", required=True),
        _code(
            "status",
            "the normalised state",
            "QUEUED",
            "SENT",
            "CARRIER_ACCEPTED",
            "DELIVERED",
            "UNDELIVERED",
            "EXPIRED",
            "REJECTED",
            "DELETED",
            "FAILED",
            "UNKNOWN",
            required=True,
        ),
        _code("status_raw", "the state in the provider's words", required=True),
        _of(
            Kind.BOOLEAN, "is_final_claimed", "whether the provider calls it final; never relied on"
        ),
        _code("delivery_level", "who acknowledged: CARRIER or HANDSET", "CARRIER", "HANDSET"),
        _code("error_code", "the provider's error code"),
        _of(Kind.BOOLEAN, "error_permanent", "whether the provider calls the error permanent"),
        _of(
            Kind.TIMESTAMP,
            "provider_occurred_at",
            "the provider's time, where its zone is known, UTC",
        ),
        _code("provider_done_raw", "the provider's done date as written, zone unknown"),
        _of(Kind.BIGINT, "provider_sequence", "order in which the provider made its receipts"),
        _key("mcc_mnc", "mobile country and network code", max_bytes=6),
        _key("carrier_name", "the carrier in the provider's words"),
        _text("receipt_text", "the raw receipt", DESCRIPTION_BYTES),
    ),
)

LINK_CLICK = Event(
    "link_click",
    "link-redirector",
    "one HTTP request for a message's link, robots included",
    ENVELOPE
    + (
        _key("link_token", "the token asked for; case counts", required=True),
        _ulid("message_id", "the message the token was made for; null when no such token exists"),
        _key("link_url_id", "the destination behind the token"),
        _key("recipient_id", "the recipient of the message"),
        _code("method", "HTTP method", required=True),
        _of(Kind.SMALLINT, "http_status", "HTTP status answered", required=True),
        _key("client_ip", "address the request came from"),
        _key("ip_token", "keyed hash of the address"),
        _of(Kind.BIGINT, "asn", "autonomous system the address belongs to"),
        _code("geo_country", "country of the address"),
        _code("geo_region", "region of the address"),
        _text("user_agent", "User-Agent header", 1024),
        _text("referer", "Referer header", DESCRIPTION_BYTES),
        _text("accept_language", "Accept-Language header", DESCRIPTION_BYTES),
        _text("sec_purpose", "Sec-Purpose, Purpose, X-Purpose or X-Moz header", CODE_BYTES),
        _text("sec_fetch_mode", "Sec-Fetch-Mode header", CODE_BYTES),
        _text("sec_fetch_user", "Sec-Fetch-User header", CODE_BYTES),
        _key(
            "visitor_token", "keyed hash of the first-party cookie, else of address and user agent"
        ),
        _of(Kind.SMALLINT, "edge_bot_score", "bot score of the edge, 0 to 100"),
        _of(Kind.INTEGER, "redirect_ms", "time to answer, milliseconds"),
    ),
)

SUBSCRIPTION_CHANGED = Event(
    "subscription_changed",
    "preference-center",
    "one change of a recipient's consent or of the line itself",
    ENVELOPE
    + (
        _key("recipient_id", "subscriber line", required=True),
        _MSISDN_TOKEN,
        _key("program_id", "the programme, or ALL", required=True),
        _code(
            "new_status",
            "the state from now on",
            "OPTED_IN",
            "OPTED_OUT",
            "PENDING_CONFIRM",
            "DEACTIVATED",
            "REASSIGNED",
            required=True,
        ),
        _code("prior_status", "the state before"),
        _code("method", "MO_KEYWORD, WEB, AGENT, IMPORT, CARRIER_DEACT or ERASURE", required=True),
        _text("keyword_raw", "the word the recipient wrote, as written", ID_BYTES),
        _ulid("in_reply_to_message_id", "the message answered, where it is known"),
        _key("inbound_event_id", "the inbound message behind the change"),
        _key("consent_text_version", "the consent text shown"),
        _of(Kind.TIMESTAMP, "effective_at", "from when the state holds, UTC", required=True),
    ),
)

INBOUND_MESSAGE = Event(
    "inbound_message",
    "mo-gateway",
    "one message a recipient sent to us; its text is not logged",
    ENVELOPE
    + (
        _key("inbound_id", "the inbound message", required=True),
        _MSISDN_TOKEN,
        _key("recipient_id", "subscriber line, where it is known"),
        _key("sender_id", "our number that was written to", required=True),
        _text("keyword", "the first word, where it is one we know", ID_BYTES),
        _code("intent", "STOP, HELP, START or REPLY"),
        _of(Kind.INTEGER, "body_len", "length of the text, characters"),
        _ulid("in_reply_to_message_id", "the message answered, where it is known"),
    ),
)

CAMPAIGN_UPSERTED = Event(
    "campaign_upserted",
    "campaign-manager",
    "a campaign as it stands from this version on, whole",
    ENVELOPE
    + (
        _key("campaign_id", "the campaign", required=True),
        _of(Kind.INTEGER, "version", "counts up with each change", required=True),
        _text("campaign_name", "name in the campaign manager", DESCRIPTION_BYTES, required=True),
        _code("campaign_type", "BLAST, JOURNEY or TRIGGERED"),
        _text("objective", "what it is for", DESCRIPTION_BYTES),
        _text("owner", "the team that runs it", DESCRIPTION_BYTES),
        _of(Kind.TIMESTAMP, "start_at", "planned start, UTC"),
        _of(Kind.TIMESTAMP, "end_at", "planned end, UTC"),
        _code("status", "state in the campaign manager"),
        _key("parent_campaign_id", "the campaign this one follows up"),
        _of(Kind.JSON_ARRAY, "variants", "variants: variant_id, name, allocation_pct, is_control"),
        _text("target_segment", "whom it is meant for", DESCRIPTION_BYTES),
        _key("report_tz", "IANA time zone its reports are read in"),
        _of(Kind.SMALLINT, "click_window_days", "days a click counts for the campaign's success"),
        _of(
            Kind.SMALLINT, "optout_window_hours", "hours an opt-out is put down to the last message"
        ),
        _of(
            Kind.BOOLEAN,
            "cpni_used",
            "whether network information about customers chose the audience",
        ),
        _text("cpni_description", "which such information", DESCRIPTION_BYTES),
        _text("products_offered", "products and services offered", DESCRIPTION_BYTES),
        _of(Kind.FLOAT, "holdout_pct", "share of the audience not sent to, percent"),
        _of(Kind.BOOLEAN, "deleted", "whether the campaign was deleted"),
    ),
)

EVENTS: dict[str, Event] = {
    event.name: event
    for event in (
        MESSAGE_SUBMITTED,
        DELIVERY_RECEIPT,
        LINK_CLICK,
        SUBSCRIPTION_CHANGED,
        INBOUND_MESSAGE,
        CAMPAIGN_UPSERTED,
    )
}
