-- What the ledger says has come of all objects, per event type and status.
select
    event_type,
    status,
    count(*) as objects,
    cast(sum(lines) as bigint) as lines,
    cast(sum(rows_landed) as bigint) as rows_landed,
    cast(sum(lines_quarantined) as bigint) as lines_quarantined,
    cast(sum(lines_blank) as bigint) as lines_blank
from control.landed_object
group by
    event_type,
    status
