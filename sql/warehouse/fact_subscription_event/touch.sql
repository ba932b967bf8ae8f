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

-- Recipients whose consent or line changed.
insert into control.touched_recipient (recipient_id)
with change as (
    select recipient_id from arrival
    union all
    select recipient_id from moved
)

select distinct recipient_id
from change;
