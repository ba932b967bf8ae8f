insert into moved
select
    event_id,
    event_date,
    received_at,
    object_id,
    line_number,
    message_id,
    ip_token,
    link_token,
    slot_number,
    false as is_back
from warehouse.fact_click
where arrival_date = :day
    and object_id in (select object_id from superseded_object);

delete from warehouse.fact_click
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
        message_id,
        ip_token,
        link_token,
        slot_number,
        row_number() over (
            partition by event_id, event_date
            order by received_at, content_hash, object_id, line_number
        ) as copy_number
    from warehouse.landed_click
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
    ranked.message_id,
    ranked.ip_token,
    ranked.link_token,
    ranked.slot_number,
    true as is_back
from ranked
join moved
    on moved.event_id = ranked.event_id
    and moved.event_date = ranked.event_date
where ranked.copy_number = 1;

insert into warehouse.fact_click (
    event_id,
    message_id,
    link_token,
    link_url_id,
    recipient_id,
    method,
    http_status,
    ua_key,
    ip_prefix,
    ip_token,
    asn,
    geo_country,
    geo_region,
    referer_host,
    sec_purpose,
    visitor_token,
    edge_bot_score,
    redirect_ms,
    slot_number,
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
    landed.message_id,
    landed.link_token,
    landed.link_url_id,
    landed.recipient_id,
    landed.method,
    landed.http_status,
    landed.ua_key,
    landed.ip_prefix,
    landed.ip_token,
    landed.asn,
    landed.geo_country,
    landed.geo_region,
    landed.referer_host,
    landed.sec_purpose,
    landed.visitor_token,
    landed.edge_bot_score,
    landed.redirect_ms,
    landed.slot_number,
    landed.occurred_at,
    landed.received_at,
    landed.event_date,
    landed.content_hash,
    landed.object_id,
    landed.line_number,
    landed.arrival_date,
    cast(:now as timestamp) as loaded_at
from warehouse.landed_click as landed
join moved
    on moved.object_id = landed.object_id
    and moved.line_number = landed.line_number
where moved.is_back;
