insert into named
select
    'SENDER' as kind,
    sender_id as member_id,
    '' as member_part,
    min(occurred_at) as first_seen_at,
    max(occurred_at) as last_seen_at
from warehouse.landed_inbound_message
where arrival_date = :day
    and load_id in (select load_id from named_load)
group by sender_id;
