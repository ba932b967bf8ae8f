-- One row per message to follow now. What is taken here is gone from the lists only when this transaction commits.
create temp table sighted (
    message_id varchar(26)
)
distkey (message_id)
sortkey (message_id);

insert into sighted
select distinct message_id
from control.sighted_message
where message_id >= :first_id
    and message_id < :end_id;

delete from control.sighted_message
where message_id >= :first_id
    and message_id < :end_id;

-- One row per recipient whose rows are made anew.
create temp table changed_recipient (
    recipient_id varchar(64)
)
distkey (recipient_id);

insert into changed_recipient
select distinct recipient_id
from control.touched_recipient;

delete from control.touched_recipient;
