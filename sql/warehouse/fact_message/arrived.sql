-- Every message with an event that arrived on the day.
insert into control.touched_message (message_id)
with arrived as (
    select message_id
    from warehouse.fact_submission
    where arrival_date = :day

    union

    select message_id
    from warehouse.fact_delivery_event
    where arrival_date = :day

    union

    select message_id
    from warehouse.fact_click
    where arrival_date = :day

    union

    select in_reply_to_message_id as message_id
    from warehouse.fact_inbound_message
    where arrival_date = :day

    union

    select attributed_message_id as message_id
    from warehouse.fact_subscription_event
    where arrival_date = :day
)

select message_id
from arrived
where message_id is not null;

update warehouse.fact_subscription_event
set is_attribution_due = true
where arrival_date = :day
    and new_status = 'OPTED_OUT';
