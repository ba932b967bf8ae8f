insert into control.touched_message (message_id)
with change as (
    select message_id from arrival
    union all
    select message_id from moved
)

select distinct message_id
from change
where message_id is not null;
