"""The messages of the simulated world: whose they are, of which campaign, and what becomes of them.

``Messages`` computes the columns of any set of messages when they are first asked for, from nothing
but their numbers. What the services log about them, and when, is decided in their own modules.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from sms_warehouse.local.traffic import campaigns
from sms_warehouse.local.traffic.draws import Floats, Ids, Ints, Mask, bits, pick, unit
from sms_warehouse.local.traffic.lines import DAY_MS, Texts, ulids
from sms_warehouse.local.traffic.world import (
    DEACTIVATED,
    OUT,
    ZONES,
    World,
    by_day,
    day_and_index,
)

CTR_MAX = 0.2
"""No message is clicked with a higher probability, whatever its campaign and recipient."""

# What becomes of a message at submit. A path above REFUSED has a second attempt.
SUPPRESSED, ONCE, REFUSED, RETRIED, REFUSED_TWICE, RESENT = range(6)
SECOND_ATTEMPT_SHARE = 0.022
SECOND_ATTEMPT_MAX_MS = 30 * 60_000
OPTED_OUT, INVALID, HOLDOUT, FREQ_CAP, QUIET_HOURS = range(1, 6)
SUPPRESS_REASONS = (None, "OPTED_OUT", "INVALID", "HOLDOUT", "FREQ_CAP", "QUIET_HOURS")

PROVIDERS = ("smsc-east", "smsc-west", "twilio", "vonage")
SMSC_EAST, SMSC_WEST, TWILIO, VONAGE = range(4)
_PROVIDER_WEIGHTS = (0.45, 0.25, 0.18, 0.12)


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
        return day_and_index(self.numbers)[0]

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
        for day, rows in by_day(self.day):
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
        for day, rows in by_day(self.day):
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
