insert into named
select
    kind,
    member_id,
    member_part,
    first_seen_at,
    last_seen_at
from warehouse.named_member
where arrival_date = :day
    and event_type = :event_type;

delete from warehouse.named_member
where arrival_date = :day
    and event_type = :event_type;

insert into warehouse.named_member (
    event_type,
    arrival_date,
    kind,
    member_id,
    member_part,
    first_seen_at,
    last_seen_at,
    loaded_at
)
select
    cast(:event_type as varchar(32)) as event_type,
    cast(:day as date) as arrival_date,
    kind,
    member_id,
    member_part,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at,
    cast(:now as timestamp) as loaded_at
from named
group by
    kind,
    member_id,
    member_part;
