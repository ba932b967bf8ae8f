insert into stored_copy
select
    event_id,
    event_date,
    received_at,
    content_hash,
    object_id,
    line_number
from warehouse.fact_delivery_event
where event_date between :first_date and :last_date
    and event_id in (
        select event_id
        from arrival
        where event_date between :first_date and :last_date
    );
