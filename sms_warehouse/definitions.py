"""The whole platform on one page: assets in the order data flows, what starts runs, and what they talk to."""

from __future__ import annotations

import dagster as dg

from sms_warehouse.assets.raw import raw_assets
from sms_warehouse.assets.reports import report_assets
from sms_warehouse.assets.staging import staging_assets
from sms_warehouse.assets.warehouse import warehouse_assets
from sms_warehouse.jobs import housekeeping, load_day, reconcile, refresh_reports
from sms_warehouse.resources.inbox import Inbox
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse.schedules import (
    every_day_that_differs,
    last_35_days,
    last_two_days,
    nightly_housekeeping,
)
from sms_warehouse.sensors import new_logs, stale_reports

defs = dg.Definitions(
    assets=[*raw_assets, *staging_assets, *warehouse_assets, *report_assets],
    jobs=[load_day, refresh_reports, reconcile, housekeeping],
    sensors=[new_logs, stale_reports],
    schedules=[last_two_days, last_35_days, every_day_that_differs, nightly_housekeeping],
    resources={"lake": Lake(), "inbox": Inbox(), "redshift": Redshift()},
    # A run is a chain of short SQL statements: a process for each step would cost more than the step.
    executor=dg.in_process_executor,
)
