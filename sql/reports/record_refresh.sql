delete from control.report_refresh
where report_name = :report_name;

-- What the report covers, and how complete the logs are that its events may be in. Logs of a day's events arrive on that
-- day or later, so every arrival day from the first one on counts; days of zones east of Greenwich begin on the UTC day
-- before.
insert into control.report_refresh (
    report_name,
    anchor,
    as_of,
    report_tz,
    window_start,
    window_end,
    final_before,
    newest_event_at,
    objects_known,
    objects_landed,
    objects_poison,
    objects_not_applied,
    lines_quarantined,
    refreshed_at,
    run_id
)
with listed as (
    select coalesce(cast(sum(objects) as bigint), 0) as objects_known
    from control.listed_day
    where arrival_date >= dateadd(day, -1, cast(:window_start as date))
),

read_object as (
    select
        coalesce(cast(sum(case when status = 'landed' then 1 else 0 end) as bigint), 0)
            as objects_landed,
        coalesce(cast(sum(case when status = 'poison' then 1 else 0 end) as bigint), 0)
            as objects_poison
    from control.landed_object
    where arrival_date >= dateadd(day, -1, cast(:window_start as date))
),

-- Of the tables that reports read, fact_message takes in a load of any type after all others have; dim_variant alone does
-- not come before it.
not_applied as (
    select count(*) as objects_not_applied
    from control.landed_object as landed
    left join control.applied_load as to_messages
        on to_messages.load_id = landed.load_id
        and to_messages.table_name = 'fact_message'
    left join control.applied_load as to_variants
        on to_variants.load_id = landed.load_id
        and to_variants.table_name = 'dim_variant'
    where landed.arrival_date >= dateadd(day, -1, cast(:window_start as date))
        and landed.status = 'landed'
        and (
            to_messages.load_id is null
            or (landed.event_type = 'campaign_upserted' and to_variants.load_id is null)
        )
),

quarantined as (
    select count(*) as lines_quarantined
    from control.quarantined_line
    where arrival_date >= dateadd(day, -1, cast(:window_start as date))
        and resolved_at is null
),

newest as (
    select max(newest_event_at) as newest_event_at
    from control.load
)

select
    cast(:report_name as varchar(64)) as report_name,
    cast(:anchor as varchar(16)) as anchor,
    cast(:as_of as timestamp) as as_of,
    cast(:report_tz as varchar(64)) as report_tz,
    cast(:window_start as date) as window_start,
    cast(:window_end as date) as window_end,
    cast(:final_before as date) as final_before,
    newest.newest_event_at,
    cast(listed.objects_known as bigint) as objects_known,
    cast(read_object.objects_landed as bigint) as objects_landed,
    cast(read_object.objects_poison as bigint) as objects_poison,
    not_applied.objects_not_applied,
    quarantined.lines_quarantined,
    cast(:refreshed_at as timestamp) as refreshed_at,
    cast(:run_id as varchar(64)) as run_id
from listed
cross join read_object
cross join not_applied
cross join quarantined
cross join newest;
