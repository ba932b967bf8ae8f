insert into traced_message (message_id)
select message_id
from warehouse.fact_message
where recipient_key = :recipient_key;
