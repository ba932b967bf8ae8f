"""Staging: one table per event type, one row per good line, each naming the object and line it came from."""

import dagster as dg

from sms_warehouse import checks
from sms_warehouse.assets import raw
from sms_warehouse.landing import ledger
from sms_warehouse.landing.events import EVENTS, Event
from sms_warehouse.landing.load import land_day
from sms_warehouse.partitions import ARRIVAL_DAYS, day_of, is_asked_by_a_person
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift

GROUP = "staging"


def key(event_type: str) -> dg.AssetKey:
    return dg.AssetKey([GROUP, event_type])


def _column_schema(event: Event) -> dg.TableSchema:
    return dg.TableSchema(
        [
            dg.TableColumn(
                f.name,
                f.redshift_type,
                description=f.meaning,
                constraints=dg.TableColumnConstraints(nullable=not f.is_required),
            )
            for f in event.staged_fields
        ]
    )


def _staging_asset(event: Event) -> dg.AssetsDefinition:
    @dg.asset(
        key=key(event.name),
        deps=[raw.key(event.name)],
        group_name=GROUP,
        partitions_def=ARRIVAL_DAYS,
        check_specs=checks.specs(key(event.name)),
        kinds={"redshift"},
        description=f"One row per good line of {event.source}: {event.meaning}.",
        metadata={
            "dagster/table_name": f"staging.{event.name}",
            "dagster/column_schema": _column_schema(event),
        },
    )
    def staging(
        context: dg.AssetExecutionContext, lake: Lake, redshift: Redshift
    ) -> dg.MaterializeResult:
        day = day_of(context)
        landed = land_day(
            redshift, lake, event.name, day, run_id=context.run.run_id, progress=context.log.info
        )
        context.log_event(
            raw.observed(
                event.name,
                day,
                objects=len(landed.listing),
                bytes=sum(o.size_bytes for o in landed.listing),
            )
        )
        with redshift.session(f"describe_{event.name}") as session:
            settled = [
                o
                for o in ledger.day_objects(session, event.name, day).values()
                if o.status == ledger.LANDED
            ]
        return dg.MaterializeResult(
            metadata={
                "dagster/partition_row_count": sum(o.rows_landed for o in settled),
                "rows_added": landed.rows,
                "objects_added": len(landed.objects),
                "bytes_added": landed.size_bytes,
                "lines_quarantined_added": landed.quarantined,
                "poison_objects_added": len(landed.poison),
                "objects_vanished": landed.vanished,
                "loads": len(landed.load_ids),
                "inspect_seconds": landed.inspect_seconds,
                "land_seconds": landed.land_seconds,
            },
            check_results=checks.evaluate(
                redshift, landed, is_whole_day=is_asked_by_a_person(context)
            ),
        )

    return staging


staging_assets = [_staging_asset(event) for event in EVENTS.values()]
