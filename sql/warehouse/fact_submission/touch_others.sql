-- When a message was sent decides which of its clicks came too fast. Clicks that are not there yet will find it.
insert into control.unclassified_message (message_id)
select distinct click.message_id
from warehouse.fact_click as click
join changed_message
    on changed_message.message_id = click.message_id
where click.message_id >= :first_id
    and click.message_id < :end_id
    and changed_message.message_id >= :first_id
    and changed_message.message_id < :end_id;

-- A message knows when it was followed up, and which report of an attempt counts may have changed.
insert into control.touched_message (message_id)
select distinct submission.follow_up_of_message_id as message_id
from warehouse.fact_submission as submission
join changed_message
    on changed_message.message_id = submission.message_id
where submission.message_id >= :first_id
    and submission.message_id < :end_id
    and submission.follow_up_of_message_id is not null;
