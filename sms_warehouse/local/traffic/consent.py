"""The preference center and the mo-gateway: who leaves and returns, and what they write to us.

An opt-out by keyword is told twice: by the mo-gateway as an inbound message, and a moment later by
the preference center, which names the inbound event. The text of an inbound message is never
logged.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from sms_warehouse.local.traffic.draws import (
    Ids,
    Ints,
    Mask,
    below,
    bits,
    count,
    normal,
    pick,
    unit,
)
from sms_warehouse.local.traffic.lines import DAY_MS, Texts, choice, fill, hexes, iso_times
from sms_warehouse.local.traffic.messages import Messages
from sms_warehouse.local.traffic.rows import Rows, concat, make_rows, no_rows
from sms_warehouse.local.traffic.service import BLOCK, DailyService, nullable
from sms_warehouse.local.traffic.world import (
    BY_CARRIER,
    BY_KEYWORD,
    BY_WEB,
    EPOCH_DAYS,
    EPOCHS_MAX,
    FIRST_RECIPIENT,
    IN,
    INDEX_BITS,
    Leaving,
    World,
)

_NEW_SHARE = 0.003
_REPLY_WEIGHTS = (0.0005, 0.0025)  # HELP, REPLY
_METHODS = ("MO_KEYWORD", "WEB", "AGENT", "CARRIER_DEACT", "IMPORT")
_STATES = ("OPTED_IN", "OPTED_OUT", "DEACTIVATED", "REASSIGNED", "PENDING_CONFIRM")
_STOP_WORDS = ("STOP", "Stop ", "stop", "QUIT", "END", "Cancel", "UNSUBSCRIBE", "revoke", "OPT OUT")
_START_WORDS = ("START", "Start", "UNSTOP", "yes")
_DEFAULT_SENDER = b"27368"


class Turn(IntEnum):
    """Kinds of rows of the preference center."""

    LEAVES = 0
    RETURNS = 1
    ASKS_TO_RETURN = 2  # on the web, where a return has to be confirmed
    JOINS = 3


class Written(IntEnum):
    """Kinds of rows of the mo-gateway."""

    STOP = 0
    START = 1
    HELP = 2
    REPLY = 3


def _turn_ids(leaving: Leaving, epoch: int) -> Ids:
    return leaving.recipient * np.uint64(EPOCHS_MAX) + np.uint64(epoch)


def _epochs(world: World, day: int) -> list[int]:
    """The epochs a day logs events of: its own, and on an epoch's first day the one before."""
    own, age = divmod(day - world.first_day, EPOCH_DAYS)
    return [own - 1, own] if age == 0 and own > 0 else [own]


def _returns_by_keyword(world: World, ids: Ids, way: Ints) -> Mask:
    return (way == BY_KEYWORD) & (unit(world.key("returns how"), ids) < 0.6)


def _word_before(ids: Ids, world: World) -> Ints:
    """Milliseconds from the inbound message to the change of consent."""
    return 50 + below(world.key("handled after"), ids, 350)


class MoGateway(DailyService):
    event_type = "inbound_message"
    source = "mo-gateway"

    def day_rows(self, day: int) -> Rows:
        world = self.world
        found = [no_rows()]
        for epoch in _epochs(world, day):
            leaving = world.leavings(epoch)
            ids = _turn_ids(leaving, epoch)
            by_word = leaving.way == BY_KEYWORD
            found.append(
                self.words(
                    ids[by_word], leaving.left_ms[by_word], leaving.answered[by_word], Written.STOP
                )
            )
            back = _returns_by_keyword(world, ids, leaving.way) & (leaving.back_ms > 0)
            found.append(
                self.words(
                    ids[back],
                    leaving.back_ms[back],
                    np.zeros(int(back.sum()), np.uint64),
                    Written.START,
                )
            )
        for origin in (day - 1, day):
            numbers = world.numbers(origin)
            for start in range(0, len(numbers), BLOCK):
                found.append(self._replies(numbers[start : start + BLOCK]))
        return concat([rows.within(day * DAY_MS, (day + 1) * DAY_MS) for rows in found])

    def words(self, ids: Ids, changed_ms: Ints, answered: Ids, kind: Written) -> Rows:
        """The inbound messages behind changes of consent; ``answered`` is 0 for no message."""
        events = self.events(ids * np.uint64(4) + np.uint64(kind))
        at = changed_ms - _word_before(ids, self.world)
        # Logged before the change is, whatever the usual delay.
        return make_rows(
            ids,
            kind,
            at,
            at + 3 + below(self.world.key("word logged"), ids, 30),
            events,
            actor=answered,
        )

    def _replies(self, numbers: Ids) -> Rows:
        world = self.world
        chance = unit(world.key("replies"), numbers)
        messages = Messages(world, numbers[chance < sum(_REPLY_WEIGHTS)])
        messages = Messages(world, messages.numbers[messages.final_attempt > 0])
        chance = messages.unit("replies")
        kind = np.where(chance < _REPLY_WEIGHTS[0], Written.HELP, Written.REPLY)
        minutes = np.exp(np.log(5.0) + 1.4 * normal(world.key("replies after"), messages.numbers))
        at = messages.sent_ms + np.clip(minutes * 60_000, 20_000, 10 * 3_600_000).astype(np.int64)
        events = self.events(messages.numbers * np.uint64(4) + np.uint64(Written.REPLY))
        events = bits(world.key("reply event"), events)
        return make_rows(
            messages.numbers, kind, at, self.logged(at, events), events, actor=messages.numbers
        )

    def lines(self, rows: Rows) -> list[bytes]:
        if not len(rows):
            return []
        world = self.world
        is_answer = rows.kind >= Written.HELP
        answered, texts = _answered(world, rows)
        recipients = np.where(is_answer, answered.recipient, rows.subject // np.uint64(EPOCHS_MAX))
        tells = (
            (rows.actor > 0)
            & (answered.final_attempt > 0)
            & (unit(world.key("reply names"), rows.event) < 0.75)
        )
        senders = choice(
            [c.sender_id.encode() for c in answered.campaign_list], answered.campaign_index
        )
        stop = below(world.key("stop word"), rows.subject, len(_STOP_WORDS))
        start = below(world.key("start word"), rows.subject, len(_START_WORDS))
        said = []
        for kind, s, t, size in zip(
            rows.kind.tolist(),
            stop.tolist(),
            start.tolist(),
            below(world.key("size"), rows.event, 140).tolist(),
            strict=True,
        ):
            if kind == Written.REPLY:
                said.append(b'"keyword":null,"intent":"REPLY","body_len":%d' % (3 + size))
            else:
                word = {
                    Written.STOP: _STOP_WORDS[s],
                    Written.START: _START_WORDS[t],
                    Written.HELP: "HELP",
                }[Written(kind)]
                body = len(word) if size < 110 else len(word) + size // 3
                said.append(
                    b'"keyword":"%b","intent":"%b","body_len":%d'
                    % (word.strip().upper().encode(), Written(kind).name.encode(), body)
                )
        return fill(
            self.head()
            + b',"attributes":{},"inbound_id":"mo_%b","msisdn_token":"%b","recipient_id":%b,"sender_id":"%b",%b,'
            b'"in_reply_to_message_id":%b}',
            (
                *self.envelope(rows),
                hexes(bits(world.key("inbound"), rows.event)).tolist(),
                world.msisdn_tokens(recipients).tolist(),
                _recipient_ids(recipients, unit(world.key("sender known"), rows.event) < 0.98),
                [
                    s if there else _DEFAULT_SENDER
                    for s, there in zip(senders, (rows.actor > 0).tolist(), strict=True)
                ],
                said,
                nullable(texts, tells),
            ),
        )


class PreferenceCenter(DailyService):
    event_type = "subscription_changed"
    source = "preference-center"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._inbound = MoGateway(world)

    def day_rows(self, day: int) -> Rows:
        world = self.world
        found = [no_rows()]
        for epoch in _epochs(world, day):
            leaving = world.leavings(epoch)
            ids = _turn_ids(leaving, epoch)
            found.append(
                self._rows(ids, Turn.LEAVES, leaving.left_ms, leaving.way, leaving.answered)
            )
            back = leaving.back_ms > 0
            found.append(
                self._rows(ids[back], Turn.RETURNS, leaving.back_ms[back], leaving.way[back])
            )
            asks = (
                back & (leaving.way != BY_CARRIER) & ~_returns_by_keyword(world, ids, leaving.way)
            )
            asked = (
                leaving.back_ms[asks]
                - 60_000
                - below(world.key("confirms after"), ids[asks], 20 * 60_000)
            )
            found.append(self._rows(ids[asks], Turn.ASKS_TO_RETURN, asked, leaving.way[asks]))
        found.append(self._joining(day))
        return concat([rows.within(day * DAY_MS, (day + 1) * DAY_MS) for rows in found])

    def _rows(self, ids: Ids, kind: Turn, at: Ints, way: Ints, answered: Ids | None = None) -> Rows:
        events = self.events(ids * np.uint64(4) + np.uint64(kind))
        return make_rows(ids, kind, at, self.logged(at, events), events, part=way, actor=answered)

    def _joining(self, day: int) -> Rows:
        """Recipients who sign up (again) while nothing stands against it."""
        world = self.world
        size = count(world.key("joining"), day, world.messages * _NEW_SHARE)
        ids = np.arange(size, dtype=np.uint64) + np.uint64(day << INDEX_BITS)
        who = below(world.key("joins"), ids, world.population).astype(np.uint64)
        at = day * DAY_MS + 12 * 3_600_000 + below(world.key("joins at"), ids, 11 * 3_600_000)
        may = world.consent_of(who, at) == IN
        way = pick(world.key("joins how"), ids, (0.2, 0.55, 0.1, 0.0, 0.15))
        # The last epoch number is nobody's, so that these subjects differ from those who leave.
        subject = who * np.uint64(EPOCHS_MAX) + np.uint64(EPOCHS_MAX - 1)
        events = bits(world.key("join event"), self.events(ids))
        return make_rows(
            subject[may],
            Turn.JOINS,
            at[may],
            self.logged(at, events)[may],
            events[may],
            part=way[may],
        )

    def lines(self, rows: Rows) -> list[bytes]:
        if not len(rows):
            return []
        world = self.world
        kind, way = rows.kind.astype(np.int64), rows.part.astype(np.int64)
        recipients = rows.subject // np.uint64(EPOCHS_MAX)
        answered, texts = _answered(world, rows)
        word = (kind == Turn.LEAVES) & (way == BY_KEYWORD)
        start = (kind == Turn.RETURNS) & _returns_by_keyword(world, rows.subject, way)
        tells = word & (rows.actor > 0) & (answered.final_attempt > 0)
        tells &= unit(world.key("opt-out names"), rows.event) < 0.7
        state = np.select(
            [(kind == Turn.LEAVES) & (way == BY_CARRIER), kind == Turn.LEAVES, kind == Turn.ASKS_TO_RETURN,
             (kind == Turn.RETURNS) & (way == BY_CARRIER)],
            [2, 1, 4, 3],
            0,
        )  # fmt: skip
        method = np.where(start | word, BY_KEYWORD, way)
        method = np.where(
            np.isin(kind, (Turn.RETURNS, Turn.ASKS_TO_RETURN)) & ~start & (way != BY_CARRIER),
            BY_WEB,
            method,
        )
        states = [
            b'"new_status":"%b","prior_status":%b,"method":"%b"' % (n.encode(), p, m.encode())
            for n in _STATES
            for p in [*(b'"%b"' % s.encode() for s in _STATES), b"null"]
            for m in _METHODS
        ]
        prior = world.consent_of(recipients, rows.occurred - 1)
        prior = np.where((kind == Turn.RETURNS) & (method == BY_WEB), 4, prior)
        prior = np.where(kind == Turn.JOINS, len(_STATES), prior)
        state_index = (state * (len(_STATES) + 1) + prior) * len(_METHODS) + method
        inbound = [b"null"] * len(rows)
        for which, written in ((word, Written.STOP), (start, Written.START)):
            chosen = np.flatnonzero(which)
            words = self._inbound.words(
                rows.subject[chosen], rows.occurred[chosen], rows.actor[chosen], written
            )
            for row, event_id in zip(chosen.tolist(), words.event_ids().tolist(), strict=True):
                inbound[row] = b'"%b"' % event_id
        raw = [b"null"] * len(rows)
        stop_at = below(world.key("stop word"), rows.subject, len(_STOP_WORDS))
        start_at = below(world.key("start word"), rows.subject, len(_START_WORDS))
        for row in np.flatnonzero(word).tolist():
            raw[row] = b'"%b"' % _STOP_WORDS[stop_at[row]].encode()
        for row in np.flatnonzero(start).tolist():
            raw[row] = b'"%b"' % _START_WORDS[start_at[row]].encode()
        programs = below(world.key("program"), rows.event, 10)
        consents = [b"null", b'"2025-04"', b'"2024-11"']
        shown = np.where(
            np.isin(state, (0, 4)), 1 + below(world.key("consent text"), rows.event, 2), 0
        )
        return fill(
            self.head()
            + b',"attributes":%b,"recipient_id":"sub_%d","msisdn_token":"%b","program_id":"%b",%b,"keyword_raw":%b,'
            b'"in_reply_to_message_id":%b,"inbound_event_id":%b,"consent_text_version":%b,"effective_at":"%b"}',
            (
                *self.envelope(rows),
                choice(
                    [b"{}", b'{"channel":"sms"}', b'{"channel":"app","page":"/preferences"}'],
                    np.minimum(method, 2),
                ),
                (recipients + FIRST_RECIPIENT).tolist(),
                world.msisdn_tokens(recipients).tolist(),
                choice([b"ALL", b"OFFERS"], (programs >= 7).astype(np.int64)),
                choice(states, state_index),
                raw,
                nullable(texts, tells),
                inbound,
                choice(consents, shown),
                iso_times(rows.occurred).tolist(),
            ),
        )


def _answered(world: World, rows: Rows) -> tuple[Messages, Texts]:
    """The messages the rows answer (the world's first where they answer none) and their ids."""
    some = world.numbers(world.first_day, 0, 1)
    messages = Messages(world, np.where(rows.actor > 0, rows.actor, some[0]))
    return messages, messages.ids


def _recipient_ids(recipients: Ids, is_known: Mask) -> list[bytes]:
    return [
        b'"sub_%d"' % r if known else b"null"
        for r, known in zip((recipients + FIRST_RECIPIENT).tolist(), is_known.tolist(), strict=True)
    ]
