-- One row per load of one event type that this table has not taken in and every table above it has.
create temp table batch_load as
select
    landed.load_id,
    landed.arrival_date,
    landed.rows_landed
from control.load as landed
left join control.applied_load as applied
    on applied.load_id = landed.load_id
    and applied.table_name = :table_name
left join control.applied_load as upstream
    on upstream.load_id = landed.load_id
    and upstream.table_name in (:upstream_1, :upstream_2)
where landed.event_type = :event_type
    and applied.load_id is null
group by landed.load_id, landed.arrival_date, landed.rows_landed
having count(distinct upstream.table_name) = :upstreams;
