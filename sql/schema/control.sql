-- What has landed, what has been applied, and what could not be used. The tables that the proof rests on.

create schema if not exists control;

-- Held by the one transaction that lands a batch. It has no rows: only its lock is used, so that nobody who
-- reads a table ever waits for a load.
create table if not exists control.landing_mutex (
    holder varchar(1)
);

-- Held by the one transaction that applies loads to the warehouse or refreshes reports.
create table if not exists control.warehouse_mutex (
    holder varchar(1)
);

-- One row per object content: a bucket, key, ETag and size that was read once.
create table if not exists control.landed_object (
    object_id varchar(64) not null,
    event_type varchar(32) not null,
    arrival_date date not null,
    bucket varchar(64) not null,
    object_key varchar(1024) not null,
    etag varchar(64) not null,
    size_bytes bigint not null,
    lines bigint not null,
    rows_landed bigint not null,
    lines_quarantined bigint not null,
    lines_blank bigint not null,
    status varchar(16) not null,
    reason varchar(1024),
    load_id varchar(26) not null,
    landed_at timestamp not null
)
diststyle all
sortkey (arrival_date, event_type);

-- One row per committed load: a batch of objects of one event type and arrival day.
create table if not exists control.load (
    load_id varchar(26) not null,
    event_type varchar(32) not null,
    arrival_date date not null,
    objects bigint not null,
    rows_landed bigint not null,
    lines_quarantined bigint not null,
    started_at timestamp not null,
    committed_at timestamp not null,
    run_id varchar(64)
)
diststyle all
sortkey (arrival_date, event_type);

-- One row per load and warehouse table that has taken it in.
create table if not exists control.applied_load (
    load_id varchar(26) not null,
    table_name varchar(64) not null,
    applied_at timestamp not null
)
diststyle all
sortkey (load_id);

-- One row per line that did not keep its event's contract, whole.
create table if not exists control.quarantined_line (
    object_id varchar(64) not null,
    object_key varchar(1024) not null,
    event_type varchar(32) not null,
    arrival_date date not null,
    line_number bigint not null,
    reason varchar(64) not null,
    field varchar(256),
    raw_line varchar(65535),
    is_base64 boolean not null,
    raw_line_key varchar(1024),
    load_id varchar(26) not null,
    quarantined_at timestamp not null,
    resolved_at timestamp
)
sortkey (arrival_date, event_type);

-- One row per key under raw/ that belongs to no event type and day.
create table if not exists control.rejected_key (
    bucket varchar(64) not null,
    object_key varchar(1024) not null,
    reason varchar(256) not null,
    rejected_at timestamp not null
)
diststyle all;

-- One row per message whose events changed and whose row in fact_message has not followed yet.
create table if not exists control.touched_message (
    message_id varchar(26) not null
)
distkey (message_id)
sortkey (message_id);

-- One row per report: the clock it was last computed for.
create table if not exists control.report_refresh (
    report_name varchar(64) not null,
    as_of timestamp not null,
    refreshed_at timestamp not null,
    run_id varchar(64)
)
diststyle all;
