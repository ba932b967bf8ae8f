insert into named_load
select applied.load_id
from control.applied_load as applied
join control.load as landed
    on landed.load_id = applied.load_id
where applied.table_name = 'named_member'
    and landed.event_type = :event_type
    and landed.arrival_date = :day;

delete from warehouse.named_member
where arrival_date = :day
    and event_type = :event_type;
