select
    event.event_id,
    event.message_id,
    event.link_token,
    event.link_url_id,
    event.recipient_id,
    event.method,
    event.http_status,
    event.ua_key,
    event.ip_prefix,
    event.ip_token,
    event.asn,
    event.geo_country,
    event.geo_region,
    event.referer_host,
    event.sec_purpose,
    event.visitor_token,
    event.edge_bot_score,
    event.redirect_ms,
    event.slot_number,
    event.is_ip_sweep,
    event.is_over_rate,
    event.click_class,
    event.is_human,
    event.bot_reason,
    event.bot_ruleset_version,
    event.is_repeat_fire,
    event.occurred_at,
    event.received_at,
    event.event_date,
    event.content_hash,
    event.object_id,
    event.line_number,
    event.arrival_date,
    agent.user_agent
from warehouse.fact_click as event
join traced_message
    on traced_message.message_id = event.message_id
left join warehouse.dim_user_agent as agent
    on agent.ua_key = event.ua_key
where event.message_id >= :first_id
    and event.message_id < :end_id;
