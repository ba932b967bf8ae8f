-- Recipients with a submission or a change that arrived on the day.
with arrived as (
    select recipient_id
    from warehouse.fact_submission
    where arrival_date = :day

    union

    select recipient_id
    from warehouse.fact_subscription_event
    where arrival_date = :day
)

select count(*) as row_count
from arrived;
