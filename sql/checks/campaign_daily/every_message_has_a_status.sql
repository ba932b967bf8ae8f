-- reports.message_status has one row for each message in warehouse.fact_message that was submitted.
with message as (
    select count(*) as messages
    from warehouse.fact_message
    where not is_stub
),

status as (
    select count(*) as statuses
    from reports.message_status
)

select
    message.messages,
    status.statuses
from message
cross join status
where message.messages <> status.statuses;
