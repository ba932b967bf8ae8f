"""The reports: aggregates over the facts, rebuilt whole, all of one refresh for the same clock (``as_of``)."""

from datetime import UTC, datetime

import dagster as dg

from sms_warehouse import reports, settings
from sms_warehouse.assets import describe, warehouse
from sms_warehouse.resources.redshift import Redshift

GROUP = "reports"

_PREVIEW_ROWS = 20


class RefreshConfig(dg.Config):
    """``as_of`` fixes the reports' clock, UTC, like 2026-01-31T12:00:00; without it the run's start counts."""

    as_of: str | None = None


def key(report: str) -> dg.AssetKey:
    return dg.AssetKey([GROUP, report])


def _source(table: str) -> dg.AssetKey:
    schema, _, name = table.rpartition("/")
    return dg.AssetKey([schema or warehouse.GROUP, name])


def _as_of(context: dg.AssetExecutionContext, config: RefreshConfig) -> datetime:
    if config.as_of is not None:
        given = datetime.fromisoformat(config.as_of)
        return given.astimezone(UTC).replace(tzinfo=None) if given.tzinfo else given
    record = context.instance.get_run_record_by_id(context.run.run_id)
    if record is None:
        raise dg.Failure(f"Dagster's instance does not know run {context.run.run_id}")
    return record.create_timestamp.astimezone(UTC).replace(tzinfo=None)


def _report_asset(name: str) -> dg.AssetsDefinition:
    report = reports.REPORTS[name]
    files = reports.files(name)

    @dg.asset(
        key=key(name),
        deps=[_source(table) for table in report.sources],
        group_name=GROUP,
        kinds={"redshift", "sql"},
        code_version=describe.code_version(files),
        description=report.description,
        metadata={"dagster/table_name": f"reports.{name}", **describe.sql_metadata(files)},
    )
    def refreshed(
        context: dg.AssetExecutionContext, config: RefreshConfig, redshift: Redshift
    ) -> dg.MaterializeResult:
        as_of = _as_of(context, config)
        began = datetime.now(UTC)
        rows = reports.refresh(
            redshift,
            name,
            as_of=as_of,
            report_tz=settings.report_timezone(),
            run_id=context.run.run_id,
        )
        context.log.info(f"{name}: {rows} rows, as of {as_of:%Y-%m-%d %H:%M} UTC")
        with redshift.session(f"describe_{name}") as session:
            return dg.MaterializeResult(
                metadata={
                    "dagster/row_count": rows,
                    "dagster/column_schema": describe.column_schema(session, GROUP, name),
                    "as_of": dg.MetadataValue.timestamp(as_of.replace(tzinfo=UTC)),
                    "report_timezone": settings.report_timezone(),
                    "seconds": (datetime.now(UTC) - began).total_seconds(),
                    "preview": describe.preview(
                        session.records(
                            f"select * from reports.{name} order by {report.preview_order}"
                            f" limit {_PREVIEW_ROWS}"
                        )
                    ),
                }
            )

    return refreshed


message_status = dg.AssetSpec(
    key("message_status"),
    deps=[warehouse.key("fact_message")],
    group_name=GROUP,
    kinds={"redshift", "view"},
    description=(
        "One row per message: its outcome, engagement and the follow-up it calls for. A view: the outcome is "
        "computed when it is asked for, so there is nothing to refresh."
    ),
    metadata={"dagster/table_name": "reports.message_status"},
)

report_assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
    message_status,
    *(_report_asset(report) for report in reports.REPORTS),
]
