-- One row per event of which there are several copies, in the batch or in the batch and the fact.
create temp table doubled_event as
with copy as (
    select
        event_id,
        event_date
    from arrival

    union all

    select
        event_id,
        event_date
    from stored_copy
)

select
    event_id,
    event_date
from copy
group by event_id, event_date
having count(*) > 1;
