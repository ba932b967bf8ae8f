insert into named
with event as (
    select
        provider,
        error_code,
        mcc_mnc,
        min(occurred_at) as first_seen_at,
        max(occurred_at) as last_seen_at
    from warehouse.landed_delivery_event
    where arrival_date = :day
        and load_id in (select load_id from named_load)
    group by
        provider,
        error_code,
        mcc_mnc
)

select
    'CARRIER' as kind,
    mcc_mnc as member_id,
    '' as member_part,
    first_seen_at,
    last_seen_at
from event
where mcc_mnc is not null

union all

select
    'ERROR' as kind,
    provider as member_id,
    error_code as member_part,
    first_seen_at,
    last_seen_at
from event
where error_code is not null;
