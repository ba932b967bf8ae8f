-- One row per event type: who writes it, and which table takes it in. Filled by the caller.
create temp table service (
    event_type varchar(32),
    source varchar(64),
    table_name varchar(64)
);

create temp table due_day (
    event_type varchar(32),
    arrival_date date
);

-- The last days, because what is odd about a row may change with rows that come later; and older days that a load was taken
-- in of since the refresh before, a day's time left for the clocks of those who wrote it down.
insert into due_day
with refreshed as (
    select coalesce(max(refreshed_at), cast('1970-01-02' as timestamp)) as refreshed_at
    from control.report_refresh
    where report_name = 'pipeline_quality_hourly'
),

taken_in as (
    select
        load.event_type,
        load.arrival_date,
        load.committed_at as changed_at
    from control.load as load

    union all

    select
        load.event_type,
        load.arrival_date,
        applied.applied_at as changed_at
    from control.applied_load as applied
    join control.load as load
        on load.load_id = applied.load_id
)

select distinct
    taken_in.event_type,
    taken_in.arrival_date
from taken_in
cross join refreshed
where taken_in.arrival_date <= :last_due_date
    and (
        taken_in.arrival_date >= :first_due_date
        or taken_in.changed_at > dateadd(day, -1, refreshed.refreshed_at)
    );

-- One row per type and day that staging does not hold whole any more.
create temp table past_day (
    event_type varchar(32),
    arrival_date date
);

-- One row per object of these days.
create temp table object_in (
    object_id varchar(64),
    event_type varchar(32),
    arrival_date date,
    arrival_hour timestamp,
    source varchar(64),
    is_poison boolean,
    is_staged boolean,
    is_waiting boolean,
    rows_landed bigint,
    lines_quarantined bigint
)
diststyle all
sortkey (object_id);

-- One row per object and measure, and statement that counted it.
create temp table object_count (
    object_id varchar(64),
    measure varchar(32),
    counted bigint
);

create temp table hour_lateness (
    arrival_hour timestamp,
    event_type varchar(32),
    source varchar(64),
    late_rows bigint,
    p50_lateness_s float8,
    p95_lateness_s float8,
    max_lateness_s float8,
    clock_skew_rows bigint,
    newest_logged_at timestamp
);

-- One row per stub that an orphan names.
create temp table open_stub (
    object_id varchar(64),
    message_id varchar(26)
);

-- Beginnings of the message ids that the rows of these days name.
create temp table named_prefix (
    id_prefix varchar(6)
);
