delete from control.unclassified_message;

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
    is_ip_sweep,
    is_over_rate,
    click_class,
    is_human,
    bot_reason,
    bot_ruleset_version,
    is_repeat_fire,
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
    new_click.event_id,
    new_click.message_id,
    new_click.link_token,
    new_click.link_url_id,
    new_click.recipient_id,
    new_click.method,
    new_click.http_status,
    new_click.ua_key,
    new_click.ip_prefix,
    new_click.ip_token,
    new_click.asn,
    new_click.geo_country,
    new_click.geo_region,
    new_click.referer_host,
    new_click.sec_purpose,
    new_click.visitor_token,
    new_click.edge_bot_score,
    new_click.redirect_ms,
    new_click.slot_number,
    judged.is_ip_sweep,
    judged.is_over_rate,
    judged.click_class,
    judged.is_human,
    judged.bot_reason,
    judged.bot_ruleset_version,
    judged.is_repeat_fire,
    new_click.occurred_at,
    new_click.received_at,
    new_click.event_date,
    new_click.content_hash,
    new_click.object_id,
    new_click.line_number,
    new_click.arrival_date,
    cast(:now as timestamp) as loaded_at
from new_click
join judged_click as judged
    on judged.event_id = new_click.event_id
    and judged.event_date = new_click.event_date
where judged.is_new;

insert into control.touched_message (message_id)
with change as (
    select message_id
    from seed_click
    where is_changed

    union all

    select message_id
    from reclassified_click
)

select distinct message_id
from change
where message_id is not null;
