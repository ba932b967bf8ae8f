-- Records as applied every load of one event type that this table lacks and every table above it has.
insert into control.applied_load (load_id, table_name, applied_at)
select
    landed.load_id,
    cast(:table_name as varchar(64)) as table_name,
    cast(:now as timestamp) as applied_at
from control.load as landed
left join control.applied_load as applied
    on applied.load_id = landed.load_id
    and applied.table_name = :table_name
left join control.applied_load as upstream
    on upstream.load_id = landed.load_id
    and upstream.table_name in (:upstream_1, :upstream_2)
where landed.event_type = :event_type
    and applied.load_id is null
group by landed.load_id
having count(distinct upstream.table_name) = :upstreams;
