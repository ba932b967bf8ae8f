-- One row per opt-out whose attribution may have changed: new ones, those put down to a message recomputed now, and those
-- that came within the window of one.
create temp table due_optout (
    event_id varchar(36),
    event_date date,
    recipient_id varchar(64),
    in_reply_to_message_id varchar(26),
    effective_at timestamp,
    old_message_id varchar(26),
    old_window_hours smallint,
    is_attribution_due boolean
);

insert into due_optout
with due as (
    select event_id, event_date
    from warehouse.fact_subscription_event
    where is_attribution_due

    union

    select event.event_id, event.event_date
    from warehouse.fact_subscription_event as event
    join touched
        on touched.message_id = event.attributed_message_id
    where event.attributed_message_id >= :first_id
        and event.attributed_message_id < :end_id

    union

    select event.event_id, event.event_date
    from warehouse.fact_subscription_event as event
    join warehouse.fact_message as message
        on message.recipient_id = event.recipient_id
    join touched
        on touched.message_id = message.message_id
    where event.new_status = 'OPTED_OUT'
        and event.in_reply_to_message_id is null
        and event.effective_at >= :first_sent_at
        and event.effective_at < :last_window_end
        and event.effective_at >= message.sent_at
        and event.effective_at < dateadd(hour, message.optout_window_hours, message.sent_at)
        and message.delivery_state = 'DELIVERED'
        and message.message_id >= :first_id
        and message.message_id < :end_id
)

select
    event.event_id,
    event.event_date,
    event.recipient_id,
    event.in_reply_to_message_id,
    event.effective_at,
    event.attributed_message_id as old_message_id,
    event.attribution_window_hours as old_window_hours,
    event.is_attribution_due
from warehouse.fact_subscription_event as event
join due
    on due.event_id = event.event_id
    and due.event_date = event.event_date;

-- One row per such opt-out and delivered message whose window it came in.
create temp table candidate (
    event_id varchar(36),
    event_date date,
    message_id varchar(26),
    sent_at timestamp,
    window_hours smallint
);
