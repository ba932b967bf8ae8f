-- One row per event of the batch, with what tells whom it concerns.
create temp table arrival (
    event_id varchar(36),
    event_date date,
    received_at timestamp,
    object_id varchar(64),
    line_number bigint,
    in_reply_to_message_id varchar(26)
);

insert into arrival
select
    event_id,
    event_date,
    received_at,
    object_id,
    line_number,
    in_reply_to_message_id
from warehouse.landed_inbound_message
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
    in_reply_to_message_id,
    false as is_back
from arrival
where 1 = 0;
