-- One row per message whose submissions changed.
create temp table changed_message as
with change as (
    select message_id from arrival
    union all
    select message_id from moved
)

select distinct message_id
from change;

insert into control.touched_message (message_id)
select message_id
from changed_message;

-- The message that a submission reminded of, which is gone now.
insert into control.touched_message (message_id)
select distinct follow_up_of_message_id as message_id
from moved
where follow_up_of_message_id is not null;

-- The token of a phone number is not in fact_message, so what a submission says of the recipient may change unseen there.
insert into control.sighted_message (message_id)
select message_id
from changed_message;
