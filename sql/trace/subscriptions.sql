-- Changes that answer a message or are put down to it, and all of the recipient, when one is traced.
select
    event.event_id,
    event.recipient_id,
    event.msisdn_token,
    event.program_id,
    event.new_status,
    event.prior_status,
    event.method,
    event.keyword_raw,
    event.in_reply_to_message_id,
    event.inbound_event_id,
    event.consent_text_version,
    event.effective_at,
    event.attributed_message_id,
    event.attribution_window_hours,
    event.is_attribution_due,
    event.occurred_at,
    event.received_at,
    event.event_date,
    event.content_hash,
    event.object_id,
    event.line_number,
    event.arrival_date
from warehouse.fact_subscription_event as event
where event.recipient_id = :recipient_id
    or event.attributed_message_id in (select message_id from traced_message)
    or event.in_reply_to_message_id in (select message_id from traced_message);
