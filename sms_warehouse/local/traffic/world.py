"""The simulated world: recipients, the messages of each day, and who has opted out.

A message is a number, its day and its place in that day's order, and everything about it follows
from that number; a recipient likewise. ``Messages`` computes the columns of any set of messages
when they are first asked for. What the services log about them, and when, is decided in their own
modules.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from sms_warehouse.local.traffic import campaigns
from sms_warehouse.local.traffic.draws import Floats, Ids, Ints, Mask, bits, key, normal, pick, unit
from sms_warehouse.local.traffic.lines import DAY_MS, TOKEN_BITS, Texts, hexes, tokens, ulids

INDEX_BITS = 26
"""Bits of a message's number that count it within its day; the rest is the day, counted from 1970.
"""
MESSAGES_A_DAY_MAX = 1 << INDEX_BITS

FIRST_RECIPIENT = np.uint64(100_000)
"""Added to a recipient's number to make its id."""

CTR_MAX = 0.2
"""No message is clicked with a higher probability, whatever its campaign and recipient."""

# What becomes of a message at submit. A path above REFUSED has a second attempt.
SUPPRESSED, ONCE, REFUSED, RETRIED, REFUSED_TWICE, RESENT = range(6)
SECOND_ATTEMPT_SHARE = 0.022
SECOND_ATTEMPT_MAX_MS = 30 * 60_000
OPTED_OUT, INVALID, HOLDOUT, FREQ_CAP, QUIET_HOURS = range(1, 6)
SUPPRESS_REASONS = (None, "OPTED_OUT", "INVALID", "HOLDOUT", "FREQ_CAP", "QUIET_HOURS")

# Consent of a recipient.
IN, OUT, DEACTIVATED, REASSIGNED = range(4)
# How a recipient leaves.
BY_KEYWORD, BY_WEB, BY_AGENT, BY_CARRIER, BY_IMPORT = range(5)
EPOCH_DAYS = 64
"""Within one epoch a recipient leaves at most once, and comes back, if so, before it ends."""
_LEAVING_SHARE = 0.10
EPOCHS_MAX = 4096

PROVIDERS = ("smsc-east", "smsc-west", "twilio", "vonage")
_PROVIDER_WEIGHTS = (0.45, 0.25, 0.18, 0.12)


@dataclass(frozen=True)
class Carrier:
    mcc_mnc: str
    name: str
    asn: int  # of the carrier-grade NAT its subscribers' requests come from


CARRIERS = (
    Carrier("310260", "T-Mobile USA", 21928),
    Carrier("310410", "AT&T Mobility", 20057),
    Carrier("311480", "Verizon Wireless", 6167),
    Carrier("310004", "Verizon Wireless", 22394),
    Carrier("310030", "AT&T Mobility", 20057),
    Carrier("310660", "Metro by T-Mobile", 21928),
    Carrier("310150", "Cricket Wireless", 20057),
    Carrier("311580", "U.S. Cellular", 6430),
    Carrier("310032", "IT&E Guam", 9246),
)
_CARRIER_WEIGHTS = (0.25, 0.24, 0.25, 0.05, 0.03, 0.07, 0.06, 0.04, 0.01)

ZONES = (
    "America/New_York", "America/Chicago", "America/Los_Angeles", "America/Denver", "America/Phoenix",
    "America/Puerto_Rico", "America/Anchorage", "Pacific/Honolulu",
)  # fmt: skip
_ZONE_WEIGHTS = (0.44, 0.28, 0.17, 0.06, 0.025, 0.01, 0.0075, 0.0075)


def next_prime(number: int) -> int:
    """The smallest prime not below ``number``."""
    candidate = max(3, number | 1)
    while any(candidate % d == 0 for d in range(3, int(candidate**0.5) + 1, 2)):
        candidate += 2
    return candidate


@dataclass(frozen=True)
class Leaving:
    """Recipients that leave in one epoch, and when they come back (0: not in this epoch)."""

    row: Ints  # which of the recipients asked about
    recipient: Ids
    left_ms: Ints
    way: Ints
    answered: Ids  # number of the message that made them leave, 0 if none did
    back_ms: Ints


class World:
    """All that is true in the world of one seed: ``messages`` a day from ``first_day`` (days since
    1970) on.
    """

    def __init__(self, seed: int, messages: int, first_day: int) -> None:
        if not 1 <= messages < MESSAGES_A_DAY_MAX:
            raise ValueError(
                f"messages a day must be 1 to {MESSAGES_A_DAY_MAX - 1}, not {messages}"
            )
        self.seed = seed
        self.messages = messages
        self.first_day = first_day
        # A prime, so that any step visits every recipient once: nobody gets two messages on one
        # day.
        self.population = next_prime(max(3 * messages, 500))
        self._keys: dict[str, np.uint64] = {}

    def key(self, name: str) -> np.uint64:
        found = self._keys.get(name)
        if found is None:
            found = self._keys[name] = key(self.seed, name)
        return found

    def plan(self, day: int) -> campaigns.DayPlan:
        return campaigns.day_plan(self.seed, self.first_day, day)

    # Messages and recipients of a day

    def numbers(self, day: int, start: int = 0, stop: int | None = None) -> Ids:
        """Numbers of the day's messages from the ``start``-th to before the ``stop``-th."""
        if day < self.first_day:
            return np.empty(0, np.uint64)
        return np.arange(
            start, self.messages if stop is None else stop, dtype=np.uint64
        ) + np.uint64(day << INDEX_BITS)

    def numbers_between(self, from_ms: int, to_ms: int) -> Ids:
        """Numbers of the messages submitted in [from_ms, to_ms), and perhaps a neighbour more at
        both ends.
        """
        found = []
        for day in range(from_ms // DAY_MS, (to_ms - 1) // DAY_MS + 1):
            edges = np.clip(
                [(from_ms - day * DAY_MS) / DAY_MS, (to_ms - day * DAY_MS) / DAY_MS], 0, 1
            )
            share = np.interp(
                edges, np.linspace(0, 1, campaigns.QUARTERS + 1), self.plan(day).cumulative
            )
            start = max(0, int(share[0] * self.messages) - 1)
            stop = min(self.messages, int(share[1] * self.messages) + 2)
            found.append(self.numbers(day, start, stop))
        return np.concatenate(found)

    def submitted_ms(self, numbers: Ids) -> Ints:
        """When each message was first submitted; within a day it grows with the number."""
        days, index = _split(numbers)
        share = (index + unit(self.key("submit time"), numbers)) / self.messages
        out = np.empty(len(numbers), np.int64)
        edges = np.linspace(0, DAY_MS, campaigns.QUARTERS + 1)
        for day, rows in _by_day(days):
            at = np.interp(share[rows], self.plan(day).cumulative, edges)
            out[rows] = np.minimum(at.astype(np.int64), DAY_MS - 1) + day * DAY_MS
        return out

    @lru_cache(maxsize=256)  # noqa: B019 -- a world lives as long as the process that writes it
    def _steps(self, day: int) -> tuple[int, int, int]:
        """Recipient = (step x index + shift) mod population, and the inverse of the step."""
        draws = bits(self.key("order of recipients"), np.array([2 * day, 2 * day + 1], np.uint64))
        step = 1 + int(draws[0]) % (self.population - 1)
        return step, int(draws[1]) % self.population, pow(step, -1, self.population)

    def recipients_of(self, numbers: Ids) -> Ids:
        days, index = _split(numbers)
        out = np.empty(len(numbers), np.uint64)
        for day, rows in _by_day(days):
            step, shift, _ = self._steps(day)
            out[rows] = (index[rows] * step + shift) % self.population
        return out

    def message_to(self, recipients: Ids, days: Ints) -> tuple[Ids, Mask]:
        """Number of the message each recipient got on that day, and whether there was one."""
        index = np.empty(len(recipients), np.int64)
        for day, rows in _by_day(days):
            _, shift, inverse = self._steps(day)
            there = (recipients[rows].astype(np.int64) - shift) % self.population
            index[rows] = there * inverse % self.population
        exists = (index < self.messages) & (days >= self.first_day)
        return (days.astype(np.uint64) << np.uint64(INDEX_BITS)) | index.astype(np.uint64), exists

    # Tokens and identities

    def link_tokens(self, numbers: Ids) -> Texts:
        """Nine characters of base 62: no two messages share one."""
        mask = np.uint64((1 << TOKEN_BITS) - 1)
        half = np.uint64(TOKEN_BITS // 2)
        value = numbers ^ (self.key("token") & mask)
        for name in ("token 1", "token 2"):
            value = (value * (self.key(name) | np.uint64(1))) & mask
            value ^= value >> half
        return tokens(value)

    def msisdn_tokens(self, recipients: Ids) -> Texts:
        return hexes(*(bits(self.key(f"msisdn {word}"), recipients) for word in range(4)))

    def carrier_of(self, recipients: Ids) -> Ints:
        return pick(self.key("carrier"), recipients, _CARRIER_WEIGHTS)

    def zone_of(self, recipients: Ids) -> Ints:
        return pick(self.key("zone"), recipients, _ZONE_WEIGHTS)

    # Consent

    def epoch_of(self, times_ms: Ints) -> Ints:
        return (times_ms // DAY_MS - self.first_day) // EPOCH_DAYS

    def leaving(self, recipients: Ids, epoch: int) -> Leaving:
        """Those of the recipients that leave in an epoch, most of them in answer to a message."""
        ids = recipients * np.uint64(EPOCHS_MAX) + np.uint64(epoch)
        row = np.flatnonzero(unit(self.key("leaves"), ids) < _LEAVING_SHARE)
        ids, who = ids[row], recipients[row]
        begin = self.first_day + epoch * EPOCH_DAYS
        end_ms = (begin + EPOCH_DAYS) * DAY_MS
        # Four days are drawn and the first one with a message is taken: leaving follows messages.
        days_drawn = bits(self.key("leaves on"), ids)
        day = begin + (days_drawn & np.uint64(63)).astype(np.int64)
        number, answers = self.message_to(who, day)
        for shift in (6, 12, 18):
            other = begin + ((days_drawn >> np.uint64(shift)) & np.uint64(63)).astype(np.int64)
            other_number, exists = self.message_to(who, other)
            better = exists & ~answers
            day = np.where(better, other, day)
            number = np.where(better, other_number, number)
            answers |= better
        way = np.where(
            answers,
            pick(self.key("leaves how"), ids, (0.80, 0.14, 0.06)),
            pick(self.key("leaves how, unasked"), ids, (0.25, 0.25, 0.05, 0.35, 0.10)),
        )
        minutes = np.exp(np.log(10.0) + 1.6 * normal(self.key("leaves after"), ids))
        delay = np.clip(minutes * 60_000, 20_000, 20 * 3_600_000).astype(np.int64)
        answered = np.where(answers, number, np.uint64(0))
        asked = day * DAY_MS
        if answers.any():
            asked[answers] = self.submitted_ms(number[answers])
        else_at = day * DAY_MS + (unit(self.key("leaves at"), ids) * DAY_MS).astype(np.int64)
        # Carriers publish their deactivations once a day.
        else_at = np.where(
            way == BY_CARRIER, day * DAY_MS + 6 * 3_600_000 + else_at % 600_000, else_at
        )
        # A second clear of midnight, so that the inbound message behind it falls into the same
        # epoch.
        left = np.clip(
            np.where(answers, asked + delay, else_at), begin * DAY_MS + 1000, end_ms - 1000
        )
        comes_back = unit(self.key("comes back"), ids) < np.where(way == BY_CARRIER, 0.4, 0.25)
        away = (
            (1 + 24 * unit(self.key("stays away"), ids))
            * np.where(way == BY_CARRIER, 2, 1)
            * DAY_MS
        )
        back = left + away.astype(np.int64)
        back = np.where(comes_back & (back < end_ms), back, 0)
        return Leaving(row, who, left, way, answered, back)

    @lru_cache(maxsize=2)  # noqa: B019
    def leavings(self, epoch: int) -> Leaving:
        """All recipients that leave in an epoch."""
        step = 1 << 18
        found = []
        for start in range(0, self.population, step):
            some = np.arange(start, min(start + step, self.population), dtype=np.uint64)
            found.append(self.leaving(some, epoch))
        return Leaving(
            *(np.concatenate([getattr(f, c.name) for f in found]) for c in fields(Leaving))
        )

    def consent_of(self, recipients: Ids, times_ms: Ints) -> Ints:
        """IN, OUT, DEACTIVATED or REASSIGNED: the state of each recipient just after that moment."""
        out = np.full(len(recipients), IN, np.int64)
        epochs = self.epoch_of(times_ms)
        open_rows = np.arange(len(recipients))
        for epoch in range(int(epochs.max(initial=-1)), -1, -1):
            asked = open_rows[epochs[open_rows] >= epoch]
            found = self.leaving(recipients[asked], epoch)
            rows = asked[found.row]
            gone = found.left_ms <= times_ms[rows]
            is_back = (found.back_ms > 0) & (found.back_ms <= times_ms[rows])
            by_carrier = found.way == BY_CARRIER
            state = np.where(
                by_carrier, np.where(is_back, REASSIGNED, DEACTIVATED), np.where(is_back, IN, OUT)
            )
            out[rows[gone]] = state[gone]
            open_rows = np.setdiff1d(open_rows, rows[gone], assume_unique=True)
        return out


class Messages:
    """Columns of a set of messages, each computed when first asked for."""

    def __init__(self, world: World, numbers: Ids) -> None:
        self.world = world
        self.numbers = numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def unit(self, name: str) -> Floats:
        return unit(self.world.key(name), self.numbers)

    def pick(self, name: str, weights: tuple[float, ...]) -> Ints:
        return pick(self.world.key(name), self.numbers, weights)

    @cached_property
    def day(self) -> Ints:
        return _split(self.numbers)[0]

    @cached_property
    def recipient(self) -> Ids:
        return self.world.recipients_of(self.numbers)

    @cached_property
    def submitted_ms(self) -> Ints:
        """When the first attempt was made."""
        return self.world.submitted_ms(self.numbers)

    @cached_property
    def ids(self) -> Texts:
        world = self.world
        return ulids(
            self.submitted_ms,
            bits(world.key("message id high"), self.numbers),
            bits(world.key("message id low"), self.numbers),
        )

    @cached_property
    def _planned_campaign(self) -> Ints:
        quarter = (self.submitted_ms % DAY_MS) // (DAY_MS // campaigns.QUARTERS)
        chance = self.unit("campaign of message")
        out = np.empty(len(self), np.int64)
        for day, rows in _by_day(self.day):
            plan = self.world.plan(day)
            which = (chance[rows][:, None] >= plan.within[quarter[rows]]).sum(axis=1)
            out[rows] = plan.campaigns[which]
        return out

    @cached_property
    def follows(self) -> Ids:
        """Number of the message this one follows up, 0 for most.

        A recipient takes turns, three days each, at being followed up, so that a follow-up is never
        followed up.
        """
        world = self.world
        out = np.zeros(len(self), np.uint64)
        turn = (bits(world.key("turn"), self.recipient) & np.uint64(1)).astype(np.int64)
        allowed = (self.day // campaigns.FOLLOW_UP_DAYS + turn) % 2 == 0
        allowed &= self.unit("is follow-up") < 0.7
        rows = np.flatnonzero(allowed)
        before, exists = world.message_to(
            self.recipient[rows], self.day[rows] - campaigns.FOLLOW_UP_DAYS
        )
        rows, before = rows[exists], before[exists]
        if len(rows):
            earlier = Messages(world, before)
            due = campaigns.is_blast(earlier._planned_campaign) & (earlier.final_attempt > 0)
            due &= ~earlier.is_clicked
            out[rows[due]] = before[due]
        return out

    @cached_property
    def campaign(self) -> Ints:
        """Number of the campaign."""
        out = self._planned_campaign.copy()
        rows = np.flatnonzero(self.follows)
        if len(rows):
            earlier = Messages(self.world, self.follows[rows])
            out[rows] = campaigns.follow_up_number(earlier._planned_campaign)
        return out

    @cached_property
    def _campaigns(self) -> tuple[list[campaigns.Campaign], Ints]:
        numbers, which = np.unique(self.campaign, return_inverse=True)
        return [campaigns.campaign(self.world.seed, int(n)) for n in numbers], which

    @property
    def campaign_list(self) -> list[campaigns.Campaign]:
        """The campaigns that occur; ``campaign_index`` says which is whose."""
        return self._campaigns[0]

    @property
    def campaign_index(self) -> Ints:
        return self._campaigns[1]

    def of_campaign(self, name: str) -> np.ndarray:
        """An attribute of each message's campaign."""
        known = self.campaign_list or [campaigns.campaign(self.world.seed, 0)]
        return np.array([getattr(c, name) for c in known])[self.campaign_index]

    @cached_property
    def variant(self) -> Ints:
        """Which of its campaign's variants each message carries."""
        edges = np.ones((len(self.campaign_list), 2))
        for row, one in enumerate(self.campaign_list):
            shares = np.cumsum([v.allocation_pct for v in one.variants]) / 100
            edges[row, : len(shares) - 1] = shares[:-1]
        return (self.unit("variant")[:, None] >= edges[self.campaign_index]).sum(axis=1)

    @cached_property
    def consent(self) -> Ints:
        return self.world.consent_of(self.recipient, self.submitted_ms)

    @cached_property
    def suppressed_for(self) -> Ints:
        """Why a message is not sent, as an index into SUPPRESS_REASONS; 0 if it is."""
        chance = self.unit("suppressed")
        consent = self.consent
        is_marketing = self.of_campaign("category") == "MARKETING"
        hour = self._local_hour
        quiet = is_marketing & ((hour < 8) | (hour >= 21)) & (chance < 0.9)
        held = chance < self.of_campaign("holdout_pct") / 100
        # Of equal rank are only the reasons; the first that applies is the one given.
        return np.select(
            [
                (consent == OUT) & (chance < 0.985),
                (consent >= DEACTIVATED) & (chance < 0.97),
                held,
                is_marketing & (chance > 0.992),
                quiet,
            ],
            [OPTED_OUT, INVALID, HOLDOUT, FREQ_CAP, QUIET_HOURS],
            0,
        )

    @cached_property
    def _local_hour(self) -> Ints:
        zones = self.world.zone_of(self.recipient)
        offsets = np.empty(len(self), np.int64)
        for day, rows in _by_day(self.day):
            offsets[rows] = _offsets_ms(day)[zones[rows]]
        return (self.submitted_ms + offsets) % DAY_MS // 3_600_000

    @cached_property
    def path(self) -> Ints:
        chance = self.unit("path")
        taken = np.select(
            [chance < 0.005, chance < 0.010, chance < 0.020, chance < SECOND_ATTEMPT_SHARE],
            [REFUSED, RESENT, RETRIED, REFUSED_TWICE],
            ONCE,
        )
        return np.where(self.suppressed_for > 0, SUPPRESSED, taken)

    @cached_property
    def final_attempt(self) -> Ints:
        """The last attempt that was accepted; 0 if none was."""
        return np.array([0, 1, 0, 2, 0, 2])[self.path]

    @cached_property
    def second_ms(self) -> Ints:
        """When the second attempt was made, if there was one."""
        wait = 60_000 + self.unit("second attempt") * (SECOND_ATTEMPT_MAX_MS - 60_000)
        return self.submitted_ms + wait.astype(np.int64)

    @cached_property
    def sent_ms(self) -> Ints:
        """When the final attempt was accepted."""
        return np.where(self.final_attempt == 2, self.second_ms, self.submitted_ms)

    @cached_property
    def has_link(self) -> Mask:
        return self.of_campaign("has_link") & (self.path != SUPPRESSED)

    @cached_property
    def segments(self) -> Ints:
        chance = self.unit("segments")
        share = self.of_campaign("long_share")
        return 1 + (chance < share).astype(np.int64) + (chance < share * 0.2)

    @cached_property
    def provider(self) -> Ints:
        return self.pick("provider", _PROVIDER_WEIGHTS)

    @cached_property
    def carrier(self) -> Ints:
        return self.world.carrier_of(self.recipient)

    @cached_property
    def is_clicked(self) -> Mask:
        """Whether a person clicks within the first day. Recipients differ in how eager they are."""
        eager = 0.25 + 2.25 * unit(self.world.key("eager"), self.recipient) ** 2
        lifts = np.ones((len(self.campaign_list), 3))
        for row, one in enumerate(self.campaign_list):
            lifts[row, : len(one.variants)] = [v.lift * one.ctr for v in one.variants]
        share = np.minimum(eager * lifts[self.campaign_index, self.variant], CTR_MAX)
        return (self.unit("clicked") < share) & self.has_link & (self.final_attempt > 0)


@lru_cache(maxsize=128)
def _offsets_ms(day: int) -> Ints:
    """Offset of each time zone from UTC at noon of a day, milliseconds."""
    noon = datetime.fromtimestamp(day * 86_400 + 43_200, UTC)
    offsets = [noon.astimezone(ZoneInfo(zone)).utcoffset() for zone in ZONES]
    return np.array([int(o.total_seconds() * 1000) for o in offsets if o is not None], np.int64)


def _split(numbers: Ids) -> tuple[Ints, Ints]:
    days = (numbers >> np.uint64(INDEX_BITS)).astype(np.int64)
    return days, (numbers & np.uint64(MESSAGES_A_DAY_MAX - 1)).astype(np.int64)


def _by_day(days: Ints) -> list[tuple[int, np.ndarray | slice]]:
    """Each day that occurs, with the rows it has."""
    if not len(days):
        return []
    first, last = int(days.min()), int(days.max())
    if first == last:
        return [(first, slice(None))]
    return [(int(day), days == day) for day in np.unique(days)]
