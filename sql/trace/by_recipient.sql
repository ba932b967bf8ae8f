-- Every message that was for the recipient, by any of its submissions, applied or only landed.
insert into traced_message (message_id)
select message_id
from warehouse.fact_message
where recipient_id = :recipient_id

union

select message_id
from warehouse.fact_submission
where recipient_id = :recipient_id

union

select message_id
from staging.message_submitted
where recipient_id = :recipient_id;
