insert into moved
select
    event_id,
    event_date,
    received_at,
    object_id,
    line_number,
    recipient_id,
    new_status,
    effective_at,
    attributed_message_id,
    false as is_back
from warehouse.fact_subscription_event
where arrival_date = :day
    and object_id in (select object_id from superseded_object);

delete from warehouse.fact_subscription_event
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
        recipient_id,
        new_status,
        effective_at,
        row_number() over (
            partition by event_id, event_date
            order by received_at, content_hash, object_id, line_number
        ) as copy_number
    from warehouse.landed_subscription_event
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
    ranked.recipient_id,
    ranked.new_status,
    ranked.effective_at,
    cast(null as varchar(26)) as attributed_message_id,
    true as is_back
from ranked
join moved
    on moved.event_id = ranked.event_id
    and moved.event_date = ranked.event_date
where ranked.copy_number = 1;

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
join moved
    on moved.object_id = landed.object_id
    and moved.line_number = landed.line_number
where moved.is_back;
