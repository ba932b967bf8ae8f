"""The campaign-manager: a ``campaign_upserted`` line, the whole campaign, for each change of it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from sms_warehouse.local.traffic import campaigns
from sms_warehouse.local.traffic.campaigns import Campaign, campaign
from sms_warehouse.local.traffic.draws import unit
from sms_warehouse.local.traffic.lines import DAY_MS, fill, iso_times
from sms_warehouse.local.traffic.rows import Rows, make_rows, no_rows
from sms_warehouse.local.traffic.service import DailyService

_HOUR_MS = 3_600_000
_DRAFT, _SCHEDULED, _RUNNING, _FINISHED, _DELETED = range(1, 6)
_STATES = {
    _DRAFT: "DRAFT",
    _SCHEDULED: "SCHEDULED",
    _RUNNING: "RUNNING",
    _FINISHED: "FINISHED",
    _DELETED: "ARCHIVED",
}
# Days after the first day of sending, and the hour, at which each version is written.
_VERSIONS = {
    _DRAFT: (-1, 14),
    _SCHEDULED: (-1, 20),
    _RUNNING: (0, 13),
    _FINISHED: (2, 0.5),
    _DELETED: (6, 10),
}
_EVERGREEN_EVERY_DAYS = 7
_VERSIONS_MAX = 4096


class Manager(DailyService):
    event_type = "campaign_upserted"
    source = "campaign-manager"

    def day_rows(self, day: int) -> Rows:
        first_ms = self.world.first_day * DAY_MS
        found: list[tuple[int, int, int]] = []
        age = day - self.world.first_day
        for number in range(campaigns.EVERGREEN):
            if age % _EVERGREEN_EVERY_DAYS == 0:
                hour = 0 if age == 0 else 16 * _HOUR_MS
                found.append(
                    (
                        number,
                        age // _EVERGREEN_EVERY_DAYS + 1,
                        day * DAY_MS + hour + 2_000 + number * 311,
                    )
                )
        for start in range(day - 6, day + 2):
            for number in campaigns.numbers_begun(start):
                one = campaign(self.world.seed, number)
                begun = start if one.parent is None else start - campaigns.FOLLOW_UP_DAYS
                if begun < self.world.first_day:
                    continue
                for version, (days, hour_of_day) in _VERSIONS.items():
                    if version == _DELETED and not one.is_deleted_later:
                        continue
                    at = (start + days) * DAY_MS + int(hour_of_day * _HOUR_MS) + number % 1000 * 700
                    # What was planned before the world began is told in its first minute.
                    at = max(at, first_ms + 10_000 * version + number % 1000)
                    if at // DAY_MS == day:
                        found.append((number, version, at))
        if not found:
            return no_rows()
        columns = np.array(found, np.int64)
        numbers = columns[:, 0].astype(np.uint64)
        events = self.events(numbers * np.uint64(_VERSIONS_MAX) + columns[:, 1].astype(np.uint64))
        # Never across midnight: a version belongs to the day it was written on.
        logged = np.minimum(self.logged(columns[:, 2], events), (day + 1) * DAY_MS - 1)
        return make_rows(
            numbers, columns[:, 1], columns[:, 2], np.maximum(logged, day * DAY_MS), events
        )

    def lines(self, rows: Rows) -> list[bytes]:
        images = [
            json.dumps(self._image(campaign(self.world.seed, int(number)), int(version)), ensure_ascii=False,
                       separators=(",", ":")).encode()[1:]
            for number, version in zip(rows.subject, rows.kind, strict=True)
        ]  # fmt: skip
        return fill(
            self.head() + b',"attributes":{"origin":"manager"},%b', (*self.envelope(rows), images)
        )

    def _image(self, one: Campaign, version: int) -> dict[str, Any]:
        """The campaign as it stands at a version."""
        state = "RUNNING" if one.start_day is None else _STATES[version]
        # Some campaigns are renamed, moved to another team or aimed elsewhere as they go.
        chance = unit(
            self.world.key("campaign changes"),
            np.array([one.number * 2, one.number * 2 + 1], np.uint64),
        )
        changed = version >= _RUNNING and chance[0] < 0.3
        parent = None if one.parent is None else campaign(self.world.seed, one.parent)
        return {
            "campaign_id": one.id,
            "version": version,
            "campaign_name": f"{one.name} (extended)" if changed else one.name,
            "campaign_type": one.type,
            "objective": one.objective,
            "owner": "crm" if changed and chance[1] < 0.5 else one.owner,
            "start_at": None
            if one.start_day is None
            else _iso(one.start_day * DAY_MS + 13 * _HOUR_MS),
            "end_at": None if one.end_day is None else _iso(one.end_day * DAY_MS),
            "status": state,
            "parent_campaign_id": None if parent is None else parent.id,
            "variants": [
                {
                    "variant_id": v.id,
                    "name": v.name,
                    "allocation_pct": v.allocation_pct,
                    "is_control": v.is_control,
                }
                for v in one.variants
            ],
            "target_segment": one.target_segment,
            "report_tz": one.report_tz,
            "click_window_days": one.click_window_days,
            "optout_window_hours": one.optout_window_hours,
            "cpni_used": one.cpni_used,
            "cpni_description": one.cpni_description,
            "products_offered": one.name if one.category == "MARKETING" else None,
            "holdout_pct": one.holdout_pct,
            "deleted": version == _DELETED and one.start_day is not None,
        }


def _iso(time_ms: int) -> str:
    return str(iso_times(np.array([time_ms]))[0].decode())
