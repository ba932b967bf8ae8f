"""The warehouse: facts and dimensions. One asset per table; its SQL is the file of the table's name.

An asset takes in every load that has landed and that its table has not applied yet, whatever day the load
belongs to. Asked for by a person, it also recomputes what the partition's day brought; asked for by a sensor
or a schedule it does only what is new, so that the cost follows the batch; the day's rows, too, are counted for a
person alone.
"""

import dagster as dg

from sms_warehouse import apply, model
from sms_warehouse.assets import describe, staging
from sms_warehouse.partitions import ARRIVAL_DAYS, day_of, is_asked_by_a_person
from sms_warehouse.resources.redshift import Redshift

GROUP = "warehouse"


def key(table: str) -> dg.AssetKey:
    return dg.AssetKey([GROUP, table])


def _warehouse_asset(table: str, step: apply.Step) -> dg.AssetsDefinition:
    @dg.asset(
        key=key(table),
        deps=[staging.key(event_type) for event_type in step.event_types]
        + [key(upstream) for upstream in step.upstream],
        group_name=GROUP,
        partitions_def=ARRIVAL_DAYS,
        kinds={"redshift", "sql"},
        code_version=describe.code_version(step.files),
        description=model.table(f"{GROUP}.{table}").meaning,
        metadata={
            **describe.table_metadata(f"{GROUP}.{table}"),
            **describe.sql_metadata(step.files),
        },
    )
    def warehouse(context: dg.AssetExecutionContext, redshift: Redshift) -> dg.MaterializeResult:
        day = day_of(context)
        is_whole_day = is_asked_by_a_person(context)
        applied = apply.apply_step(
            redshift,
            table,
            recompute_day=day if is_whole_day else None,
            progress=context.log.info,
        )
        metadata: dict[str, int | float] = {
            "loads_applied": applied.loads,
            "rows_changed": applied.rows,
            "messages_touched": applied.messages,
            "seconds": applied.seconds,
        }
        if is_whole_day:
            with redshift.session(f"describe_{table}") as session:
                metadata["dagster/partition_row_count"] = apply.row_count(session, table, day)
        return dg.MaterializeResult(metadata=metadata)

    return warehouse


warehouse_assets = [_warehouse_asset(table, step) for table, step in apply.STEPS.items()]
