insert into moved
select
    event_id,
    event_date,
    received_at,
    object_id,
    line_number,
    campaign_id,
    false as is_back
from warehouse.dim_campaign
where arrival_date = :day
    and object_id in (select object_id from superseded_object);

delete from warehouse.dim_campaign
where arrival_date = :day
    and object_id in (select object_id from superseded_object);

-- Of the removed events, copies that other objects brought stand in again.
insert into moved
with ranked as (
    select
        event_id,
        event_date,
        received_at,
        object_id,
        line_number,
        campaign_id,
        row_number() over (
            partition by event_id, event_date
            order by received_at, content_hash, object_id, line_number
        ) as copy_number
    from warehouse.landed_campaign
    where event_id in (select event_id from moved)
        and load_id in (
            select load_id
            from control.applied_load
            where table_name = :table_name
        )
)

select
    ranked.event_id,
    ranked.event_date,
    ranked.received_at,
    ranked.object_id,
    ranked.line_number,
    ranked.campaign_id,
    true as is_back
from ranked
join moved
    on moved.event_id = ranked.event_id
    and moved.event_date = ranked.event_date
where ranked.copy_number = 1;

insert into warehouse.dim_campaign (
    event_id,
    campaign_id,
    version,
    campaign_name,
    campaign_type,
    objective,
    owner,
    start_at,
    end_at,
    status,
    parent_campaign_id,
    variants,
    target_segment,
    report_tz,
    click_window_days,
    optout_window_hours,
    cpni_used,
    cpni_description,
    products_offered,
    holdout_pct,
    is_deleted,
    valid_from,
    is_current,
    occurred_at,
    received_at,
    event_date,
    content_hash,
    object_id,
    line_number,
    arrival_date,
    loaded_at
)
select
    landed.event_id,
    landed.campaign_id,
    landed.version,
    landed.campaign_name,
    landed.campaign_type,
    landed.objective,
    landed.owner,
    landed.start_at,
    landed.end_at,
    landed.status,
    landed.parent_campaign_id,
    landed.variants,
    landed.target_segment,
    landed.report_tz,
    landed.click_window_days,
    landed.optout_window_hours,
    landed.cpni_used,
    landed.cpni_description,
    landed.products_offered,
    landed.holdout_pct,
    landed.is_deleted,
    landed.occurred_at as valid_from,
    false as is_current,
    landed.occurred_at,
    landed.received_at,
    landed.event_date,
    landed.content_hash,
    landed.object_id,
    landed.line_number,
    landed.arrival_date,
    cast(:now as timestamp) as loaded_at
from warehouse.landed_campaign as landed
join moved
    on moved.object_id = landed.object_id
    and moved.line_number = landed.line_number
where moved.is_back;
