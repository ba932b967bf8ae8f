insert into named
with event as (
    select
        campaign_id,
        variant_id,
        mcc_mnc,
        sender_id,
        link_url_id,
        provider,
        submit_error_code,
        min(occurred_at) as first_seen_at,
        max(occurred_at) as last_seen_at
    from warehouse.landed_submission
    where arrival_date = :day
        and load_id in (select load_id from named_load)
    group by
        campaign_id,
        variant_id,
        mcc_mnc,
        sender_id,
        link_url_id,
        provider,
        submit_error_code
)

select
    'CAMPAIGN' as kind,
    campaign_id as member_id,
    '' as member_part,
    first_seen_at,
    last_seen_at
from event

union all

select
    'VARIANT' as kind,
    campaign_id as member_id,
    variant_id as member_part,
    first_seen_at,
    last_seen_at
from event
where variant_id is not null

union all

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
    'SENDER' as kind,
    sender_id as member_id,
    '' as member_part,
    first_seen_at,
    last_seen_at
from event

union all

select
    'LINK' as kind,
    link_url_id as member_id,
    '' as member_part,
    first_seen_at,
    last_seen_at
from event
where link_url_id is not null

union all

select
    'ERROR' as kind,
    provider as member_id,
    submit_error_code as member_part,
    first_seen_at,
    last_seen_at
from event
where submit_error_code is not null;
