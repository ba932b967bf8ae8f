-- One row per event of the batch, with what tells whom it concerns.
create temp table arrival (
    event_id varchar(36),
    event_date date,
    received_at timestamp,
    object_id varchar(64),
    line_number bigint,
    recipient_id varchar(64),
    new_status varchar(32),
    effective_at timestamp,
    attributed_message_id varchar(26)
);

insert into arrival
select
    event_id,
    event_date,
    received_at,
    object_id,
    line_number,
    recipient_id,
    new_status,
    effective_at,
    cast(null as varchar(26)) as attributed_message_id
from warehouse.landed_subscription_event
where arrival_date = :day
    and load_id in (select load_id from batch_load);

-- One row per event that leaves the table, and per event that comes back because the copy that stood for
-- it left.
create temp table moved as
select
    event_id,
    event_date,
    received_at,
    object_id,
    line_number,
    recipient_id,
    new_status,
    effective_at,
    attributed_message_id,
    false as is_back
from arrival
where 1 = 0;
