"""The dlr-gateway: a ``delivery_receipt`` line for each part and state a provider reports.

Providers differ: some report parts and some whole messages, some report every state and some only
the last, and all of them are at times late, silent, or change their mind.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from sms_warehouse.local.traffic.draws import Ids, Ints, Mask, below, normal, pick, unit
from sms_warehouse.local.traffic.lines import DAY_MS, choice, done_dates, fill, iso_times
from sms_warehouse.local.traffic.messages import (
    PROVIDERS,
    RESENT,
    SECOND_ATTEMPT_SHARE,
    SMSC_EAST,
    SMSC_WEST,
    TWILIO,
    VONAGE,
    Messages,
)
from sms_warehouse.local.traffic.rows import Rows, concat, make_rows, no_rows
from sms_warehouse.local.traffic.service import (
    BLOCK,
    LOGGED_AFTER_MAX_MS,
    Service,
    log_uniform,
    nullable,
)
from sms_warehouse.local.traffic.submissions import provider_message_ids
from sms_warehouse.local.traffic.world import CARRIERS, DEACTIVATED, World

STATUSES = (
    "QUEUED", "SENT", "CARRIER_ACCEPTED", "DELIVERED", "UNDELIVERED", "EXPIRED", "REJECTED", "DELETED", "FAILED",
    "UNKNOWN",
)  # fmt: skip
(
    _QUEUED,
    _SENT,
    _ACCEPTED,
    _DELIVERED,
    _UNDELIVERED,
    _EXPIRED,
    _REJECTED,
    _DELETED,
    _FAILED,
    _UNKNOWN,
) = range(10)
_SILENT = 10  # no receipt ever comes

_SMPP_WORDS = (
    "ENROUTE", "ENROUTE", "ACCEPTD", "DELIVRD", "UNDELIV", "EXPIRED", "REJECTD", "DELETED", "UNDELIV", "UNKNOWN",
)  # fmt: skip
_WORDS = (
    _SMPP_WORDS,
    _SMPP_WORDS,
    (
        "queued",
        "sent",
        "sent",
        "delivered",
        "undelivered",
        "undelivered",
        "failed",
        "canceled",
        "failed",
        "sent",
    ),
    (
        "buffered",
        "buffered",
        "accepted",
        "delivered",
        "failed",
        "expired",
        "rejected",
        "deleted",
        "failed",
        "unknown",
    ),
)
# Error code and whether the provider calls it permanent. 9F3, 30099 and 77 are in nobody's list.
_ERRORS = {
    _UNDELIVERED: (
        (("012", True), ("001", True), ("034", False), ("9F3", None)),
        (("012", True), ("001", True), ("034", False)),
        (("30003", False), ("30005", True), ("30006", True), ("30007", None), ("30099", None)),
        (("3", True), ("4", True), ("6", True), ("14", False), ("77", None)),
    ),
    _EXPIRED: (
        (("254", False),),
        (("254", False),),
        (("30003", False),),
        (("2", False), ("7", False)),
    ),
    _REJECTED: (
        (("088", False),),
        (("088", False),),
        (("30004", True), ("30007", None)),
        (("5", False), ("9", True)),
    ),
    _DELETED: ((("253", False),), (("253", False),), (("30008", None),), (("99", None),)),
    _FAILED: (
        (("069", False),),
        (("069", False),),
        (("30001", False), ("30008", None)),
        (("8", False), ("11", False)),
    ),
    _UNKNOWN: ((("255", None),), (("255", None),), (("30008", None),), (("1", None),)),
}
_ERRORS_MAX = 5

_OUTCOME_WEIGHTS = (0.935, 0.020, 0.012, 0.004, 0.001, 0.004, 0.003, 0.012, 0.009)
_OUTCOMES = np.array(
    [_DELIVERED, _UNDELIVERED, _EXPIRED, _REJECTED, _DELETED, _FAILED, _UNKNOWN, _SILENT, _ACCEPTED]
)
_EXPIRED_FROM, _EXPIRED_TO = sum(_OUTCOME_WEIGHTS[:2]), sum(_OUTCOME_WEIGHTS[:3])
_VERY_SLOW_SHARE, _SLOW_SHARE = 0.004, 0.024
_PROMPT_MAX_MS = 8 * 60_000
_RECENT_MS = _PROMPT_MAX_MS + LOGGED_AFTER_MAX_MS + 5_000
_LATEST_DAYS = 4

# Events of a part: the states on the way, the last state, and the delivery that comes after
# EXPIRED.
_ON_QUEUE, _ON_SEND, _ON_ACCEPT, _AT_LAST, _AFTER_ALL = range(5)
_WHOLE_MESSAGE = 0  # as number of the part

_TEMPLATE = (
    b',"attributes":%b,"message_id":%b,%b,"provider_message_id":"%b",%b,%b,'
    b'"provider_occurred_at":%b,"provider_done_raw":%b,"provider_sequence":%b,%b,"receipt_text":%b}'
)


def _is_seldom_prompt(world: World, numbers: Ids) -> Mask:
    """Which receipts may take longer than ``_RECENT_MS``: a rough choice, cheap for whole days."""
    outcome = unit(world.key("outcome"), numbers)
    return (
        (unit(world.key("slow"), numbers) < _SLOW_SHARE)
        | ((outcome >= _EXPIRED_FROM - 1e-6) & (outcome < _EXPIRED_TO + 1e-6))
        | (unit(world.key("path"), numbers) < SECOND_ATTEMPT_SHARE)
    )


class ReceiptGateway(Service):
    event_type = "delivery_receipt"
    source = "dlr-gateway"
    is_busy = True

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._slow_rows = lru_cache(maxsize=4)(self._slow_rows_of)

    def rows(self, from_ms: int, to_ms: int) -> Rows:
        recent = self.world.numbers_between(from_ms - _RECENT_MS, to_ms + 1000)
        prompt = recent[~_is_seldom_prompt(self.world, recent)]
        found = [
            self._receipts(prompt[start : start + BLOCK]).within(from_ms, to_ms)
            for start in range(0, len(prompt), BLOCK)
        ]
        for day in range(from_ms // DAY_MS, (to_ms - 1) // DAY_MS + 1):
            if day >= self.world.first_day:
                found.append(self._slow_rows(day).within(from_ms, to_ms))
        return concat(found) if found else no_rows()

    def _slow_rows_of(self, day: int) -> Rows:
        """Receipts logged on a day for the messages, of it and of days before, that are not prompt."""
        found = [no_rows()]
        for origin in range(max(self.world.first_day, day - _LATEST_DAYS), day + 1):
            numbers = self.world.numbers(origin)
            numbers = numbers[_is_seldom_prompt(self.world, numbers)]
            for start in range(0, len(numbers), BLOCK):
                receipts = self._receipts(numbers[start : start + BLOCK])
                found.append(receipts.within(day * DAY_MS, (day + 1) * DAY_MS))
        return concat(found)

    def _receipts(self, numbers: Ids) -> Rows:
        """All receipts of these messages, whenever they are logged."""
        messages = Messages(self.world, numbers)
        found = [self._attempt(messages, np.flatnonzero(messages.final_attempt > 0), resent=False)]
        resent = np.flatnonzero(messages.path == RESENT)
        if len(resent):
            found.append(self._attempt(messages, resent, resent=True))
        return concat(found)

    def _attempt(self, messages: Messages, chosen: Ints, *, resent: bool) -> Rows:
        """Receipts of one attempt of the chosen messages; ``resent``: of the first, which failed."""
        world = self.world
        provider = messages.provider[chosen]
        total = messages.segments[chosen]
        whole = provider == TWILIO
        # smsc-west at times adds a receipt for the whole message to those for its parts.
        extra = (provider == SMSC_WEST) & (
            unit(world.key("receipt for whole"), messages.numbers[chosen]) < 0.01
        )
        parts = np.where(whole, 1, total)
        of = np.repeat(np.arange(len(chosen)), parts + extra)
        place = np.arange(len(of)) - np.repeat(
            np.cumsum(parts + extra) - (parts + extra), parts + extra
        )
        segment = np.where(whole[of] | (place >= parts[of]), _WHOLE_MESSAGE, place + 1)
        numbers = messages.numbers[chosen][of]
        provider = provider[of]
        attempt = np.ones(len(of), np.int64) if resent else messages.final_attempt[chosen][of]
        sent = (messages.submitted_ms if resent else messages.sent_ms)[chosen][of]
        ids = numbers * np.uint64(64) + (attempt * 8 + segment).astype(np.uint64)

        if resent:
            outcome = np.full(len(of), _FAILED)
        else:
            outcome = self._outcomes(messages, chosen)[of]
            # Now and then the parts of one message fare differently.
            chance = unit(world.key("part differs"), ids)
            mixed = (outcome == _DELIVERED) & (segment > 1) & (chance < 0.008)
            outcome = np.where(mixed, np.where(chance < 0.004, _UNDELIVERED, _SILENT), outcome)
        last = sent + self._delay(numbers, ids, outcome, resent)

        found = []
        ways = (
            (_ON_QUEUE, (0.0, 0.0, 0.3, 0.0), 50, 400),
            (_ON_SEND, (0.15, 0.0, 1.0, 0.0), 200, 3_000),
            (_ON_ACCEPT, (0.0, 0.4, 0.0, 0.3), 300, 4_000),
        )
        for kind, shares, least, most in ways:
            reports = unit(world.key(f"reports {kind}"), ids) < np.array(shares)[provider]
            if kind == _ON_ACCEPT:
                reports |= (outcome == _ACCEPTED) & (provider != TWILIO)
            took = least + unit(world.key(f"reports {kind} after"), ids) * (most - least)
            found.append(
                self._rows(
                    numbers,
                    ids,
                    kind,
                    sent + took.astype(np.int64),
                    attempt,
                    segment,
                    outcome,
                    reports,
                )
            )
        reports = (outcome != _SILENT) & (outcome != _ACCEPTED)
        at_last = self._rows(numbers, ids, _AT_LAST, last, attempt, segment, outcome, reports)
        found.append(self._held_back(at_last, sent[reports], provider[reports], outcome[reports]))
        after_all = (outcome == _EXPIRED) & (unit(world.key("after all"), ids) < 0.05)
        later = last + (
            log_uniform(unit(world.key("after all after"), ids), 0.5, 20) * 3_600_000
        ).astype(np.int64)
        found.append(
            self._rows(numbers, ids, _AFTER_ALL, later, attempt, segment, outcome, after_all)
        )
        return concat(found)

    def _outcomes(self, messages: Messages, chosen: Ints) -> Ints:
        """The last state of each chosen message."""
        outcome = _OUTCOMES[messages.pick("outcome", _OUTCOME_WEIGHTS)][chosen]
        gone = messages.consent[chosen] >= DEACTIVATED
        return np.where(gone & (outcome == _DELIVERED), _UNDELIVERED, outcome)

    def _delay(self, numbers: Ids, ids: Ids, outcome: Ints, resent: bool) -> Ints:
        """Milliseconds from the attempt to the last receipt of each part."""
        world = self.world
        prompt = np.exp(np.log(6_000.0) + normal(world.key("delay"), ids))
        prompt = np.clip(prompt, 700, _PROMPT_MAX_MS)
        if resent:
            return np.minimum(prompt, 50_000).astype(np.int64)
        slow = unit(world.key("slow"), numbers)
        share = unit(world.key("slow by"), ids)
        delay = np.where(slow < _SLOW_SHARE, log_uniform(share, 120_000, 12 * 3_600_000), prompt)
        delay = np.where(
            slow < _VERY_SLOW_SHARE, log_uniform(share, 12 * 3_600_000, 70 * 3_600_000), delay
        )
        validity = np.array([24, 48, 72])[pick(world.key("validity"), numbers, (0.6, 0.25, 0.15))]
        delay = np.where(outcome == _EXPIRED, validity * 3_600_000 + prompt, delay)
        return delay.astype(np.int64)

    def _held_back(self, rows: Rows, sent: Ints, provider: Ints, outcome: Ints) -> Rows:
        """Some slow receipts were only slow to reach us: providers that tell the time say so."""
        world = self.world
        held = (unit(world.key("slow"), rows.subject) < _SLOW_SHARE) & (provider >= TWILIO)
        held &= (outcome != _EXPIRED) & (unit(world.key("held back"), rows.event) < 0.5)
        at = sent + 2_000 + below(world.key("held back at"), rows.event, 20_000)
        return replace(rows, occurred=np.where(held, np.minimum(at, rows.occurred), rows.occurred))

    def _rows(
        self,
        numbers: Ids,
        ids: Ids,
        kind: int,
        at: Ints,
        attempt: Ints,
        segment: Ints,
        outcome: Ints,
        which: Mask,
    ) -> Rows:
        """Rows of one kind; the actor of a row is the outcome of its part."""
        rows = np.flatnonzero(which)
        events = self.events(ids[rows] * np.uint64(8) + np.uint64(kind))
        part = attempt[rows] * 100 + segment[rows]
        logged = self.logged(at[rows], events)
        return make_rows(
            numbers[rows],
            kind,
            at[rows],
            logged,
            events,
            part=part,
            actor=outcome[rows].astype(np.uint64),
        )

    def lines(self, rows: Rows) -> list[bytes]:
        world = self.world
        messages = Messages(world, rows.subject)
        attempt, segment = np.divmod(rows.part.astype(np.int64), 100)
        provider = messages.provider
        status = np.select(
            [rows.kind == k for k in (_ON_QUEUE, _ON_SEND, _ON_ACCEPT, _AFTER_ALL)],
            [_QUEUED, _SENT, _ACCEPTED, _DELIVERED],
            rows.actor.astype(np.int64),
        )
        state = provider * len(STATUSES) + status
        states, errors = _state_fragments(), _error_fragments()
        error = (
            state * _ERRORS_MAX + below(world.key("error"), rows.event, 60) % _error_counts()[state]
        )

        totals = messages.segments
        shares = [
            b'"attempt_no":%d,"segment_seq":%b,"segment_total":%d'
            % (a, b"%d" % s if s else b"null", t)
            for a in (1, 2)
            for s in range(4)
            for t in (1, 2, 3)
        ]
        share = ((attempt - 1) * 4 + segment) * 3 + totals - 1
        resolved = unit(world.key("unresolved"), rows.event) >= 0.001
        provider_ids = provider_message_ids(world, rows.subject, attempt, provider).tolist()
        is_smpp = provider <= SMSC_WEST
        # SMSCs write the time of their own town.
        local = rows.occurred - np.where(provider == SMSC_EAST, 5, 8) * 3_600_000
        done = done_dates(local)
        has_done = provider != TWILIO
        known_zone = ~is_smpp
        provider_at = iso_times(
            np.where(provider == VONAGE, rows.occurred // 1000 * 1000, rows.occurred - 40)
        )
        sequence = [
            b"%d" % (e & 0xFFFFFFFF) if tells else b"null"
            for e, tells in zip(rows.event.tolist(), (provider == TWILIO).tolist(), strict=True)
        ]
        homes = [
            b'"mcc_mnc":"%b","carrier_name":"%b"' % (c.mcc_mnc.encode(), c.name.encode())
            for c in CARRIERS
        ] + [b'"mcc_mnc":null,"carrier_name":null']
        home = np.where(
            unit(world.key("carrier unknown"), rows.event) < 0.03, len(CARRIERS), messages.carrier
        )
        submitted = done_dates(
            messages.submitted_ms - np.where(provider == SMSC_EAST, 5, 8) * 3_600_000
        )
        texts = [
            b'"id:%b sub:%03d dlvrd:%03d submit date:%b done date:%b stat:%b err:%b text:"'
            % (i, 1, st == _DELIVERED, sub, d, _SMPP_WORDS[st].encode(), err)
            if smpp
            else b"null"
            for i, sub, d, st, err, smpp in zip(
                provider_ids,
                submitted.tolist(),
                done.tolist(),
                status.tolist(),
                choice(_error_codes(), error),
                is_smpp.tolist(),
                strict=True,
            )
        ]
        kinds = [b"{}", b'{"gateway":"g1"}', b'{"gateway":"g2","retries":1}']
        return fill(
            self.head() + _TEMPLATE,
            (
                *self.envelope(rows),
                choice(kinds, below(world.key("gateway"), rows.event, len(kinds))),
                nullable(messages.ids, resolved),
                choice(shares, share),
                provider_ids,
                choice(states, state),
                choice(errors, error),
                nullable(provider_at, known_zone),
                nullable(done, has_done),
                sequence,
                choice(homes, home),
                texts,
            ),
        )


@lru_cache(maxsize=1)
def _state_fragments() -> list[bytes]:
    """The fields that follow from provider and status, for each of both."""
    out = []
    for provider, words in zip(PROVIDERS, _WORDS, strict=True):
        for code, status in enumerate(STATUSES):
            level = "null"
            if code == _DELIVERED and provider != "twilio":
                level = '"CARRIER"' if provider == "smsc-west" else '"HANDSET"'
            elif code == _ACCEPTED:
                level = '"CARRIER"'
            # smsc-west calls final what the carrier has only accepted, as real ones do.
            final = code >= _DELIVERED or (code == _ACCEPTED and provider == "smsc-west")
            out.append(
                (
                    f'"provider":"{provider}","status":"{status}","status_raw":"{words[code]}",'
                    f'"is_final_claimed":{str(final).lower()},"delivery_level":{level}'
                ).encode()
            )
    return out


@lru_cache(maxsize=1)
def _error_table() -> list[tuple[tuple[str, bool | None], ...]]:
    return [
        _ERRORS[code][place] if code in _ERRORS else ()
        for place in range(len(PROVIDERS))
        for code in range(len(STATUSES))
    ]


@lru_cache(maxsize=1)
def _error_counts() -> Ints:
    return np.array([max(1, len(errors)) for errors in _error_table()])


@lru_cache(maxsize=1)
def _error_fragments() -> list[bytes]:
    """error_code and error_permanent, ``_ERRORS_MAX`` to each provider and status."""
    words = {True: "true", False: "false", None: "null"}
    out = []
    for errors in _error_table():
        texts = [f'"error_code":"{c}","error_permanent":{words[p]}'.encode() for c, p in errors]
        texts = texts or [b'"error_code":null,"error_permanent":null']
        out += texts + texts[:1] * (_ERRORS_MAX - len(texts))
    return out


@lru_cache(maxsize=1)
def _error_codes() -> list[bytes]:
    """The error code alone, as a receipt's text has it."""
    out = []
    for errors in _error_table():
        texts = [c.encode() for c, _ in errors] or [b"000"]
        out += texts + texts[:1] * (_ERRORS_MAX - len(texts))
    return out
