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
    run_id varchar(64),
    -- Newest logged_at of the load's rows; NULL when no line was good.
    newest_event_at timestamp
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

-- One row per message whose clicks have to be classified again because its submissions changed.
create table if not exists control.unclassified_message (
    message_id varchar(26) not null
)
distkey (message_id)
sortkey (message_id);

-- One row per campaign whose images changed and whose variants have not followed yet.
create table if not exists control.touched_campaign (
    campaign_id varchar(64) not null
)
diststyle all;

-- One row per campaign and day of sending, in the campaign's zone, of a message that was worked out again since
-- reports.campaign_daily last followed; a pair may stand here more than once.
create table if not exists control.touched_cohort (
    campaign_id varchar(64) not null,
    cohort_date_report date not null
)
diststyle all;

-- One row per event type and arrival day that was looked at: what S3 listed the last time.
create table if not exists control.listed_day (
    event_type varchar(32) not null,
    arrival_date date not null,
    -- Objects that S3 listed for the day.
    objects bigint not null,
    listed_at timestamp not null
)
diststyle all
sortkey (arrival_date, event_type);

-- One row per report: the clock it was last computed for, the days it covers and how complete their logs are.
create table if not exists control.report_refresh (
    report_name varchar(64) not null,
    -- COHORT: a row's day is the day its messages were sent; ACTIVITY: the day the thing itself happened; ARRIVAL: the
    -- day its log arrived.
    anchor varchar(16) not null,
    -- The clock of the report, UTC: what was not yet known then is not in it, and pending and unknown are told apart by it.
    as_of timestamp not null,
    -- IANA name of the zone whose days bound the window. Rows by day of sending use the zone of their campaign.
    report_tz varchar(64) not null,
    -- First and last day covered.
    window_start date not null,
    window_end date not null,
    -- Rows of earlier days are final: later events restate them. NULL: no row ever is.
    final_before date,
    -- Newest event in a committed load, by the time it was logged.
    newest_event_at timestamp,
    -- Objects that S3 listed for arrival days from window_start on.
    objects_known bigint not null,
    -- Of those, objects whose every line has landed or is in quarantine.
    objects_landed bigint not null,
    -- Of those, objects that could not be read to their end.
    objects_poison bigint not null,
    -- Lines that did not keep their contract and have not been resolved.
    lines_quarantined bigint not null,
    refreshed_at timestamp not null,
    run_id varchar(64)
)
diststyle all;
