"""The checks of a day's landing, and what each compares.

They are evaluated by the run that landed the day, which still holds the listing it worked from; what arrived
since is the next run's. A run that a person asked for compares the rows of every object of the day, so
materialising a day again checks all of it again; a sensor's run compares what it landed.
"""

from __future__ import annotations

from datetime import date, timedelta

import dagster as dg

from sms_warehouse import settings
from sms_warehouse.landing import ledger
from sms_warehouse.landing.load import LandedDay
from sms_warehouse.partitions import ARRIVAL_DAYS, today
from sms_warehouse.resources.redshift import Redshift, Session

EVERY_RECORD_LANDED = "every_record_landed"
NOTHING_QUARANTINED = "nothing_quarantined"
NO_POISON = "no_poison"

_SHOWN = 20
"""Objects named in a check's metadata; counts are always of all."""


def specs(asset: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """The checks of one staging asset."""
    return [
        dg.AssetCheckSpec(
            EVERY_RECORD_LANDED,
            asset=asset,
            blocking=True,
            partitions_def=ARRIVAL_DAYS,
            description=(
                "Every object S3 lists for the day is in the ledger, and for what this run landed the lines "
                "counted, the ledger and the rows in staging agree object by object."
            ),
        ),
        dg.AssetCheckSpec(
            NOTHING_QUARANTINED,
            asset=asset,
            partitions_def=ARRIVAL_DAYS,
            description="Every line kept its event's contract. Lines that did not are in control.quarantined_line.",
        ),
        dg.AssetCheckSpec(
            NO_POISON,
            asset=asset,
            partitions_def=ARRIVAL_DAYS,
            description="Every object could be read to its end. Those that could not are in control.landed_object.",
        ),
    ]


def evaluate(
    redshift: Redshift, landed: LandedDay, *, is_whole_day: bool
) -> list[dg.AssetCheckResult]:
    """All checks of a day that was just landed; with ``is_whole_day`` the rows of objects landed before too."""
    with redshift.session(f"check_{landed.event_type}") as session:
        known = ledger.day_objects(session, landed.event_type, landed.day)
        return [
            _every_record_landed(session, landed, known, is_whole_day),
            _nothing_quarantined(session, landed.event_type, landed.day),
            _no_poison(session, landed.event_type, landed.day),
        ]


def _every_record_landed(
    session: Session,
    landed: LandedDay,
    known: dict[str, ledger.LedgerObject],
    is_whole_day: bool,
) -> dg.AssetCheckResult:
    problems: list[str] = []
    # Content that newer content replaced while this run was under way is as good as landed.
    settled_keys = {entry.object_key for entry in known.values() if entry.is_settled}
    for found in landed.listing:
        if found.object_id not in known or found.key not in settled_keys:
            problems.append(f"{found.key}: listed in S3, not in the ledger")
    for counted in landed.objects:
        entry = known.get(counted.object_id)
        if entry is None:
            problems.append(f"{counted.key}: landed by this run, not in the ledger")
        elif entry.load_id in landed.load_ids and (
            entry.lines,
            entry.rows_landed,
            entry.lines_quarantined,
            entry.lines_blank,
        ) != (counted.lines, counted.good, counted.quarantined, counted.blank):
            problems.append(f"{counted.key}: the ledger does not say what was counted")
    # Rows past their time leave staging, so an old day is proved by its ledger alone.
    is_staged = landed.day >= today() - timedelta(days=settings.staging_days())
    compared = [
        entry
        for entry in known.values()
        if entry.status == ledger.LANDED
        and (entry.load_id in landed.load_ids or (is_whole_day and is_staged))
    ]
    staged = _staged_rows(session, landed, is_whole_day and is_staged)
    for entry in known.values():
        if entry.lines != entry.rows_landed + entry.lines_quarantined + entry.lines_blank:
            problems.append(f"{entry.object_key}: {entry.lines} lines do not add up")
    for entry in compared:
        if (rows := staged.get(entry.object_id, 0)) != entry.rows_landed:
            problems.append(
                f"{entry.object_key}: {rows} rows in staging, {entry.rows_landed} in the ledger"
            )
    settled = [o for o in known.values() if o.is_settled]
    return dg.AssetCheckResult(
        check_name=EVERY_RECORD_LANDED,
        passed=not problems,
        severity=dg.AssetCheckSeverity.ERROR,
        description="\n".join(problems[:_SHOWN]) or None,
        metadata={
            "objects_in_s3": len(landed.listing),
            "objects_in_ledger": len(settled),
            "lines": sum(o.lines for o in settled),
            "rows_landed": sum(o.rows_landed for o in settled),
            "lines_quarantined": sum(o.lines_quarantined for o in settled),
            "lines_blank": sum(o.lines_blank for o in settled),
            "objects_compared_with_staging": len(compared),
            "problems": len(problems),
        },
    )


def _staged_rows(session: Session, landed: LandedDay, is_whole_day: bool) -> dict[str, int]:
    statement = (
        f"select object_id, count(*) as rows_stored from staging.{landed.event_type}"
        " where arrival_date = :day"
    )
    if is_whole_day:
        rows = session.rows(f"{statement} group by object_id", day=landed.day)
    else:
        rows = [
            row
            for load_id in landed.load_ids
            for row in session.rows(
                f"{statement} and load_id = :load_id group by object_id",
                day=landed.day,
                load_id=load_id,
            )
        ]
    return {object_id: int(count) for object_id, count in rows}


def _nothing_quarantined(session: Session, event_type: str, day: date) -> dg.AssetCheckResult:
    reasons = session.rows(
        "select reason, field, count(*) as lines from control.quarantined_line"
        " where arrival_date = :day and event_type = :event_type and resolved_at is null"
        " group by reason, field order by count(*) desc, reason, field",
        day=day,
        event_type=event_type,
    )
    return dg.AssetCheckResult(
        check_name=NOTHING_QUARANTINED,
        passed=not reasons,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "lines_quarantined": sum(int(lines) for *_, lines in reasons),
            "reasons": dg.MetadataValue.table(
                [
                    dg.TableRecord({"reason": reason, "field": field or "", "lines": int(lines)})
                    for reason, field, lines in reasons[:_SHOWN]
                ],
                dg.TableSchema(
                    [
                        dg.TableColumn("reason", "string"),
                        dg.TableColumn("field", "string"),
                        dg.TableColumn("lines", "int"),
                    ]
                ),
            ),
        },
    )


def _no_poison(session: Session, event_type: str, day: date) -> dg.AssetCheckResult:
    poison = session.rows(
        "select object_key, reason from control.landed_object"
        " where arrival_date = :day and event_type = :event_type and status = 'poison' order by object_key",
        day=day,
        event_type=event_type,
    )
    return dg.AssetCheckResult(
        check_name=NO_POISON,
        passed=not poison,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "objects": len(poison),
            "reasons": dg.MetadataValue.table(
                [dg.TableRecord({"object": k, "reason": r or ""}) for k, r in poison[:_SHOWN]],
                dg.TableSchema(
                    [dg.TableColumn("object", "string"), dg.TableColumn("reason", "string")]
                ),
            ),
        },
    )
