insert into candidate
select
    due_optout.event_id,
    due_optout.event_date,
    message.message_id,
    message.sent_at,
    message.optout_window_hours as window_hours
from due_optout
join warehouse.fact_message as message
    on message.recipient_id = due_optout.recipient_id
where due_optout.in_reply_to_message_id is null
    and message.delivery_state = 'DELIVERED'
    and message.cohort_date between :first_date and :last_date
    and message.sent_at <= due_optout.effective_at
    and due_optout.effective_at < dateadd(hour, message.optout_window_hours, message.sent_at);
