insert into said_failure
with said as (
    select
        event.message_id,
        case
            when event.error_permanent then 1
            when not event.error_permanent then 0
            else -1
        end as is_permanent
    from warehouse.fact_delivery_event as event
    join remapped_failure
        on remapped_failure.message_id = event.message_id
    where event.message_id >= :first_id
        and event.message_id < :end_id
        and event.state_rank = 50
        and coalesce(event.error_code, '') = coalesce(remapped_failure.final_error_code, '')
        and remapped_failure.is_open
)

select
    message_id,
    min(is_permanent) as lowest,
    max(is_permanent) as highest
from said
group by message_id;
