-- Every object content of an event type and arrival day that was ever read.
select
    object_id,
    object_key,
    status,
    load_id,
    lines,
    rows_landed,
    lines_quarantined,
    lines_blank
from control.landed_object
where arrival_date = :day
    and event_type = :event_type
