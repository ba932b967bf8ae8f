-- The messages that opt-outs were put down to. New opt-outs are due for attribution, which touches theirs.
insert into control.touched_message (message_id)
select distinct attributed_message_id as message_id
from moved
where attributed_message_id is not null;

-- One row per recipient whose line changed hands, with the first time that is in question.
create temp table changed_line as
with change as (
    select recipient_id, new_status, effective_at from arrival
    union all
    select recipient_id, new_status, effective_at from moved
)

select
    recipient_id,
    min(effective_at) as effective_at
from change
where new_status in ('DEACTIVATED', 'REASSIGNED')
group by recipient_id;

-- What came after that may be the next person's opt-out.
update warehouse.fact_subscription_event
set is_attribution_due = true
from changed_line
where changed_line.recipient_id = fact_subscription_event.recipient_id
    and fact_subscription_event.effective_at >= changed_line.effective_at
    and fact_subscription_event.new_status = 'OPTED_OUT'
    and fact_subscription_event.in_reply_to_message_id is null
    and not fact_subscription_event.is_attribution_due;

-- Recipients whose consent or line changed.
insert into control.touched_recipient (recipient_id)
with change as (
    select recipient_id from arrival
    union all
    select recipient_id from moved
)

select distinct recipient_id
from change;
