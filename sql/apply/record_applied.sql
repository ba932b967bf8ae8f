insert into control.applied_load (load_id, table_name, applied_at)
select
    load_id,
    cast(:table_name as varchar(64)) as table_name,
    cast(:now as timestamp) as applied_at
from batch_load;
