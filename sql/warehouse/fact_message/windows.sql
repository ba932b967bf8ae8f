-- The time in which an opt-out may have followed one of the messages recomputed now.
select
    min(message.sent_at) as first_sent_at,
    max(dateadd(hour, message.optout_window_hours, message.sent_at)) as last_window_end
from warehouse.fact_message as message
join touched
    on touched.message_id = message.message_id
where message.message_id >= :first_id
    and message.message_id < :end_id
    and message.delivery_state = 'DELIVERED';
