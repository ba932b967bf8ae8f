select count(*) as loads
from control.applied_load
where load_id = :load_id
    and table_name = :table_name;
