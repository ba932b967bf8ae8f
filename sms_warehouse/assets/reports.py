"""The reports: aggregates over the facts, rebuilt whole, all of one refresh for the same clock (``as_of``)."""

from datetime import UTC, datetime

import dagster as dg

from sms_warehouse import invariants, model, reports, settings
from sms_warehouse.assets import describe, plots, warehouse
from sms_warehouse.reports import Report
from sms_warehouse.resources.redshift import Redshift, Session

GROUP = "reports"

_PREVIEW_ROWS = 20


class RefreshConfig(dg.Config):
    """``as_of`` fixes the reports' clock, UTC, like 2026-01-31T12:00:00, not later than now; without it the run's
    start counts."""

    as_of: str | None = None


def key(report: str) -> dg.AssetKey:
    return dg.AssetKey([GROUP, report])


def _source(table: str) -> dg.AssetKey:
    schema, _, name = table.rpartition("/")
    return dg.AssetKey([schema or warehouse.GROUP, name])


def _as_of(context: dg.AssetExecutionContext, config: RefreshConfig) -> datetime:
    if config.as_of is not None:
        given = datetime.fromisoformat(config.as_of)
        as_of = given.astimezone(UTC).replace(tzinfo=None) if given.tzinfo else given
        if as_of > datetime.now(UTC).replace(tzinfo=None):
            # Counts of days that have not ended would be called final, and every true one after them restated.
            raise dg.Failure(f"as_of {config.as_of} is still to come")
        return as_of
    record = context.instance.get_run_record_by_id(context.run.run_id)
    if record is None:
        raise dg.Failure(f"Dagster's instance does not know run {context.run.run_id}")
    return record.create_timestamp.astimezone(UTC).replace(tzinfo=None)


def _description(name: str, report: Report) -> str:
    return (
        f"{model.table(f'{GROUP}.{name}').meaning}\n\n"
        f"{report.window_in_words}, {report.anchor.value.lower()} anchor.\n\n"
        f"Time zone: {report.zone}\n\nRows: {report.kept}\n\nFinal: {report.final}\n\n"
        f"Refreshed: {report.rhythm}.\n\nVerified: {report.verified}"
    )


def _preview(session: Session, name: str, report: Report) -> dict[str, dg.MetadataValue]:
    if report.is_personal:
        return {}
    rows = session.records(
        f"select * from reports.{name} order by {report.preview_order} limit {_PREVIEW_ROWS}"
    )
    return {"preview": describe.preview(rows)}


def _report_asset(name: str) -> dg.AssetsDefinition:
    report = reports.REPORTS[name]
    files = reports.files(name)

    @dg.asset(
        key=key(name),
        deps=[*map(_source, report.sources), *map(key, report.after)],
        check_specs=invariants.specs(key(name), name),
        group_name=GROUP,
        kinds={"redshift", "sql"},
        code_version=describe.code_version(files),
        description=_description(name, report),
        metadata={
            **describe.table_metadata(f"{GROUP}.{name}"),
            **describe.sql_metadata(files),
        },
    )
    def refreshed(
        context: dg.AssetExecutionContext, config: RefreshConfig, redshift: Redshift
    ) -> dg.MaterializeResult:
        as_of = _as_of(context, config)
        began = datetime.now(UTC)
        reports.refresh(
            redshift,
            name,
            as_of=as_of,
            report_tz=settings.report_timezone(),
            run_id=context.run.run_id,
        )
        with redshift.session(f"describe_{name}") as session:
            (state,) = session.records(
                "select * from control.report_refresh where report_name = :name", name=name
            )
            rows = session.value(f"select count(*) as report_rows from reports.{name}")
            context.log.info(f"{name}: {rows} rows, as of {state['as_of']:%Y-%m-%d %H:%M} UTC")
            return dg.MaterializeResult(
                metadata={
                    **plots.pictures(session, name, state["as_of"], context.log.warning),
                    **describe.refresh_metadata(state),
                    **_preview(session, name, report),
                    "dagster/row_count": rows,
                    "seconds": (datetime.now(UTC) - began).total_seconds(),
                },
                check_results=invariants.evaluate(session, name),
            )

    return refreshed


message_status = dg.AssetSpec(
    key("message_status"),
    deps=[warehouse.key("fact_message")],
    group_name=GROUP,
    kinds={"redshift", "view"},
    description=model.table(f"{GROUP}.message_status").meaning,
    metadata=describe.table_metadata(f"{GROUP}.message_status"),
)

report_assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
    message_status,
    *(_report_asset(report) for report in reports.REPORTS),
]
