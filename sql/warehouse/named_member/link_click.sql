insert into named
select
    'LINK' as kind,
    link_url_id as member_id,
    '' as member_part,
    min(occurred_at) as first_seen_at,
    max(occurred_at) as last_seen_at
from warehouse.landed_click
where arrival_date = :day
    and load_id in (select load_id from named_load)
    and link_url_id is not null
group by link_url_id;
