insert into control.touched_message (message_id)
with change as (
    select in_reply_to_message_id from arrival
    union all
    select in_reply_to_message_id from moved
)

select distinct in_reply_to_message_id as message_id
from change
where in_reply_to_message_id is not null;
