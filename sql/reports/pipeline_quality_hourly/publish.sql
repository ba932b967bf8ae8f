insert into object_count
select
    object_id,
    'orphans' as measure,
    count(*) as counted
from open_stub
group by object_id;

delete from reports.pipeline_quality_hourly
using due_day
where due_day.event_type = pipeline_quality_hourly.event_type
    and pipeline_quality_hourly.arrival_hour >= cast(due_day.arrival_date as timestamp)
    and pipeline_quality_hourly.arrival_hour
    < dateadd(day, 1, cast(due_day.arrival_date as timestamp));

insert into reports.pipeline_quality_hourly (
    arrival_hour,
    event_type,
    source,
    files,
    poison_files,
    rows_in,
    rows_loaded,
    duplicates,
    rows_waiting,
    quarantined,
    orphans,
    stubs_open,
    late_rows,
    p50_lateness_s,
    p95_lateness_s,
    max_lateness_s,
    clock_skew_rows,
    unmapped_error_codes,
    conflicting_finals,
    conflicting_sends,
    unknown_campaigns,
    undeclared_variants,
    impossible_times,
    unknown_tokens,
    freshness_s,
    as_of
)
with by_object as (
    select
        object_id,
        cast(sum(case when measure = 'rows_loaded' then counted else 0 end) as bigint)
            as rows_loaded,
        cast(sum(case when measure = 'orphans' then counted else 0 end) as bigint) as orphans,
        cast(sum(case when measure = 'unmapped_error_codes' then counted else 0 end) as bigint)
            as unmapped_error_codes,
        cast(sum(case when measure = 'conflicting_finals' then counted else 0 end) as bigint)
            as conflicting_finals,
        cast(sum(case when measure = 'conflicting_sends' then counted else 0 end) as bigint)
            as conflicting_sends,
        cast(sum(case when measure = 'unknown_campaigns' then counted else 0 end) as bigint)
            as unknown_campaigns,
        cast(sum(case when measure = 'undeclared_variants' then counted else 0 end) as bigint)
            as undeclared_variants,
        cast(sum(case when measure = 'impossible_times' then counted else 0 end) as bigint)
            as impossible_times,
        cast(sum(case when measure = 'unknown_tokens' then counted else 0 end) as bigint)
            as unknown_tokens
    from object_count
    group by object_id
),

by_hour as (
    select
        object_in.arrival_hour,
        object_in.event_type,
        object_in.source,
        count(*) as files,
        cast(sum(case when object_in.is_poison then 1 else 0 end) as bigint) as poison_files,
        cast(sum(object_in.rows_landed) as bigint) as rows_landed,
        cast(sum(object_in.lines_quarantined) as bigint) as quarantined,
        cast(sum(case when object_in.is_waiting then object_in.rows_landed else 0 end) as bigint)
            as rows_waiting,
        cast(sum(coalesce(by_object.rows_loaded, 0)) as bigint) as rows_loaded,
        cast(sum(coalesce(by_object.orphans, 0)) as bigint) as orphans,
        cast(sum(coalesce(by_object.unmapped_error_codes, 0)) as bigint) as unmapped_error_codes,
        cast(sum(coalesce(by_object.conflicting_finals, 0)) as bigint) as conflicting_finals,
        cast(sum(coalesce(by_object.conflicting_sends, 0)) as bigint) as conflicting_sends,
        cast(sum(coalesce(by_object.unknown_campaigns, 0)) as bigint) as unknown_campaigns,
        cast(sum(coalesce(by_object.undeclared_variants, 0)) as bigint) as undeclared_variants,
        cast(sum(coalesce(by_object.impossible_times, 0)) as bigint) as impossible_times,
        cast(sum(coalesce(by_object.unknown_tokens, 0)) as bigint) as unknown_tokens
    from object_in
    left join by_object
        on by_object.object_id = object_in.object_id
    group by object_in.arrival_hour, object_in.event_type, object_in.source
),

stub as (
    select
        object_in.arrival_hour,
        object_in.event_type,
        object_in.source,
        count(distinct open_stub.message_id) as stubs_open
    from open_stub
    join object_in
        on object_in.object_id = open_stub.object_id
    group by object_in.arrival_hour, object_in.event_type, object_in.source
)

select
    by_hour.arrival_hour,
    by_hour.event_type,
    by_hour.source,
    by_hour.files,
    by_hour.poison_files,
    by_hour.rows_landed + by_hour.quarantined as rows_in,
    by_hour.rows_loaded,
    by_hour.rows_landed - by_hour.rows_waiting - by_hour.rows_loaded as duplicates,
    by_hour.rows_waiting,
    by_hour.quarantined,
    by_hour.orphans,
    coalesce(stub.stubs_open, 0) as stubs_open,
    coalesce(hour_lateness.late_rows, 0) as late_rows,
    round(hour_lateness.p50_lateness_s, 6) as p50_lateness_s,
    round(hour_lateness.p95_lateness_s, 6) as p95_lateness_s,
    round(hour_lateness.max_lateness_s, 6) as max_lateness_s,
    coalesce(hour_lateness.clock_skew_rows, 0) as clock_skew_rows,
    by_hour.unmapped_error_codes,
    by_hour.conflicting_finals,
    by_hour.conflicting_sends,
    by_hour.unknown_campaigns,
    by_hour.undeclared_variants,
    by_hour.impossible_times,
    by_hour.unknown_tokens,
    round(
        cast(
            datediff(millisecond, hour_lateness.newest_logged_at, cast(:as_of as timestamp))
            as float8
        ) / 1000,
        6
    ) as freshness_s,
    cast(:as_of as timestamp) as as_of
from by_hour
left join stub
    on stub.arrival_hour = by_hour.arrival_hour
    and stub.event_type = by_hour.event_type
    and stub.source = by_hour.source
left join hour_lateness
    on hour_lateness.arrival_hour = by_hour.arrival_hour
    and hour_lateness.event_type = by_hour.event_type
    and hour_lateness.source = by_hour.source;
