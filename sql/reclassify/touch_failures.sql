insert into control.touched_message (message_id)
select message_id
from remapped_failure;
