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
