insert into moved
select
    event_id,
    event_date,
    received_at,
    object_id,
    line_number,
    message_id,
    false as is_back
from warehouse.fact_delivery_event
where arrival_date = :day
    and object_id in (select object_id from superseded_object);

delete from warehouse.fact_delivery_event
where arrival_date = :day
    and object_id in (select object_id from superseded_object);

-- Of the removed events, copies that other objects brought stand in again.
insert into moved
with ranked as (
    select
        event_id,
        event_date,
        received_at,
        object_id,
        line_number,
        message_id,
        row_number() over (
            partition by event_id, event_date
            order by received_at, content_hash, object_id, line_number
        ) as copy_number
    from warehouse.landed_delivery_event
    where event_id in (select event_id from moved)
        and load_id in (
            select load_id
            from control.applied_load
            where table_name = :table_name
        )
)

select
    ranked.event_id,
    ranked.event_date,
    ranked.received_at,
    ranked.object_id,
    ranked.line_number,
    ranked.message_id,
    true as is_back
from ranked
join moved
    on moved.event_id = ranked.event_id
    and moved.event_date = ranked.event_date
where ranked.copy_number = 1;

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
join moved
    on moved.object_id = landed.object_id
    and moved.line_number = landed.line_number
where moved.is_back;
