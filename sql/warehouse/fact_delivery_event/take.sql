insert into warehouse.fact_delivery_event (
    event_id,
    message_id,
    attempt_no,
    segment_seq,
    segment_total,
    provider,
    provider_message_id,
    status,
    status_raw,
    state,
    state_rank,
    is_final_claimed,
    delivery_level,
    error_code,
    error_permanent,
    provider_occurred_at,
    provider_done_raw,
    provider_sequence,
    mcc_mnc,
    carrier_name,
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
    landed.message_id,
    landed.attempt_no,
    landed.segment_seq,
    landed.segment_total,
    landed.provider,
    landed.provider_message_id,
    landed.status,
    landed.status_raw,
    landed.state,
    landed.state_rank,
    landed.is_final_claimed,
    landed.delivery_level,
    landed.error_code,
    landed.error_permanent,
    landed.provider_occurred_at,
    landed.provider_done_raw,
    landed.provider_sequence,
    landed.mcc_mnc,
    landed.carrier_name,
    landed.occurred_at,
    landed.received_at,
    landed.event_date,
    landed.content_hash,
    landed.object_id,
    landed.line_number,
    landed.arrival_date,
    cast(:now as timestamp) as loaded_at
from warehouse.landed_delivery_event as landed
left join losing_copy
    on losing_copy.object_id = landed.object_id
    and losing_copy.line_number = landed.line_number
    and not losing_copy.is_stored
where landed.arrival_date = :day
    and landed.load_id in (select load_id from batch_load)
    and losing_copy.object_id is null;
