insert into moved
select
    event_id,
    event_date,
    received_at,
    object_id,
    line_number,
    in_reply_to_message_id,
    false as is_back
from warehouse.fact_inbound_message
where arrival_date = :day
    and object_id in (select object_id from superseded_object);

delete from warehouse.fact_inbound_message
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
        in_reply_to_message_id,
        row_number() over (
            partition by event_id, event_date
            order by received_at, content_hash, object_id, line_number
        ) as copy_number
    from warehouse.landed_inbound_message
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
    ranked.in_reply_to_message_id,
    true as is_back
from ranked
join moved
    on moved.event_id = ranked.event_id
    and moved.event_date = ranked.event_date
where ranked.copy_number = 1;

insert into warehouse.fact_inbound_message (
    event_id,
    inbound_id,
    recipient_id,
    sender_id,
    keyword,
    intent,
    body_len,
    in_reply_to_message_id,
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
    cast(:now as timestamp) as loaded_at
from warehouse.landed_inbound_message as landed
join moved
    on moved.object_id = landed.object_id
    and moved.line_number = landed.line_number
where moved.is_back;
