"""The sms-sender: a ``message_submitted`` line for each attempt, and each decision not to send."""

from __future__ import annotations

import numpy as np

from sms_warehouse.local.traffic.draws import Ids, Ints, below, bits, unit
from sms_warehouse.local.traffic.lines import DAY_MS, Texts, choice, fill, hexes, iso_day, iso_times
from sms_warehouse.local.traffic.messages import (
    ONCE,
    PROVIDERS,
    REFUSED,
    REFUSED_TWICE,
    RESENT,
    RETRIED,
    SECOND_ATTEMPT_MAX_MS,
    SECOND_ATTEMPT_SHARE,
    SMSC_WEST,
    SUPPRESS_REASONS,
    SUPPRESSED,
    TWILIO,
    VONAGE,
    Messages,
)
from sms_warehouse.local.traffic.rows import Rows, concat, make_rows
from sms_warehouse.local.traffic.service import BLOCK, LOGGED_AFTER_MAX_MS, Service, nullable
from sms_warehouse.local.traffic.world import CARRIERS, FIRST_RECIPIENT, ZONES, World

_CLOCKS_DIFFER_MS = 1000

_ERRORS_PERMANENT = ("21211", "21610", "30006", "ESME_RINVDSTADR")
_ERRORS_TEMPORARY = ("30001", "ESME_RTHROTTLED", "ESME_RMSGQFUL", "429", "E_UPSTREAM_77")

_TEMPLATE = (
    b',"attributes":%b,"message_id":"%b","attempt_no":%d,%b,%b,%b,%b,'
    b'"follow_up_of_message_id":%b,"recipient_id":"sub_%d","msisdn_token":"%b",%b,"link_token":%b,'
    b'%b,"provider_message_id":%b,"scheduled_at":%b}'
)


def provider_message_ids(world: World, numbers: Ids, attempt: Ints, provider: Ints) -> Texts:
    """The provider's id of an attempt in its style: hex, decimal with leading zeros, ``SM..``, hex."""
    ids = numbers * np.uint64(4) + attempt.astype(np.uint64)
    first, second = (bits(world.key(f"provider id {word}"), ids) for word in (1, 2))
    short = hexes(first).view(np.uint8).reshape(-1, 16)
    out = np.zeros((len(numbers), 34), np.uint8)
    out[:, :8] = short[:, :8]
    decimal = provider == SMSC_WEST
    for place in range(10):
        digit = (first[decimal] // np.uint64(10**place)) % np.uint64(10)
        out[decimal, 9 - place] = 0x30 + digit.astype(np.uint8)
    twilio = provider == TWILIO
    out[twilio, :2] = np.frombuffer(b"SM", np.uint8)
    out[twilio, 2:] = hexes(first[twilio], second[twilio]).view(np.uint8).reshape(-1, 32)
    vonage = provider == VONAGE
    upper = np.char.upper(hexes(first[vonage])) if vonage.any() else np.empty(0, "S16")
    out[vonage, :16] = upper.view(np.uint8).reshape(-1, 16)
    return out.view("S34").ravel()


class Sender(Service):
    event_type = "message_submitted"
    source = "sms-sender"
    is_busy = True

    def rows(self, from_ms: int, to_ms: int) -> Rows:
        recent = from_ms - LOGGED_AFTER_MAX_MS - _CLOCKS_DIFFER_MS
        numbers = self.world.numbers_between(recent, to_ms + _CLOCKS_DIFFER_MS)
        found = []
        for start in range(0, len(numbers), BLOCK):
            block = numbers[start : start + BLOCK]
            submitted = self.world.submitted_ms(block)
            events = self.events(block * np.uint64(4) + np.uint64(1))
            rows = make_rows(block, 0, submitted, self.logged(submitted, events), events, part=1)
            found.append(rows.within(from_ms, to_ms))
        earlier = self.world.numbers_between(recent - SECOND_ATTEMPT_MAX_MS, to_ms)
        may_repeat = unit(self.world.key("path"), earlier) < SECOND_ATTEMPT_SHARE
        again = Messages(self.world, earlier[may_repeat])
        again = Messages(
            self.world, again.numbers[np.isin(again.path, (RETRIED, REFUSED_TWICE, RESENT))]
        )
        events = self.events(again.numbers * np.uint64(4) + np.uint64(2))
        rows = make_rows(
            again.numbers, 0, again.second_ms, self.logged(again.second_ms, events), events, part=2
        )
        found.append(rows.within(from_ms, to_ms))
        return concat(found)

    def lines(self, rows: Rows) -> list[bytes]:
        world = self.world
        messages = Messages(world, rows.subject)
        attempt = rows.part.astype(np.int64)
        path = messages.path
        accepted = np.where(attempt == 1, np.isin(path, (ONCE, RESENT)), path != REFUSED_TWICE)

        campaign_list, which = messages.campaign_list, messages.campaign_index
        link = messages.has_link

        outcomes = [b'"submit_status":"ACCEPTED","submit_error_code":null,"suppress_reason":null']
        outcomes += [
            b'"submit_status":"SUPPRESSED","submit_error_code":%b,"suppress_reason":"%b"'
            % (b'"21610"' if reason == "OPTED_OUT" else b"null", reason.encode())
            for reason in SUPPRESS_REASONS
            if reason
        ]
        refusals = _ERRORS_PERMANENT + _ERRORS_TEMPORARY
        outcomes += [
            b'"submit_status":"REJECTED","submit_error_code":"%b","suppress_reason":null'
            % code.encode()
            for code in refusals
        ]
        code = np.where(
            path == REFUSED,
            below(world.key("refused why"), rows.event, len(_ERRORS_PERMANENT)),
            len(_ERRORS_PERMANENT)
            + below(world.key("refused why"), rows.event, len(_ERRORS_TEMPORARY)),
        )
        outcome = np.where(
            path == SUPPRESSED,
            messages.suppressed_for,
            np.where(accepted, 0, len(SUPPRESS_REASONS) + code),
        )

        by_campaign = [
            b'"campaign_id":"%b","message_category":"%b","sender_id":"%b","encoding":"%b","link_url_id":%b'
            % (
                c.id.encode(),
                c.category.encode(),
                c.sender_id.encode(),
                b"UCS2" if c.is_ucs2 else b"GSM7",
                b'"%b"' % c.link_url_id.encode() if c.has_link else b"null",
            )
            for c in campaign_list
        ]
        variants = []
        for c in campaign_list:
            names = [v.id.encode() for v in c.variants]
            texts = [
                b'"variant_id":"%b","template_id":"tpl_%d_%b"' % (v, c.number, v.lower())
                for v in names
            ]
            if len(names) == 1:
                texts = [b'"variant_id":null,"template_id":"tpl_%d"' % c.number]
            variants += texts + [b""] * (3 - len(texts))

        days, day = np.unique(messages.day, return_inverse=True)
        batches = [
            b'"send_batch_id":"%b-%b-%d"' % (c.id.encode(), iso_day(int(d)).encode(), hour)
            for d in days
            for c in campaign_list
            for hour in range(0, 24, 6)
        ]
        quarter_of_day = messages.submitted_ms % DAY_MS // (DAY_MS // 4)
        batch = (day * len(campaign_list) + which) * 4 + quarter_of_day

        zone = world.zone_of(messages.recipient)
        homes = [
            b'"mcc_mnc":"%b","recipient_tz":%b' % (c.mcc_mnc.encode(), z)
            for c in CARRIERS
            for z in [*(b'"%b"' % z.encode() for z in ZONES), b"null"]
        ]
        zone = np.where(
            unit(world.key("zone unknown"), messages.recipient) < 0.01, len(ZONES), zone
        )
        parts = [
            b'"segment_count":%d,"provider":"%b"' % (n, p.encode())
            for n in (1, 2, 3)
            for p in PROVIDERS
        ]
        has_provider_id = accepted | ((path == REFUSED) & (messages.provider >= TWILIO))
        provider_ids = provider_message_ids(world, rows.subject, attempt, messages.provider)
        followed = messages.follows
        followed_ids = np.zeros(len(rows), "S26")
        is_follow_up = followed > 0
        followed_ids[is_follow_up] = Messages(world, followed[is_follow_up]).ids
        is_blast = messages.of_campaign("type") == "BLAST"
        scheduled = iso_times(messages.submitted_ms // 900_000 * 900_000)
        kinds = [b"{}", b'{"priority":"bulk"}', b'{"priority":"high","queue":"q3"}', b"null"]
        attributes = below(world.key("sender attributes"), rows.event, len(kinds))

        return fill(
            self.head() + _TEMPLATE,
            (
                *self.envelope(rows),
                choice(kinds, attributes),
                messages.ids.tolist(),
                attempt.tolist(),
                choice(outcomes, outcome),
                choice(by_campaign, which),
                choice(variants, messages.variant + 3 * which),
                choice(batches, batch),
                nullable(followed_ids, is_follow_up),
                (messages.recipient + FIRST_RECIPIENT).tolist(),
                world.msisdn_tokens(messages.recipient).tolist(),
                choice(homes, messages.carrier * (len(ZONES) + 1) + zone),
                nullable(world.link_tokens(rows.subject), link),
                choice(parts, (messages.segments - 1) * len(PROVIDERS) + messages.provider),
                nullable(provider_ids, has_provider_id),
                nullable(scheduled, is_blast),
            ),
        )
