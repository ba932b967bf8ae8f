select
    event.event_id,
    event.message_id,
    event.attempt_no,
    event.segment_seq,
    event.segment_total,
    event.provider,
    event.provider_message_id,
    event.status,
    event.status_raw,
    event.state,
    event.state_rank,
    event.is_final_claimed,
    event.delivery_level,
    event.error_code,
    event.error_permanent,
    event.provider_occurred_at,
    event.provider_done_raw,
    event.provider_sequence,
    event.mcc_mnc,
    event.carrier_name,
    event.occurred_at,
    event.received_at,
    event.event_date,
    event.content_hash,
    event.object_id,
    event.line_number,
    event.arrival_date
from warehouse.fact_delivery_event as event
join traced_message
    on traced_message.message_id = event.message_id
where event.message_id >= :first_id
    and event.message_id < :end_id;
