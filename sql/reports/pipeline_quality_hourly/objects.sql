-- The objects of one range of days that arrived up to as_of.
insert into object_in
with writer as (
    select
        object_id,
        min(source) as source
    from warehouse.arrived_row
    where arrival_date between :first_date and :last_date
    group by object_id
),

arrived as (
    select
        object_id,
        event_type,
        arrival_date,
        dateadd(
            hour,
            -- Landing takes no key without an hour; should one stand in the ledger all the same, it stops nothing.
            cast(
                coalesce(nullif(split_part(split_part(object_key, '/hh=', 2), '/', 1), ''), '0')
                as integer
            ),
            cast(arrival_date as timestamp)
        ) as arrival_hour,
        status = 'poison' as is_poison,
        load_id,
        rows_landed,
        lines_quarantined
    from control.landed_object
    where arrival_date between :first_date and :last_date
        and status in ('landed', 'poison')
)

select
    arrived.object_id,
    arrived.event_type,
    arrived.arrival_date,
    arrived.arrival_hour,
    coalesce(writer.source, service.source) as source,
    arrived.is_poison,
    writer.object_id is not null as is_staged,
    applied.load_id is null as is_waiting,
    case when arrived.is_poison then 0 else arrived.rows_landed end as rows_landed,
    case when arrived.is_poison then 0 else arrived.lines_quarantined end as lines_quarantined
from arrived
join due_day
    on due_day.event_type = arrived.event_type
    and due_day.arrival_date = arrived.arrival_date
join service
    on service.event_type = arrived.event_type
left join control.applied_load as applied
    on applied.load_id = arrived.load_id
    and applied.table_name = service.table_name
left join writer
    on writer.object_id = arrived.object_id
where arrived.arrival_hour <= :as_of;

-- Days that staging does not hold whole any more stay as they were last worked out.
insert into past_day
select distinct
    event_type,
    arrival_date
from object_in
where rows_landed > 0
    and not is_staged;

delete from object_in
using past_day
where past_day.event_type = object_in.event_type
    and past_day.arrival_date = object_in.arrival_date;

delete from due_day
using past_day
where past_day.event_type = due_day.event_type
    and past_day.arrival_date = due_day.arrival_date;
