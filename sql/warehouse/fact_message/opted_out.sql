-- One row per message recomputed now that an opt-out is put down to.
create temp table opted_out (
    message_id varchar(26),
    opted_out_at timestamp
);

insert into opted_out
select
    event.attributed_message_id as message_id,
    min(event.effective_at) as opted_out_at
from warehouse.fact_subscription_event as event
join touched
    on touched.message_id = event.attributed_message_id
where event.attributed_message_id >= :first_id
    and event.attributed_message_id < :end_id
group by event.attributed_message_id;

update warehouse.fact_message
set opted_out_at = opted_out.opted_out_at
from opted_out
where opted_out.message_id = fact_message.message_id
    and fact_message.message_id >= :first_id
    and fact_message.message_id < :end_id;
