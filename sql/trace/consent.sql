select
    recipient_key,
    program_id,
    status,
    method,
    valid_from,
    valid_to,
    event_id
from warehouse.dim_subscription
where recipient_id = :recipient_id
order by valid_from, event_id;
