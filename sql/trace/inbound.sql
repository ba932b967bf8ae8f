-- Answers to a message, and all that the recipient sent, when one is traced.
select
    event.event_id,
    event.inbound_id,
    event.recipient_id,
    event.sender_id,
    event.keyword,
    event.intent,
    event.body_len,
    event.in_reply_to_message_id,
    event.occurred_at,
    event.received_at,
    event.event_date,
    event.content_hash,
    event.object_id,
    event.line_number,
    event.arrival_date
from warehouse.fact_inbound_message as event
where event.recipient_id = :recipient_id
    or event.in_reply_to_message_id in (select message_id from traced_message);
