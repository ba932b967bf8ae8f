select
    landed.event_id,
    landed.recipient_id,
    landed.msisdn_token,
    landed.program_id,
    landed.new_status,
    landed.prior_status,
    landed.method,
    landed.keyword_raw,
    landed.in_reply_to_message_id,
    landed.inbound_event_id,
    landed.consent_text_version,
    landed.effective_at,
    landed.occurred_at,
    landed.received_at,
    landed.event_date,
    landed.content_hash,
    landed.object_id,
    landed.line_number,
    landed.arrival_date,
    landed.load_id
from warehouse.landed_subscription_event as landed
where landed.recipient_id = :recipient_id
    or landed.in_reply_to_message_id in (select message_id from traced_message);
