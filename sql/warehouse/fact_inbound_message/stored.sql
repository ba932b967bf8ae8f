insert into doubled_event
select
    event_id,
    event_date
from warehouse.fact_inbound_message
where event_date between :first_date and :last_date
    and event_id in (
        select event_id
        from arrival
        where event_date between :first_date and :last_date
    );
