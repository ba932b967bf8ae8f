-- One row per message to recompute now. What is taken here is gone from the list only when this transaction commits.
create temp table touched (
    message_id varchar(26)
)
distkey (message_id)
sortkey (message_id);

insert into touched
select distinct message_id
from control.touched_message
where message_id >= :first_id
    and message_id < :end_id;

delete from control.touched_message
where message_id >= :first_id
    and message_id < :end_id;
