-- The messages of one range of ids.
insert into requested_message
with named as (
    select distinct message_id
    from request
    where message_id >= :first_id
        and message_id < :end_id
)

select
    message.message_id,
    message.campaign_id,
    message.sent_at,
    message.first_click_at
from warehouse.fact_message as message
join named
    on named.message_id = message.message_id
where message.message_id >= :first_id
    and message.message_id < :end_id
    and not message.is_stub;
