-- One row per hour of arrival of the last eight days: how much came, how late at worst, and how much of it was odd.
select
    arrival_hour,
    cast(sum(rows_in) as bigint) as rows_in,
    max(p50_lateness_s) as p50_lateness_s,
    max(p95_lateness_s) as p95_lateness_s,
    cast(sum(duplicates) as bigint) as duplicates,
    cast(sum(quarantined) as bigint) as quarantined,
    cast(sum(orphans) as bigint) as orphans,
    cast(sum(late_rows) as bigint) as late_rows,
    cast(
        sum(
            unmapped_error_codes
            + conflicting_finals
            + conflicting_sends
            + unknown_campaigns
            + undeclared_variants
            + impossible_times
            + clock_skew_rows
        ) as bigint
    ) as odd_rows
from reports.pipeline_quality_hourly
where arrival_hour >= dateadd(day, -8, cast(:as_of as timestamp))
group by arrival_hour
order by arrival_hour;
