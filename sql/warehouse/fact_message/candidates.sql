insert into candidate
with owner as (
    select distinct
        change.recipient_id,
        change.effective_at as began_at
    from warehouse.fact_subscription_event as change
    join due_optout
        on due_optout.recipient_id = change.recipient_id
    where change.new_status in ('DEACTIVATED', 'REASSIGNED')
)

select
    due_optout.event_id,
    due_optout.event_date,
    message.message_id,
    message.sent_at,
    message.optout_window_hours as window_hours
from due_optout
join warehouse.fact_message as message
    on message.recipient_id = due_optout.recipient_id
-- Whoever has the line now did not answer what was sent to the one before.
left join owner
    on owner.recipient_id = due_optout.recipient_id
    and owner.began_at > message.first_submitted_at
    and owner.began_at <= due_optout.effective_at
where due_optout.in_reply_to_message_id is null
    -- Nobody answers what has not reached them yet.
    and message.delivery_state = 'DELIVERED'
    and message.delivered_at <= due_optout.effective_at
    and message.cohort_date between :first_date and :last_date
    and message.sent_at <= due_optout.effective_at
    and due_optout.effective_at < dateadd(hour, message.optout_window_hours, message.sent_at)
    and owner.recipient_id is null;
