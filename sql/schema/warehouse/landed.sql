-- Landed events as the facts take them.
--
-- An event that claims to have happened more than five minutes after it was logged counts from when it was logged: a
-- clock that is ahead must not put it into another day. Staging keeps what the service said.
-- content_hash covers every field of the event (but holdout_pct: a float has no text that can be relied on): of several
-- copies of an event, the one that stays must not depend on which came first. A view computes it only for the rows that
-- need it.

-- One row per landed message_submitted.
--   load_id  the load that landed it
--   ...      as in warehouse.fact_submission
create or replace view warehouse.landed_submission as
select
    event_id,
    message_id,
    attempt_no,
    submit_status,
    submit_error_code,
    suppress_reason,
    campaign_id,
    variant_id,
    send_batch_id,
    follow_up_of_message_id,
    recipient_id,
    nullif(msisdn_token, 'erased') as msisdn_token,
    sender_id,
    message_category,
    template_id,
    encoding,
    segment_count,
    link_token,
    link_url_id,
    provider,
    provider_message_id,
    mcc_mnc,
    recipient_tz,
    scheduled_at,
    case
        when occurred_at > dateadd(minute, 5, logged_at) then logged_at
        else occurred_at
    end as occurred_at,
    logged_at as received_at,
    cast(
        case
            when occurred_at > dateadd(minute, 5, logged_at) then logged_at
            else occurred_at
        end as date
    ) as event_date,
    md5(
        event_id
        || '|' || event_type
        || '|' || cast(schema_version as varchar(64))
        || '|' || source
        || '|' || cast(occurred_at as varchar(64))
        || '|' || cast(logged_at as varchar(64))
        || '|' || coalesce(trace_id, '')
        || '|' || coalesce(md5(attributes), '')
        || '|' || message_id
        || '|' || cast(attempt_no as varchar(64))
        || '|' || submit_status
        || '|' || coalesce(submit_error_code, '')
        || '|' || coalesce(suppress_reason, '')
        || '|' || campaign_id
        || '|' || coalesce(variant_id, '')
        || '|' || coalesce(send_batch_id, '')
        || '|' || coalesce(follow_up_of_message_id, '')
        || '|' || recipient_id
        || '|' || msisdn_token
        || '|' || sender_id
        || '|' || message_category
        || '|' || coalesce(template_id, '')
        || '|' || encoding
        || '|' || cast(segment_count as varchar(64))
        || '|' || coalesce(link_token, '')
        || '|' || coalesce(link_url_id, '')
        || '|' || provider
        || '|' || coalesce(provider_message_id, '')
        || '|' || coalesce(mcc_mnc, '')
        || '|' || coalesce(recipient_tz, '')
        || '|' || coalesce(cast(scheduled_at as varchar(64)), '')
        || '|' || coalesce(md5(extra), '')
    ) as content_hash,
    object_id,
    line_number,
    arrival_date,
    load_id
from staging.message_submitted;

-- One row per landed delivery_receipt. A receipt for a whole message that counts fewer parts delivered than submitted
-- ('sub:002 dlvrd:001') reports it as under way.
--   load_id  the load that landed it
--   ...      as in warehouse.fact_delivery_event
create or replace view warehouse.landed_delivery_event as
select
    event_id,
    message_id,
    coalesce(attempt_no, 1) as attempt_no,
    segment_seq,
    segment_total,
    provider,
    provider_message_id,
    status,
    status_raw,
    state,
    case
        when state = 'QUEUED' then 10
        when state = 'SENT' then 20
        when state = 'CARRIER_ACCEPTED' then 30
        when state = 'UNKNOWN' then 40
        when state = 'DELIVERED' then 60
        else 50
    end as state_rank,
    is_final_claimed,
    delivery_level,
    error_code,
    error_permanent,
    provider_occurred_at,
    provider_done_raw,
    provider_sequence,
    mcc_mnc,
    carrier_name,
    case
        when occurred_at > dateadd(minute, 5, logged_at) then logged_at
        else occurred_at
    end as occurred_at,
    logged_at as received_at,
    cast(
        case
            when occurred_at > dateadd(minute, 5, logged_at) then logged_at
            else occurred_at
        end as date
    ) as event_date,
    md5(
        event_id
        || '|' || event_type
        || '|' || cast(schema_version as varchar(64))
        || '|' || source
        || '|' || cast(occurred_at as varchar(64))
        || '|' || cast(logged_at as varchar(64))
        || '|' || coalesce(trace_id, '')
        || '|' || coalesce(md5(attributes), '')
        || '|' || coalesce(message_id, '')
        || '|' || coalesce(cast(attempt_no as varchar(64)), '')
        || '|' || coalesce(cast(segment_seq as varchar(64)), '')
        || '|' || coalesce(cast(segment_total as varchar(64)), '')
        || '|' || provider
        || '|' || provider_message_id
        || '|' || status
        || '|' || status_raw
        || '|' || coalesce(decode(is_final_claimed, true, 't', false, 'f'), '')
        || '|' || coalesce(delivery_level, '')
        || '|' || coalesce(error_code, '')
        || '|' || coalesce(decode(error_permanent, true, 't', false, 'f'), '')
        || '|' || coalesce(cast(provider_occurred_at as varchar(64)), '')
        || '|' || coalesce(provider_done_raw, '')
        || '|' || coalesce(cast(provider_sequence as varchar(64)), '')
        || '|' || coalesce(mcc_mnc, '')
        || '|' || coalesce(carrier_name, '')
        || '|' || coalesce(receipt_text, '')
        || '|' || coalesce(md5(extra), '')
    ) as content_hash,
    object_id,
    line_number,
    arrival_date,
    load_id
from (
    select
        *,
        case
            when
                segment_seq is null
                and status = 'DELIVERED'
                and receipt_text like '%sub:%dlvrd:%'
                and lpad(split_part(split_part(receipt_text, 'dlvrd:', 2), ' ', 1), 4, '0')
                < lpad(split_part(split_part(receipt_text, 'sub:', 2), ' ', 1), 4, '0')
                then 'SENT'
            else status
        end as state
    from staging.delivery_receipt
) as receipt;

-- One row per landed link_click. Slots are the ten minutes of the clock: they do not depend on which request came first.
--   load_id     the load that landed it
--   user_agent  the User-Agent header; '' without one
--   ...         as in warehouse.fact_click
create or replace view warehouse.landed_click as
select
    event_id,
    message_id,
    link_token,
    link_url_id,
    recipient_id,
    method,
    http_status,
    coalesce(user_agent, '') as user_agent,
    md5(coalesce(user_agent, '')) as ua_key,
    case
        when strpos(client_ip, ':') > 0
            then split_part(client_ip, ':', 1) || ':' || split_part(client_ip, ':', 2)
                || ':' || coalesce(nullif(split_part(client_ip, ':', 3), ''), '0') || '::/48'
        else split_part(client_ip, '.', 1) || '.' || split_part(client_ip, '.', 2)
            || '.' || split_part(client_ip, '.', 3) || '.0/24'
    end as ip_prefix,
    ip_token,
    asn,
    geo_country,
    geo_region,
    -- Cut to the length of a host's name first: some letters take more bytes in lower case.
    lower(left(split_part(split_part(referer, '://', 2), '/', 1), 253)) as referer_host,
    sec_purpose,
    visitor_token,
    edge_bot_score,
    redirect_ms,
    cast(
        floor(
            cast(
                extract(
                    epoch from case
                        when occurred_at > dateadd(minute, 5, logged_at) then logged_at
                        else occurred_at
                    end
                ) as float8
            ) / 600
        ) as integer
    ) as slot_number,
    case
        when occurred_at > dateadd(minute, 5, logged_at) then logged_at
        else occurred_at
    end as occurred_at,
    logged_at as received_at,
    cast(
        case
            when occurred_at > dateadd(minute, 5, logged_at) then logged_at
            else occurred_at
        end as date
    ) as event_date,
    md5(
        event_id
        || '|' || event_type
        || '|' || cast(schema_version as varchar(64))
        || '|' || source
        || '|' || cast(occurred_at as varchar(64))
        || '|' || cast(logged_at as varchar(64))
        || '|' || coalesce(trace_id, '')
        || '|' || coalesce(md5(attributes), '')
        || '|' || link_token
        || '|' || coalesce(message_id, '')
        || '|' || coalesce(link_url_id, '')
        || '|' || coalesce(recipient_id, '')
        || '|' || method
        || '|' || cast(http_status as varchar(64))
        || '|' || coalesce(client_ip, '')
        || '|' || coalesce(ip_token, '')
        || '|' || coalesce(cast(asn as varchar(64)), '')
        || '|' || coalesce(geo_country, '')
        || '|' || coalesce(geo_region, '')
        || '|' || coalesce(user_agent, '')
        || '|' || coalesce(referer, '')
        || '|' || coalesce(accept_language, '')
        || '|' || coalesce(sec_purpose, '')
        || '|' || coalesce(sec_fetch_mode, '')
        || '|' || coalesce(sec_fetch_user, '')
        || '|' || coalesce(visitor_token, '')
        || '|' || coalesce(cast(edge_bot_score as varchar(64)), '')
        || '|' || coalesce(cast(redirect_ms as varchar(64)), '')
        || '|' || coalesce(md5(extra), '')
    ) as content_hash,
    object_id,
    line_number,
    arrival_date,
    load_id
from staging.link_click;

-- One row per landed subscription_changed.
--   load_id  the load that landed it
--   ...      as in warehouse.fact_subscription_event
create or replace view warehouse.landed_subscription_event as
select
    event_id,
    recipient_id,
    nullif(msisdn_token, 'erased') as msisdn_token,
    program_id,
    new_status,
    prior_status,
    method,
    keyword_raw,
    in_reply_to_message_id,
    inbound_event_id,
    consent_text_version,
    effective_at,
    case
        when occurred_at > dateadd(minute, 5, logged_at) then logged_at
        else occurred_at
    end as occurred_at,
    logged_at as received_at,
    cast(
        case
            when occurred_at > dateadd(minute, 5, logged_at) then logged_at
            else occurred_at
        end as date
    ) as event_date,
    md5(
        event_id
        || '|' || event_type
        || '|' || cast(schema_version as varchar(64))
        || '|' || source
        || '|' || cast(occurred_at as varchar(64))
        || '|' || cast(logged_at as varchar(64))
        || '|' || coalesce(trace_id, '')
        || '|' || coalesce(md5(attributes), '')
        || '|' || recipient_id
        || '|' || msisdn_token
        || '|' || program_id
        || '|' || new_status
        || '|' || coalesce(prior_status, '')
        || '|' || method
        || '|' || coalesce(keyword_raw, '')
        || '|' || coalesce(in_reply_to_message_id, '')
        || '|' || coalesce(inbound_event_id, '')
        || '|' || coalesce(consent_text_version, '')
        || '|' || cast(effective_at as varchar(64))
        || '|' || coalesce(md5(extra), '')
    ) as content_hash,
    object_id,
    line_number,
    arrival_date,
    load_id
from staging.subscription_changed;

-- One row per landed inbound_message.
--   load_id  the load that landed it
--   ...      as in warehouse.fact_inbound_message
create or replace view warehouse.landed_inbound_message as
select
    event_id,
    inbound_id,
    recipient_id,
    sender_id,
    keyword,
    intent,
    body_len,
    in_reply_to_message_id,
    case
        when occurred_at > dateadd(minute, 5, logged_at) then logged_at
        else occurred_at
    end as occurred_at,
    logged_at as received_at,
    cast(
        case
            when occurred_at > dateadd(minute, 5, logged_at) then logged_at
            else occurred_at
        end as date
    ) as event_date,
    md5(
        event_id
        || '|' || event_type
        || '|' || cast(schema_version as varchar(64))
        || '|' || source
        || '|' || cast(occurred_at as varchar(64))
        || '|' || cast(logged_at as varchar(64))
        || '|' || coalesce(trace_id, '')
        || '|' || coalesce(md5(attributes), '')
        || '|' || inbound_id
        || '|' || msisdn_token
        || '|' || coalesce(recipient_id, '')
        || '|' || sender_id
        || '|' || coalesce(keyword, '')
        || '|' || coalesce(intent, '')
        || '|' || coalesce(cast(body_len as varchar(64)), '')
        || '|' || coalesce(in_reply_to_message_id, '')
        || '|' || coalesce(md5(extra), '')
    ) as content_hash,
    object_id,
    line_number,
    arrival_date,
    load_id
from staging.inbound_message;

-- One row per landed campaign_upserted.
--   load_id  the load that landed it
--   ...      as in warehouse.dim_campaign
create or replace view warehouse.landed_campaign as
select
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
    deleted as is_deleted,
    case
        when occurred_at > dateadd(minute, 5, logged_at) then logged_at
        else occurred_at
    end as occurred_at,
    logged_at as received_at,
    cast(
        case
            when occurred_at > dateadd(minute, 5, logged_at) then logged_at
            else occurred_at
        end as date
    ) as event_date,
    md5(
        event_id
        || '|' || event_type
        || '|' || cast(schema_version as varchar(64))
        || '|' || source
        || '|' || cast(occurred_at as varchar(64))
        || '|' || cast(logged_at as varchar(64))
        || '|' || coalesce(trace_id, '')
        || '|' || coalesce(md5(attributes), '')
        || '|' || campaign_id
        || '|' || cast(version as varchar(64))
        || '|' || campaign_name
        || '|' || coalesce(campaign_type, '')
        || '|' || coalesce(objective, '')
        || '|' || coalesce(owner, '')
        || '|' || coalesce(cast(start_at as varchar(64)), '')
        || '|' || coalesce(cast(end_at as varchar(64)), '')
        || '|' || coalesce(status, '')
        || '|' || coalesce(parent_campaign_id, '')
        || '|' || coalesce(md5(variants), '')
        || '|' || coalesce(target_segment, '')
        || '|' || coalesce(report_tz, '')
        || '|' || coalesce(cast(click_window_days as varchar(64)), '')
        || '|' || coalesce(cast(optout_window_hours as varchar(64)), '')
        || '|' || coalesce(decode(cpni_used, true, 't', false, 'f'), '')
        || '|' || coalesce(cpni_description, '')
        || '|' || coalesce(products_offered, '')
        || '|' || coalesce(decode(deleted, true, 't', false, 'f'), '')
        || '|' || coalesce(md5(extra), '')
    ) as content_hash,
    object_id,
    line_number,
    arrival_date,
    load_id
from staging.campaign_upserted;
