insert into doubled_event
select
    event_id,
    event_date
from arrival
group by event_id, event_date
having count(*) > 1;
