"""The link-redirector: one ``link_click`` line for each HTTP request, by people and by machines.

People click within hours and some weeks later, twice in a row, again after a while, or pass the
link on. Machines fetch previews, scan, prefetch, sweep many links from one address or hammer one.
What a request was is never said in its line; it can only be told from the headers, addresses and
times given here.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from sms_warehouse.local.traffic.agents import (
    CARRIER_NETWORKS,
    DATACENTER_NETWORKS,
    DESKTOP_AGENTS,
    HOME_NETWORKS,
    LANGUAGES,
    OBSCURE_NETWORKS,
    PHONE_AGENTS,
    POLLER_AGENTS,
    PREVIEW_AGENTS,
    REFERERS,
    REGIONS,
    TOOL_AGENTS,
)
from sms_warehouse.local.traffic.draws import Ids, Ints, below, bits, count, normal, unit
from sms_warehouse.local.traffic.lines import (
    DAY_MS,
    TOKEN_BITS,
    TOKEN_VALUES,
    choice,
    fill,
    hexes,
    tokens,
)
from sms_warehouse.local.traffic.messages import CTR_MAX, Messages
from sms_warehouse.local.traffic.rows import Rows, concat, make_rows, no_rows
from sms_warehouse.local.traffic.service import BLOCK, DailyService, log_uniform
from sms_warehouse.local.traffic.world import FIRST_RECIPIENT, INDEX_BITS, ZONES


class Kind(IntEnum):
    """What a request is."""

    PERSON = 0
    REPEAT = 1  # the same page asked for again within two seconds
    SECOND_VISIT = 2
    FORWARDED = 3  # by someone the recipient passed the link to
    LATE = 4  # by the recipient, days or weeks after the message
    PREVIEW = 5
    SCANNER = 6
    PREFETCH = 7
    NO_AGENT = 8
    DATACENTER = 9
    TOO_FAST = 10
    SWEEP = 11
    HAMMER = 12
    UNKNOWN_TOKEN = 13


_LATE_DAYS = 35
_LATE_SHARE = 0.003
_SWEEP_SHARE, _SWEEP_TOKENS = 0.002, 40
_HAMMER_SHARE, _HAMMER_REQUESTS = 0.0005, 45
_UNKNOWN_SHARE = 0.0005
_LEAST_RAIDS = 0.15
"""Sweeps, and hammered links, expected on a day in even the smallest world."""

# Machines that fetch the link of a message: share of messages, seconds after it was sent.
_MACHINES = (
    (Kind.PREVIEW, 0.0080, 0.5, 40.0),
    (Kind.SCANNER, 0.0040, 0.2, 8.0),
    (Kind.PREFETCH, 0.0020, 2.5, 600.0),
    (Kind.NO_AGENT, 0.0010, 1.0, 300.0),
    (Kind.DATACENTER, 0.0050, 2.5, 3600.0),
    (Kind.TOO_FAST, 0.0012, 0.3, 1.9),
)
_HOUR_MS = 3_600_000
_SHARED_ADDRESSES = 200  # of each carrier's address translation

_TEMPLATE = (
    b',"attributes":%b,"link_token":"%b",%b,%b,"client_ip":"%b","ip_token":"%b",%b%b%b,'
    b'"visitor_token":"%b","edge_bot_score":%d,"redirect_ms":%d}'
)


class Redirector(DailyService):
    event_type = "link_click"
    source = "link-redirector"
    is_busy = True

    def day_rows(self, day: int) -> Rows:
        found = [no_rows()]
        for origin in (day - 1, day):
            numbers = self.world.numbers(origin)
            for start in range(0, len(numbers), BLOCK):
                block = numbers[start : start + BLOCK]
                found += [self._people(block), self._machines(block)]
        for age in range(1, _LATE_DAYS + 1):
            if day - age >= self.world.first_day:
                found.append(self._late_visits(day, age))
        found += [self._sweeps(day), self._hammered(day), self._unknown_tokens(day)]
        return concat([rows.within(day * DAY_MS, (day + 1) * DAY_MS) for rows in found])

    def _make(
        self, numbers: Ids, kind: int, at: Ints, ids: Ids, actor: Ids, part: int | Ints = 0
    ) -> Rows:
        """Rows whose event ids follow from ``ids``, which must differ within a kind."""
        events = self.events(bits(self.world.key(f"click {int(kind)}"), ids))
        return make_rows(
            numbers, int(kind), at, self.logged(at, events), events, part=part, actor=actor
        )

    def _device(self, recipients: Ids, which: str = "own") -> Ids:
        return bits(self.world.key(f"device, {which}"), recipients)

    def _people(self, numbers: Ids) -> Rows:
        """Clicks within a day of their message: over before the next day ends."""
        world = self.world
        messages = Messages(world, numbers[unit(world.key("clicked"), numbers) < CTR_MAX])
        chosen = np.flatnonzero(messages.is_clicked)
        numbers = messages.numbers[chosen]
        device = self._device(messages.recipient[chosen])
        delay = np.exp(np.log(20 * 60_000.0) + 1.5 * normal(world.key("clicks after"), numbers))
        first = messages.sent_ms[chosen] + np.clip(delay, 4_000, 20 * _HOUR_MS).astype(np.int64)
        found = [self._make(numbers, Kind.PERSON, first, numbers, device)]
        for kind, share, least, most in (
            (Kind.REPEAT, 0.22, 150, 1_700),
            (Kind.SECOND_VISIT, 0.15, 31 * 60_000, 3 * _HOUR_MS),
            (Kind.FORWARDED, 0.04, 5 * 60_000, 3 * _HOUR_MS),
        ):
            which = unit(world.key(f"click {kind.name}"), numbers) < share
            who = (
                device[which]
                if kind != Kind.FORWARDED
                else self._device(numbers[which], "friend's")
            )
            wait = least + below(
                world.key(f"click {kind.name} after"), numbers[which], most - least
            )
            found.append(self._make(numbers[which], kind, first[which] + wait, numbers[which], who))
        return concat(found)

    def _machines(self, numbers: Ids) -> Rows:
        world = self.world
        chance = unit(world.key("machine"), numbers)
        shares = np.cumsum([share for _, share, _, _ in _MACHINES])
        seen = chance < shares[-1]
        messages = Messages(world, numbers[seen])
        which = np.searchsorted(shares, chance[seen], side="right")
        reached = messages.has_link & (messages.final_attempt > 0)
        found = []
        for place, (kind, _, least, most) in enumerate(_MACHINES):
            rows = np.flatnonzero(reached & (which == place))
            numbers = messages.numbers[rows]
            after = log_uniform(unit(world.key("machine after"), numbers), least, most) * 1000
            actor = bits(world.key("machine is"), numbers)
            if kind in (Kind.PREVIEW, Kind.PREFETCH, Kind.TOO_FAST):
                actor = self._device(messages.recipient[rows])
            at = messages.sent_ms[rows] + after.astype(np.int64)
            found.append(self._make(numbers, kind, at, numbers, actor))
        return concat(found)

    def _late_visits(self, day: int, age: int) -> Rows:
        """Clicks on messages sent ``age`` days before, ever fewer with age."""
        world = self.world
        place = day * 64 + age
        size = count(world.key("late clicks"), place, world.messages * _LATE_SHARE / age**1.5)
        ids = np.arange(size, dtype=np.uint64) + np.uint64(place << INDEX_BITS)
        index = below(world.key("late click of"), ids, world.messages)
        messages = Messages(world, index.astype(np.uint64) + np.uint64((day - age) << INDEX_BITS))
        rows = np.flatnonzero(messages.has_link & (messages.final_attempt > 0))
        at = (
            day * DAY_MS
            + 14 * _HOUR_MS
            + below(world.key("late click at"), ids[rows], 9 * _HOUR_MS)
        )
        return self._make(
            messages.numbers[rows], Kind.LATE, at, ids[rows], self._device(messages.recipient[rows])
        )

    def _sweeps(self, day: int) -> Rows:
        """One address goes through the links of many messages within ten minutes."""
        world = self.world
        expected = max(world.messages * _SWEEP_SHARE / _SWEEP_TOKENS, _LEAST_RAIDS)
        found = [no_rows()]
        for raid in range(count(world.key("sweeps"), day, expected)):
            ids, begin, sent_before = self._raid(day, raid, Kind.SWEEP)
            size = 30 + int(ids[0] % np.uint64(2 * _SWEEP_TOKENS - 50))
            # Many a message has no link, and what is suppressed has none.
            step = min(50, max(1, sent_before // (3 * size)))
            some = world.numbers(day, max(0, sent_before - 3 * size * step), sent_before)[::step]
            numbers = some[Messages(world, some).has_link][-size:]
            rows = np.arange(len(numbers))
            at = begin + rows * 6_000 + below(world.key("sweep pace"), numbers, 3_000)
            actor = np.full(len(rows), ids[1])
            event_ids = ids[2] + rows.astype(np.uint64)
            found.append(self._make(numbers, Kind.SWEEP, at, event_ids, actor))
        return concat(found)

    def _hammered(self, day: int) -> Rows:
        """One client asks for one link dozens of times within ten minutes."""
        world = self.world
        expected = max(world.messages * _HAMMER_SHARE / _HAMMER_REQUESTS, _LEAST_RAIDS)
        found = [no_rows()]
        for raid in range(count(world.key("hammered"), day, expected)):
            ids, begin, sent_before = self._raid(day, raid, Kind.HAMMER)
            candidates = Messages(world, world.numbers(day, max(0, sent_before - 20), sent_before))
            usable = candidates.numbers[candidates.has_link & (candidates.final_attempt == 1)]
            if not len(usable):
                continue
            size = 35 + int(ids[0] % np.uint64(2 * (_HAMMER_REQUESTS - 35)))
            requests = np.arange(size)
            event_ids = ids[2] + requests.astype(np.uint64)
            at = (
                begin
                + requests * (540_000 // size)
                + below(world.key("hammer pace"), event_ids, 4_000)
            )
            numbers = np.full(size, usable[0])
            found.append(self._make(numbers, Kind.HAMMER, at, event_ids, np.full(size, ids[1])))
        return concat(found)

    def _raid(self, day: int, raid: int, kind: Kind) -> tuple[Ids, int, int]:
        """Three draws, when a raid begins, and how many messages the day had seen by then."""
        world = self.world
        place = np.arange(4, dtype=np.uint64) + np.uint64((day << 24) + raid * 4)
        ids = bits(world.key(f"raid {kind.name}"), place)
        begin = day * DAY_MS + 14 * _HOUR_MS + int(ids[3] % np.uint64(9 * _HOUR_MS))
        share = np.interp(
            (begin - day * DAY_MS) / DAY_MS,
            np.linspace(0, 1, len(world.plan(day).cumulative)),
            world.plan(day).cumulative,
        )
        return ids, begin, int(share * world.messages) - 1

    def _unknown_tokens(self, day: int) -> Rows:
        """Requests for links that were never made: guesses, and links mistyped."""
        world = self.world
        size = count(
            world.key("unknown tokens"), day, max(world.messages * _UNKNOWN_SHARE, _LEAST_RAIDS)
        )
        ids = np.arange(size, dtype=np.uint64) + np.uint64(day << INDEX_BITS)
        at = day * DAY_MS + below(world.key("unknown token at"), ids, DAY_MS - 60_000)
        return self._make(
            np.zeros(size, np.uint64), Kind.UNKNOWN_TOKEN, at, ids, bits(world.key("guesser"), ids)
        )

    # Lines

    def lines(self, rows: Rows) -> list[bytes]:
        if not len(rows):
            return []
        world = self.world
        kind = rows.kind.astype(np.int64)
        is_known = kind != Kind.UNKNOWN_TOKEN
        messages = Messages(
            world, np.where(is_known, rows.subject, world.numbers(world.first_day, 0, 1))
        )
        guessed = np.uint64(1 << TOKEN_BITS) + bits(world.key("guess"), rows.event) % np.uint64(
            TOKEN_VALUES - (1 << TOKEN_BITS)
        )
        token = np.where(is_known, world.link_tokens(messages.numbers), tokens(guessed))
        urls = [c.link_url_id.encode() for c in messages.campaign_list]
        subjects = [
            b'"message_id":"%b","link_url_id":"%b","recipient_id":"sub_%d"' % (m, u, r)
            if known
            else b'"message_id":null'
            for known, m, u, r in zip(
                is_known.tolist(),
                messages.ids.tolist(),
                choice(urls, messages.campaign_index),
                (messages.recipient + FIRST_RECIPIENT).tolist(),
                strict=True,
            )
        ]
        requests = [
            b'"method":"GET","http_status":302',
            b'"method":"HEAD","http_status":302',
            b'"method":"GET","http_status":404',
        ]
        request = np.where(kind == Kind.SCANNER, 1, np.where(is_known, 0, 2))
        networks, addresses = self._networks(rows, messages)
        regions = self._regions(rows, messages)
        clients = [
            b'"asn":%d,"geo_country":"%b","geo_region":"%b"'
            % (n.asn, n.country.encode(), n.region.encode() or r)
            for n, r in zip(networks, regions, strict=True)
        ]
        is_person = kind <= Kind.LATE
        score = np.where(is_person, 1, 30) + below(
            world.key("edge score"), rows.event, 60
        ) // np.where(is_person, 4, 1)
        ip_keys = np.array([a[0] * 2**32 + a[1] for a in addresses], np.uint64)
        visitor = bits(world.key("visitor"), rows.actor)
        attributes = below(world.key("edge"), rows.event, 3)
        return fill(
            self.head() + _TEMPLATE,
            (
                *self.envelope(rows),
                choice([b"{}", b'{"pop":"IAD"}', b'{"pop":"ORD","http":"h3"}'], attributes),
                token.tolist(),
                subjects,
                choice(requests, request),
                [a[2] for a in addresses],
                hexes(
                    bits(world.key("address"), ip_keys), bits(world.key("address 2"), ip_keys)
                ).tolist(),
                clients,
                self._agents(rows),
                self._headers(rows),
                hexes(visitor, bits(world.key("visitor 2"), rows.actor)).tolist(),
                score.tolist(),
                (2 + below(world.key("redirect ms"), rows.event, 40)).tolist(),
            ),
        )

    def _networks(
        self, rows: Rows, messages: Messages
    ) -> tuple[list, list[tuple[int, int, bytes]]]:
        """The network of each request and its address: a number, the rest of it, and as text."""
        world = self.world
        on_mobile = (unit(world.key("on mobile"), rows.event) < 0.65).tolist()
        at_home = bits(world.key("home"), rows.actor).tolist()
        networks, addresses = [], []
        for kind, mobile, home, carrier in zip(
            rows.kind.tolist(), on_mobile, at_home, messages.carrier.tolist(), strict=True
        ):
            spread = 65_536
            if kind in (Kind.SCANNER, Kind.DATACENTER, Kind.NO_AGENT):
                network = DATACENTER_NETWORKS[home % len(DATACENTER_NETWORKS)]
            elif kind in (Kind.SWEEP, Kind.HAMMER, Kind.UNKNOWN_TOKEN):
                network = OBSCURE_NETWORKS[home % len(OBSCURE_NETWORKS)]
            elif mobile:
                network, spread = CARRIER_NETWORKS[carrier], _SHARED_ADDRESSES
            else:
                network = HOME_NETWORKS[home % len(HOME_NETWORKS)]
            rest = (home >> 24) % spread
            high, low = network.prefix
            networks.append(network)
            if network.asn == 21928:
                # T-Mobile's handsets speak IPv6 to whoever answers.
                text = b"2607:fb90:%x:%x::%x" % (high * 256 + low, rest, 1 + home % 9)
                addresses.append((high * 256 + low, rest * 16 + home % 9, text))
            else:
                addresses.append(
                    (high * 256 + low, rest, b"%d.%d.%d.%d" % (high, low, rest >> 8, rest & 255))
                )
        return networks, addresses

    def _regions(self, rows: Rows, messages: Messages) -> list[bytes]:
        zones = self.world.zone_of(messages.recipient).tolist()
        draws = below(self.world.key("region"), messages.recipient, 5040).tolist()
        tables = [[r.encode() for r in REGIONS[zone]] for zone in ZONES]
        return [
            tables[zone][draw % len(tables[zone])] for zone, draw in zip(zones, draws, strict=True)
        ]

    def _agents(self, rows: Rows) -> list[bytes]:
        """The user_agent field of each request with its comma; nothing where it had none."""
        groups = dict.fromkeys(Kind, PHONE_AGENTS) | {
            Kind.PREVIEW: PREVIEW_AGENTS,
            Kind.SCANNER: TOOL_AGENTS + DESKTOP_AGENTS,
            Kind.SWEEP: DESKTOP_AGENTS,
            Kind.HAMMER: POLLER_AGENTS,
            Kind.UNKNOWN_TOKEN: DESKTOP_AGENTS + TOOL_AGENTS,
        }
        texts = {
            k: [b',"user_agent":"%b"' % a.encode() for a in agents] for k, agents in groups.items()
        }
        texts[Kind.NO_AGENT] = [b"", b',"user_agent":""']
        draws = bits(self.world.key("agent"), rows.actor).tolist()
        return [
            texts[k][d % len(texts[k])]
            for k, d in zip(map(Kind, rows.kind.tolist()), draws, strict=True)
        ]

    def _headers(self, rows: Rows) -> list[bytes]:
        """The other request headers, each with a comma before it; machines send few."""
        world = self.world
        languages = below(world.key("language"), rows.actor, 10).tolist()
        referers = below(world.key("referer"), rows.event, 60).tolist()
        out = []
        for kind, language, referer in zip(rows.kind.tolist(), languages, referers, strict=True):
            if kind == Kind.PREFETCH:
                purpose = b"prefetch" if language % 2 else b"prefetch;prerender"
                out.append(b',"sec_purpose":"%b","sec_fetch_mode":"navigate"' % purpose)
            elif kind <= Kind.LATE or kind == Kind.TOO_FAST:
                text = (
                    b',"accept_language":"%b"'
                    % LANGUAGES[language if language < len(LANGUAGES) else 0].encode()
                )
                text += b',"sec_fetch_mode":"navigate","sec_fetch_user":"?1"'
                if referer < len(REFERERS):
                    text += b',"referer":"%b"' % REFERERS[referer].encode()
                out.append(text)
            elif kind in (Kind.DATACENTER, Kind.SWEEP):
                out.append(b',"accept_language":"en-US"')
            else:
                out.append(b"")
        return out
