-- Messages with a submission, a receipt or a click that arrived on the day.
with arrived as (
    select message_id
    from warehouse.fact_submission
    where arrival_date = :day

    union

    select message_id
    from warehouse.fact_delivery_event
    where arrival_date = :day

    union

    select message_id
    from warehouse.fact_click
    where arrival_date = :day
)

select count(message_id) as row_count
from arrived;
