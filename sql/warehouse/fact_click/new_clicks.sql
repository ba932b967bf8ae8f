-- One row per request of the batch that is new.
create temp table new_click as
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
    landed.arrival_date
from warehouse.landed_click as landed
left join losing_copy
    on losing_copy.object_id = landed.object_id
    and losing_copy.line_number = landed.line_number
    and not losing_copy.is_stored
where landed.arrival_date = :day
    and landed.load_id in (select load_id from batch_load)
    and losing_copy.object_id is null;

-- One row per request that came, left or came back: what it shares a slot with may have to be judged again.
create temp table seed_click as
select event_id, event_date, message_id, ip_token, link_token, slot_number
from new_click

union all

select event_id, event_date, message_id, ip_token, link_token, slot_number
from moved;
