-- Every load that one run committed, and what it read and stored.
select
    l.load_id,
    l.event_type,
    l.started_at,
    l.committed_at,
    count(*) as objects,
    cast(sum(case when o.status = 'poison' then 1 else 0 end) as bigint) as poison,
    cast(sum(o.lines) as bigint) as lines,
    cast(sum(o.rows_landed) as bigint) as rows_landed,
    cast(sum(o.lines_quarantined) as bigint) as lines_quarantined,
    cast(sum(o.lines_blank) as bigint) as lines_blank
from control.load as l
inner join control.landed_object as o
    on o.load_id = l.load_id
where l.run_id = :run_id
group by
    l.load_id,
    l.event_type,
    l.started_at,
    l.committed_at
