"""The simulated world: who is there, which messages there are on each day, and who has opted out.

A message is a number, its day and its place in that day's order; a recipient is a number too. What
is true of recipients and of consent is here; what becomes of a message is in ``messages``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np

from sms_warehouse.local.traffic import campaigns
from sms_warehouse.local.traffic.draws import Ids, Ints, Mask, bits, key, normal, pick, unit
from sms_warehouse.local.traffic.lines import DAY_MS, TOKEN_BITS, Texts, hexes, tokens

INDEX_BITS = 26
"""Bits of a message's number that count it within its day; the rest is the day since 1970."""
MESSAGES_A_DAY_MAX = 1 << INDEX_BITS

FIRST_RECIPIENT = np.uint64(100_000)
"""Added to a recipient's number to make its id."""

# Consent of a recipient.
IN, OUT, DEACTIVATED, REASSIGNED = range(4)
# How a recipient leaves.
BY_KEYWORD, BY_WEB, BY_AGENT, BY_CARRIER, BY_IMPORT = range(5)
EPOCH_DAYS = 64
"""Within one epoch a recipient leaves at most once, and comes back, if so, before it ends."""
_LEAVING_SHARE = 0.10
EPOCHS_MAX = 4096


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
    """The world of one seed: ``messages`` a day from ``first_day`` (days since 1970) on."""

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
        """The messages submitted in [from_ms, to_ms), and perhaps a neighbour at either end."""
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
        days, index = day_and_index(numbers)
        share = (index + unit(self.key("submit time"), numbers)) / self.messages
        out = np.empty(len(numbers), np.int64)
        edges = np.linspace(0, DAY_MS, campaigns.QUARTERS + 1)
        for day, rows in by_day(days):
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
        days, index = day_and_index(numbers)
        out = np.empty(len(numbers), np.uint64)
        for day, rows in by_day(days):
            step, shift, _ = self._steps(day)
            out[rows] = (index[rows] * step + shift) % self.population
        return out

    def message_to(self, recipients: Ids, days: Ints) -> tuple[Ids, Mask]:
        """Number of the message each recipient got on that day, and whether there was one."""
        index = np.empty(len(recipients), np.int64)
        for day, rows in by_day(days):
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


def day_and_index(numbers: Ids) -> tuple[Ints, Ints]:
    days = (numbers >> np.uint64(INDEX_BITS)).astype(np.int64)
    return days, (numbers & np.uint64(MESSAGES_A_DAY_MAX - 1)).astype(np.int64)


def by_day(days: Ints) -> list[tuple[int, np.ndarray | slice]]:
    """Each day that occurs, with the rows it has."""
    if not len(days):
        return []
    first, last = int(days.min()), int(days.max())
    if first == last:
        return [(first, slice(None))]
    return [(int(day), days == day) for day in np.unique(days)]
