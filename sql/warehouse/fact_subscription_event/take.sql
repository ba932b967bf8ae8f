insert into warehouse.fact_subscription_event (
    event_id,
    recipient_id,
    msisdn_token,
    program_id,
    new_status,
    prior_status,
    method,
    keyword_raw,
    in_reply_to_message_id,
    inbound_event_id,
    consent_text_version,
    effective_at,
    is_attribution_due,
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
    landed.new_status = 'OPTED_OUT' as is_attribution_due,
    landed.occurred_at,
    landed.received_at,
    landed.event_date,
    landed.content_hash,
    landed.object_id,
    landed.line_number,
    landed.arrival_date,
    cast(:now as timestamp) as loaded_at
from warehouse.landed_subscription_event as landed
left join losing_copy
    on losing_copy.object_id = landed.object_id
    and losing_copy.line_number = landed.line_number
    and not losing_copy.is_stored
where landed.arrival_date = :day
    and landed.load_id in (select load_id from batch_load)
    and losing_copy.object_id is null;
