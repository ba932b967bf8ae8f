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
    landed.load_id
from warehouse.landed_inbound_message as landed
where landed.recipient_id = :recipient_id
    or landed.in_reply_to_message_id in (select message_id from traced_message);
