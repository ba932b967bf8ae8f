-- One row per load to apply in this transaction: the oldest waiting arrival day of one event type, and of
-- it no more rows than one transaction should take.
with waiting as (
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
    having count(distinct upstream.table_name) = :upstreams
),

oldest as (
    select min(arrival_date) as arrival_date
    from waiting
),

measured as (
    select
        waiting.load_id,
        waiting.arrival_date,
        waiting.rows_landed,
        cast(
            sum(waiting.rows_landed) over (
                order by waiting.load_id
                rows unbounded preceding
            ) as bigint
        ) as rows_up_to_here
    from waiting
    join oldest
        on oldest.arrival_date = waiting.arrival_date
)

select
    load_id,
    arrival_date
from measured
where rows_up_to_here - rows_landed < :row_limit
order by load_id;
