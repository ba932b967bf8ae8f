"""What is asked for by the clock, so that a lost or late message can cost time and never a record."""

from datetime import timedelta

import dagster as dg

from sms_warehouse import settings
from sms_warehouse.jobs import housekeeping, load_day, reconcile
from sms_warehouse.partitions import today
from sms_warehouse.sensors import requests

RUNNING = dg.DefaultScheduleStatus.RUNNING


def _recent(context: dg.ScheduleEvaluationContext, days: int) -> list[dg.RunRequest]:
    first_day, last_day = settings.first_day(), today()
    recent = (last_day - timedelta(days=n) for n in range(days))
    return requests(context.instance, (day for day in recent if day >= first_day))


@dg.schedule(
    job=load_day,
    cron_schedule="7 * * * *",
    default_status=RUNNING,
    description="Each hour, yesterday and today.",
)
def last_two_days(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
    return _recent(context, 2)


@dg.schedule(
    job=load_day,
    cron_schedule="37 2 * * *",
    default_status=RUNNING,
    description="Each night, the last 35 days.",
)
def last_35_days(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
    return _recent(context, 35)


every_day_that_differs = dg.ScheduleDefinition(
    name="every_day_that_differs",
    job=reconcile,
    cron_schedule="17 4 * * 0",
    default_status=RUNNING,
    description="Each week, every day whose listing in S3 differs from the ledger.",
)

nightly_housekeeping = dg.ScheduleDefinition(
    name="nightly_housekeeping",
    job=housekeeping,
    cron_schedule="47 5 * * *",
    default_status=RUNNING,
    description="Each night, staged rows past their time and leftovers of killed loads go.",
)
