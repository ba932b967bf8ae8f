-- The same tables as for a batch, when nothing is new: the requests to judge again are those that arrived on a day.
-- Only the messages of those that turn out to be something else are touched.
create temp table new_click as
select
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
    arrival_date
from warehouse.fact_click
where 1 = 0;

create temp table seed_click (
    event_id varchar(36),
    event_date date,
    message_id varchar(26),
    ip_token varchar(64),
    link_token varchar(64),
    slot_number integer,
    is_changed boolean
);

insert into seed_click
select event_id, event_date, message_id, ip_token, link_token, slot_number, false as is_changed
from warehouse.fact_click
where arrival_date = :day;
