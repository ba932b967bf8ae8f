"""The jobs. Everyone asks for a day: sensor, schedules, the UI's button and backfills all run ``load_day``."""

import dagster as dg

from sms_warehouse.assets import reports, staging, warehouse
from sms_warehouse.landing import keys, load
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.partitions import today
from sms_warehouse.privacy.erase import remove_emptied
from sms_warehouse.reports import REPORTS
from sms_warehouse.resources.inbox import Inbox, NewObject
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift

load_day = dg.define_asset_job(
    "load_day",
    dg.AssetSelection.groups(staging.GROUP, warehouse.GROUP),
    description="Lands what S3 holds for one arrival day and the ledger does not, proves it, and applies it.",
)

refresh_reports = dg.define_asset_job(
    "refresh_reports",
    dg.AssetSelection.assets(*(reports.key(r) for r in REPORTS)),
    description="Computes all reports anew, for one clock.",
)


@dg.op(description="Hints at every day whose listing holds an object the ledger does not know.")
def find_unlanded_days(
    context: dg.OpExecutionContext, lake: Lake, inbox: Inbox, redshift: Redshift
) -> None:
    hints: list[NewObject] = []
    for event_type in EVENTS:
        for day in lake.list_days(event_type):
            listing, waiting = load.pending(redshift, lake, event_type, day)
            load.record_listing(redshift, event_type, day, listing)
            if waiting:
                context.log.info(f"{event_type} {day}: {len(waiting)} objects have not landed")
                first = waiting[0]
                hints.append(NewObject(lake.bucket, first.key, first.etag, first.size_bytes))
    # The sensor takes it from here, with the same confirmation as any other news.
    inbox.hint(hints)
    context.add_output_metadata({"days": len(hints)})


@dg.job(description="Compares all of S3 with the ledger and asks for the days that differ.")
def reconcile() -> None:
    find_unlanded_days()


@dg.op(
    description="Removes staged rows past their time, and files that killed loads and erasures left behind."
)
def remove_what_is_past_its_time(
    context: dg.OpExecutionContext, lake: Lake, redshift: Redshift
) -> None:
    rows = {
        event_type: load.purge_staging(redshift, event_type, today=today()) for event_type in EVENTS
    }
    files = load.remove_leftovers(lake)
    lines = remove_emptied(redshift, lake)
    context.log.info(
        f"removed {sum(rows.values())} staged rows, {files} files under {keys.LANDING} and {lines} under"
        f" {keys.QUARANTINE}"
    )
    context.add_output_metadata({"rows": rows, "files": files, "lines": lines})


@dg.job(description="Keeps staging and the landing area to what is needed.")
def housekeeping() -> None:
    remove_what_is_past_its_time()
