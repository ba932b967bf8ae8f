-- One row per hour of arrival, event type and service that wrote: what the objects of the hour held, and what was odd about
-- it. Objects that newer content replaced are not counted. The last eight days are worked out again by each refresh, and
-- older ones when one of their objects lands; other rows stay as they were at their as_of. rows_in = rows_loaded +
-- duplicates + rows_waiting + quarantined. Odd events are counted here and change nothing but the row they are about.
create table if not exists reports.pipeline_quality_hourly (
    -- Hour in the objects' keys (dt, hh): when they were written, UTC.
    arrival_hour timestamp not null,
    -- Event type in their keys.
    event_type varchar(32) not null,
    -- The service that wrote the object, as its rows say it; the type's own service for an object without a good row.
    source varchar(64) not null,
    -- Objects, poison among them.
    files bigint not null,
    -- Objects that could not be read to their end: none of their lines is counted.
    poison_files bigint not null,
    -- Lines that are not blank.
    rows_in bigint not null,
    -- Rows that the warehouse keeps.
    rows_loaded bigint not null,
    -- Rows whose event another row brought too: of all copies one is kept, the one logged first.
    duplicates bigint not null,
    -- Rows of loads that the warehouse had not taken in yet.
    rows_waiting bigint not null,
    -- Lines that did not keep their event's contract; they are in control.quarantined_line.
    quarantined bigint not null,
    -- Receipts and clicks kept that name no message, or one whose submission is not known.
    orphans bigint not null,
    -- Different messages that orphans name: each has a stub in warehouse.fact_message until its submission comes.
    stubs_open bigint not null,
    -- Rows logged more than an hour after their event occurred.
    late_rows bigint not null,
    -- Median, interpolated, of the seconds from occurring to being logged; negative when a clock was ahead. NULL without rows.
    p50_lateness_s decimal(18, 6),
    -- 95th percentile, interpolated, of the same.
    p95_lateness_s decimal(18, 6),
    -- The longest of them.
    max_lateness_s decimal(18, 6),
    -- Rows whose event claims to have occurred more than five seconds after it was logged. One that is more than five
    -- minutes ahead counts from when it was logged.
    clock_skew_rows bigint not null,
    -- Receipts of a failure and refused submissions with a code that warehouse.dim_delivery_error does not list; a message
    -- that fails by it has failure_category UNKNOWN.
    unmapped_error_codes bigint not null,
    -- Receipts of a failure of a part that another receipt reports delivered: delivery counts, the message has
    -- conflicting_final.
    conflicting_finals bigint not null,
    -- Submissions of a message and attempt that another event, of an earlier time or else a smaller event_id, submitted
    -- already: that one counts. And submissions of an attempt that name another recipient or campaign than the message's
    -- first attempt: the message stays the first one's.
    conflicting_sends bigint not null,
    -- Submissions for a campaign of which no image is known; they count under its id, in UTC days.
    unknown_campaigns bigint not null,
    -- Submissions for a variant that no image of its campaign, which is known, declares; they count under its id.
    undeclared_variants bigint not null,
    -- Receipts and clicks that occurred more than a minute before their message was first submitted; a minute, because
    -- providers often give no seconds. A receipt counts all the same, a click is TOO_FAST to be a person's.
    impossible_times bigint not null,
    -- Clicks for a token that nobody made; orphans, and INVALID_TOKEN unless a rule before says more.
    unknown_tokens bigint not null,
    -- Seconds from the logging of the newest row to as_of. NULL without rows.
    freshness_s decimal(18, 6),
    -- The clock for which the row was worked out, UTC.
    as_of timestamp not null
)
diststyle all
sortkey (arrival_hour, event_type);

-- One row per good line that landed, of every event type, while staging holds it.
--   event_type    the type in its object's key
--   arrival_date  UTC day in its object's key
--   object_id     the object
--   source        the service that wrote the line
--   occurred_at   when the event occurred, as the service says it, UTC
--   logged_at     when the service wrote the line, UTC
create or replace view warehouse.arrived_row as
select
    'message_submitted' as event_type,
    arrival_date,
    object_id,
    source,
    occurred_at,
    logged_at
from staging.message_submitted

union all

select
    'delivery_receipt' as event_type,
    arrival_date,
    object_id,
    source,
    occurred_at,
    logged_at
from staging.delivery_receipt

union all

select
    'link_click' as event_type,
    arrival_date,
    object_id,
    source,
    occurred_at,
    logged_at
from staging.link_click

union all

select
    'subscription_changed' as event_type,
    arrival_date,
    object_id,
    source,
    occurred_at,
    logged_at
from staging.subscription_changed

union all

select
    'inbound_message' as event_type,
    arrival_date,
    object_id,
    source,
    occurred_at,
    logged_at
from staging.inbound_message

union all

select
    'campaign_upserted' as event_type,
    arrival_date,
    object_id,
    source,
    occurred_at,
    logged_at
from staging.campaign_upserted;

-- One row per event that the warehouse keeps, of every event type.
--   event_type    its type
--   arrival_date  UTC day in the key of the object that it came from
--   object_id     that object
create or replace view warehouse.kept_row as
select
    'message_submitted' as event_type,
    arrival_date,
    object_id
from warehouse.fact_submission

union all

select
    'delivery_receipt' as event_type,
    arrival_date,
    object_id
from warehouse.fact_delivery_event

union all

select
    'link_click' as event_type,
    arrival_date,
    object_id
from warehouse.fact_click

union all

select
    'subscription_changed' as event_type,
    arrival_date,
    object_id
from warehouse.fact_subscription_event

union all

select
    'inbound_message' as event_type,
    arrival_date,
    object_id
from warehouse.fact_inbound_message

union all

select
    'campaign_upserted' as event_type,
    arrival_date,
    object_id
from warehouse.dim_campaign;
