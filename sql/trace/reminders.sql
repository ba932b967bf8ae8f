-- Attempts to send a reminder of a message, which is another message.
select
    event.event_id,
    event.message_id,
    event.attempt_no,
    event.submit_status,
    event.submit_error_code,
    event.suppress_reason,
    event.campaign_id,
    event.variant_id,
    event.send_batch_id,
    event.follow_up_of_message_id,
    event.recipient_id,
    event.msisdn_token,
    event.sender_id,
    event.message_category,
    event.template_id,
    event.encoding,
    event.segment_count,
    event.link_token,
    event.link_url_id,
    event.provider,
    event.provider_message_id,
    event.mcc_mnc,
    event.recipient_tz,
    event.scheduled_at,
    event.occurred_at,
    event.received_at,
    event.event_date,
    event.content_hash,
    event.object_id,
    event.line_number,
    event.arrival_date
from warehouse.fact_submission as event
join traced_message
    on traced_message.message_id = event.follow_up_of_message_id
where event.follow_up_of_message_id >= :first_id
    and event.follow_up_of_message_id < :end_id;
