-- One row per request of the batch that is new.
create temp table new_click (
    event_id varchar(36),
    message_id varchar(26),
    link_token varchar(64),
    link_url_id varchar(64),
    recipient_id varchar(64),
    method varchar(32),
    http_status smallint,
    ua_key varchar(32),
    ip_prefix varchar(80),
    ip_token varchar(64),
    asn bigint,
    geo_country varchar(32),
    geo_region varchar(32),
    referer_host varchar(2048),
    sec_purpose varchar(32),
    visitor_token varchar(64),
    edge_bot_score smallint,
    redirect_ms integer,
    slot_number integer,
    occurred_at timestamp,
    received_at timestamp,
    event_date date,
    content_hash varchar(32),
    object_id varchar(64),
    line_number bigint,
    arrival_date date
);

insert into new_click
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
select event_id, event_date, message_id, ip_token, link_token, slot_number, true as is_changed
from new_click

union all

select event_id, event_date, message_id, ip_token, link_token, slot_number, true as is_changed
from moved;
