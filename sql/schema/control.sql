-- What has landed, what has been applied, and what could not be used. The tables that the proof rests on.

create schema if not exists control;

-- Held by the one transaction that lands a batch. It has no rows: only its lock is used, so that nobody who
-- reads a table ever waits for a load.
create table if not exists control.landing_mutex (
    -- Always empty: the table has no rows.
    holder varchar(1)
);

-- Held by the one transaction that refreshes a report, and by whoever else writes tables that reports read or write.
-- Loads go on meanwhile. Who needs several of these locks takes them in one statement and in one order: landing, report,
-- warehouse.
create table if not exists control.report_mutex (
    -- Always empty: the table has no rows.
    holder varchar(1)
);

-- Held by the one transaction that applies loads to the warehouse.
create table if not exists control.warehouse_mutex (
    -- Always empty: the table has no rows.
    holder varchar(1)
);

-- One row per object content: a bucket, key, ETag and size that was read once.
create table if not exists control.landed_object (
    -- SHA-256 over bucket, key, ETag and size: the same content is landed once.
    object_id varchar(64) not null,
    -- Event type in the object's key.
    event_type varchar(32) not null,
    -- UTC day in the object's key.
    arrival_date date not null,
    -- S3 bucket.
    bucket varchar(64) not null,
    -- S3 key, decoded.
    object_key varchar(1024) not null,
    -- ETag that S3 gave when the object was read.
    etag varchar(64) not null,
    -- Size in S3, compressed.
    size_bytes bigint not null,
    -- Physical lines: lines = rows_landed + lines_quarantined + lines_blank.
    lines bigint not null,
    -- Lines that became a row of the staging table.
    rows_landed bigint not null,
    -- Lines that did not keep their event's contract: one row each in control.quarantined_line.
    lines_quarantined bigint not null,
    -- Lines with nothing on them.
    lines_blank bigint not null,
    -- landed, poison (it could not be read to its end: nothing of it was loaded) or superseded (another content took
    -- its key; its rows were taken back).
    status varchar(16) not null,
    -- Why it is poison; NULL for others.
    reason varchar(1024),
    -- The load that settled it.
    load_id varchar(26) not null,
    -- When that load was committed, UTC.
    landed_at timestamp not null
)
diststyle all
sortkey (arrival_date, event_type);

-- One row per committed load: a batch of objects of one event type and arrival day.
create table if not exists control.load (
    -- ULID of the load; it tells when the load began.
    load_id varchar(26) not null,
    -- Event type of its objects.
    event_type varchar(32) not null,
    -- UTC day in the keys of its objects.
    arrival_date date not null,
    -- Objects it settled, poison among them.
    objects bigint not null,
    -- Rows it brought into staging.
    rows_landed bigint not null,
    -- Lines it brought into quarantine.
    lines_quarantined bigint not null,
    -- When it began, UTC.
    started_at timestamp not null,
    -- When it was committed, UTC.
    committed_at timestamp not null,
    -- Dagster run; NULL for a load that no run made.
    run_id varchar(64),
    -- Newest logged_at of the load's rows; NULL when no line was good.
    newest_event_at timestamp
)
diststyle all
sortkey (arrival_date, event_type);

-- One row per load and warehouse table that has taken it in.
create table if not exists control.applied_load (
    -- The load.
    load_id varchar(26) not null,
    -- Table of schema warehouse that has taken in every row of the load.
    table_name varchar(64) not null,
    -- When, UTC.
    applied_at timestamp not null
)
diststyle all
sortkey (load_id);

-- One row per line that did not keep its event's contract, whole.
create table if not exists control.quarantined_line (
    -- The object; control.landed_object knows it.
    object_id varchar(64) not null,
    -- S3 key of the object.
    object_key varchar(1024) not null,
    -- Event type in the object's key.
    event_type varchar(32) not null,
    -- UTC day in the object's key.
    arrival_date date not null,
    -- Physical line within the object, from 1.
    line_number bigint not null,
    -- What is wrong, as a code that can be counted.
    reason varchar(64) not null,
    -- The field that is wrong; NULL when the line as a whole is.
    field varchar(256),
    -- The line as it stands in the object; the beginning of one that is too long for a column. NULL once the line was
    -- emptied, because it named a person who was erased.
    raw_line varchar(65535),
    -- Whether raw_line is Base64, because the line is not valid UTF-8 or holds a zero byte.
    is_base64 boolean not null,
    -- S3 key under quarantine/ that holds a line too long for raw_line; NULL for others.
    raw_line_key varchar(1024),
    -- The load that found it.
    load_id varchar(26) not null,
    -- When, UTC.
    quarantined_at timestamp not null,
    -- When other content took its object's key, UTC: nothing else resolves a line. NULL until then.
    resolved_at timestamp
)
sortkey (arrival_date, event_type);

-- One row per key under raw/ that belongs to no event type and day.
create table if not exists control.rejected_key (
    -- S3 bucket.
    bucket varchar(64) not null,
    -- S3 key, decoded.
    object_key varchar(1024) not null,
    -- What is wrong with the key.
    reason varchar(256) not null,
    -- When it was first seen, UTC.
    rejected_at timestamp not null
)
diststyle all;

-- One row per message whose events changed and whose row in fact_message has not followed yet.
create table if not exists control.touched_message (
    -- The message.
    message_id varchar(26) not null
)
distkey (message_id)
sortkey (message_id);

-- One row per message whose clicks have to be classified again because its submissions changed.
create table if not exists control.unclassified_message (
    -- The message.
    message_id varchar(26) not null
)
distkey (message_id)
sortkey (message_id);

-- One row per campaign whose images changed and whose variants have not followed yet.
create table if not exists control.touched_campaign (
    -- The campaign.
    campaign_id varchar(64) not null
)
diststyle all;

-- One row per message whose submissions or recipient changed and which dim_recipient has not followed yet; a message may
-- stand here more than once.
create table if not exists control.sighted_message (
    -- The message.
    message_id varchar(26) not null
)
distkey (message_id)
sortkey (message_id);

-- One row per recipient whose consent or line changed and whom dim_recipient has not followed yet; a recipient may stand
-- here more than once.
create table if not exists control.touched_recipient (
    -- The recipient.
    recipient_id varchar(64) not null
)
distkey (recipient_id);

-- One row per campaign and day of sending, in the campaign's zone, of a message that was worked out again since a
-- refresh of reports.campaign_daily last took these rows; a pair may stand here more than once.
create table if not exists control.touched_cohort (
    -- The campaign.
    campaign_id varchar(64) not null,
    -- The day of sending, as in warehouse.fact_message.
    cohort_date_report date not null
)
diststyle all;

-- One row per campaign and day that a refresh of reports.campaign_daily took from control.touched_cohort and has not
-- counted yet; a pair may stand here more than once. A table of its own, so that a refresh writes none that applying loads
-- writes: loads go on beside it.
create table if not exists control.taken_cohort (
    -- The campaign.
    campaign_id varchar(64) not null,
    -- The day of sending, as in warehouse.fact_message.
    cohort_date_report date not null
)
diststyle all;

-- One row per event type and arrival day that was looked at: what S3 listed the last time.
create table if not exists control.listed_day (
    -- Event type in the keys.
    event_type varchar(32) not null,
    -- UTC day in the keys.
    arrival_date date not null,
    -- Objects that S3 listed for the day.
    objects bigint not null,
    -- When S3 was asked, UTC.
    listed_at timestamp not null
)
diststyle all
sortkey (arrival_date, event_type);

-- One row per report: the clock it was last computed for, the days it covers and how complete their logs are.
create table if not exists control.report_refresh (
    -- Table of schema reports.
    report_name varchar(64) not null,
    -- COHORT: a row's day is the day its messages were sent; ACTIVITY: the day the thing itself happened; ARRIVAL: the
    -- day its log arrived.
    anchor varchar(16) not null,
    -- The clock of the report, UTC: messages sent later are not in it, and pending and unknown are told apart by it. What
    -- is known of earlier messages by refreshed_at is in it, whenever it became known.
    as_of timestamp not null,
    -- IANA name of the zone whose days bound the window. Rows by day of sending use the zone of their campaign.
    report_tz varchar(64) not null,
    -- First day that the refresh worked out, in report_tz. Some reports keep rows of earlier days, of whose logs nothing is
    -- said here.
    window_start date not null,
    -- Last day that it worked out.
    window_end date not null,
    -- Rows of earlier days are final: what comes later restates them. NULL where no day tells which rows are.
    final_before date,
    -- Newest event in a committed load, by the time it was logged.
    newest_event_at timestamp,
    -- Objects that S3 listed for the arrival day before window_start, on which zones east of Greenwich begin it, and for all
    -- later ones, since logs may come late.
    objects_known bigint not null,
    -- Of those, objects whose every line has landed or is in quarantine.
    objects_landed bigint not null,
    -- Of those, objects that could not be read to their end.
    objects_poison bigint not null,
    -- Of objects_landed, objects that a table which reports read had not taken in yet.
    objects_not_applied bigint not null,
    -- Lines of the same arrival days that did not keep their contract and have not been resolved.
    lines_quarantined bigint not null,
    -- When the refresh was made, UTC; as_of is the clock it was made for.
    refreshed_at timestamp not null,
    -- Dagster run; NULL for a refresh that no run made.
    run_id varchar(64)
)
diststyle all;
