insert into warehouse.fact_inbound_message (
    event_id,
    inbound_id,
    recipient_id,
    sender_id,
    keyword,
    intent,
    body_len,
    in_reply_to_message_id,
    occurred_at,
    received_at,
    event_date,
    content_hash,
    object_id,
    line_number,
    arrival_date,
    loaded_at
)
select
    landed.event_id,
    landed.inbound_id,
    landed.recipient_id,
    landed.sender_id,
    landed.keyword,
    landed.intent,
    landed.body_len,
    landed.in_reply_to_message_id,
    landed.occurred_at,
    landed.received_at,
    landed.event_date,
    landed.content_hash,
    landed.object_id,
    landed.line_number,
    landed.arrival_date,
    cast(:now as timestamp) as loaded_at
from warehouse.landed_inbound_message as landed
left join losing_copy
    on losing_copy.object_id = landed.object_id
    and losing_copy.line_number = landed.line_number
    and not losing_copy.is_stored
where landed.arrival_date = :day
    and landed.load_id in (select load_id from batch_load)
    and losing_copy.object_id is null;
