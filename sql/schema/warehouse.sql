-- Facts and dimensions. Keys are natural ids and every derived column depends on the set of events alone, so that loads
-- applied in any order give the same rows; only loaded_at and updated_at tell when we worked.

create schema if not exists warehouse;

-- One row per message whose clicks have to be classified again because its submissions changed.
create table if not exists control.unclassified_message (
    message_id varchar(26) not null
)
distkey (message_id)
sortkey (message_id);

-- One row per campaign whose images changed and whose variants have not followed yet.
create table if not exists control.touched_campaign (
    campaign_id varchar(64) not null
)
diststyle all;

---------- event facts
-- One row per event, sorted by message: a message id begins with the time it was made, so a range of ids is a range of
-- time, and recomputing some messages reads only the blocks they are in.

-- One row per attempt to hand a message to the network, or decision not to, as the sender reported it.
create table if not exists warehouse.fact_submission (
    event_id varchar(36) not null,
    message_id varchar(26) not null,
    attempt_no smallint not null,
    submit_status varchar(32) not null,
    submit_error_code varchar(32),
    suppress_reason varchar(32),
    campaign_id varchar(64) not null,
    variant_id varchar(64),
    send_batch_id varchar(64),
    follow_up_of_message_id varchar(26),
    recipient_id varchar(64) not null,
    sender_id varchar(64) not null,
    message_category varchar(32) not null,
    template_id varchar(64),
    encoding varchar(32) not null,
    segment_count smallint not null,
    link_token varchar(64),
    link_url_id varchar(64),
    provider varchar(64) not null,
    provider_message_id varchar(64),
    mcc_mnc varchar(6),
    recipient_tz varchar(64),
    scheduled_at timestamp,
    occurred_at timestamp not null,
    received_at timestamp not null,
    event_date date not null,
    content_hash varchar(32) not null,
    object_id varchar(64) not null,
    line_number bigint not null,
    arrival_date date not null,
    loaded_at timestamp not null
)
distkey (message_id)
sortkey (message_id);

-- One row per receipt for one part of a message and one state.
create table if not exists warehouse.fact_delivery_event (
    event_id varchar(36) not null,
    message_id varchar(26),
    attempt_no smallint not null,
    segment_seq smallint,
    segment_total smallint,
    provider varchar(64) not null,
    provider_message_id varchar(64) not null,
    status varchar(32) not null,
    status_raw varchar(32) not null,
    state varchar(32) not null,
    state_rank smallint not null,
    is_final_claimed boolean,
    delivery_level varchar(32),
    error_code varchar(32),
    error_permanent boolean,
    provider_occurred_at timestamp,
    provider_done_raw varchar(32),
    provider_sequence bigint,
    mcc_mnc varchar(6),
    carrier_name varchar(64),
    occurred_at timestamp not null,
    received_at timestamp not null,
    event_date date not null,
    content_hash varchar(32) not null,
    object_id varchar(64) not null,
    line_number bigint not null,
    arrival_date date not null,
    loaded_at timestamp not null
)
distkey (message_id)
sortkey (message_id);

-- One row per HTTP request for a message's link, robots included, with what it was taken for.
create table if not exists warehouse.fact_click (
    event_id varchar(36) not null,
    message_id varchar(26),
    link_token varchar(64) not null,
    link_url_id varchar(64),
    recipient_id varchar(64),
    method varchar(32) not null,
    http_status smallint not null,
    ua_key varchar(32) not null,
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
    slot_number integer not null,
    is_ip_sweep boolean,
    is_over_rate boolean,
    click_class varchar(16),
    is_human boolean,
    bot_reason varchar(64),
    bot_ruleset_version smallint,
    is_repeat_fire boolean,
    occurred_at timestamp not null,
    received_at timestamp not null,
    event_date date not null,
    content_hash varchar(32) not null,
    object_id varchar(64) not null,
    line_number bigint not null,
    arrival_date date not null,
    loaded_at timestamp not null
)
distkey (message_id)
sortkey (message_id);

-- One row per change of a recipient's consent or line, and for an opt-out the message it is put down to.
create table if not exists warehouse.fact_subscription_event (
    event_id varchar(36) not null,
    recipient_id varchar(64) not null,
    program_id varchar(64) not null,
    new_status varchar(32) not null,
    prior_status varchar(32),
    method varchar(32) not null,
    keyword_raw varchar(64),
    in_reply_to_message_id varchar(26),
    inbound_event_id varchar(64),
    consent_text_version varchar(64),
    effective_at timestamp not null,
    attributed_message_id varchar(26),
    attribution_window_hours smallint,
    is_attribution_due boolean not null,
    occurred_at timestamp not null,
    received_at timestamp not null,
    event_date date not null,
    content_hash varchar(32) not null,
    object_id varchar(64) not null,
    line_number bigint not null,
    arrival_date date not null,
    loaded_at timestamp not null
)
distkey (recipient_id)
sortkey (effective_at);

-- One row per message a recipient sent to us.
create table if not exists warehouse.fact_inbound_message (
    event_id varchar(36) not null,
    inbound_id varchar(64) not null,
    recipient_id varchar(64),
    sender_id varchar(64) not null,
    keyword varchar(64),
    intent varchar(32),
    body_len integer,
    in_reply_to_message_id varchar(26),
    occurred_at timestamp not null,
    received_at timestamp not null,
    event_date date not null,
    content_hash varchar(32) not null,
    object_id varchar(64) not null,
    line_number bigint not null,
    arrival_date date not null,
    loaded_at timestamp not null
)
diststyle even
sortkey (in_reply_to_message_id);

---------- messages

-- One row per message: what all its events together say. Sorted by cohort first, because reports read many columns of a
-- window of days, while a recompute looks its messages up by one column, whose order within a day is nearly the same.
create table if not exists warehouse.fact_message (
    message_id varchar(26) not null,
    is_stub boolean not null,
    campaign_id varchar(64),
    variant_id varchar(64),
    send_batch_id varchar(64),
    recipient_id varchar(64),
    recipient_key varchar(96),
    sender_id varchar(64),
    message_category varchar(32),
    template_id varchar(64),
    encoding varchar(32),
    segment_count smallint,
    link_token varchar(64),
    link_url_id varchar(64),
    provider varchar(64),
    mcc_mnc varchar(6),
    recipient_tz varchar(64),
    follow_up_of_message_id varchar(26),
    followed_up_at timestamp,
    attempts smallint,
    submit_status varchar(32),
    suppress_reason varchar(32),
    first_submitted_at timestamp,
    sent_at timestamp,
    cohort_at timestamp,
    cohort_date date,
    sent_date date,
    sent_date_report date,
    sent_hour_local smallint,
    sent_dow_local smallint,
    report_tz varchar(64),
    click_window_days smallint,
    optout_window_hours smallint,
    first_receipt_at timestamp,
    carrier_accepted_at timestamp,
    delivered_at timestamp,
    failed_at timestamp,
    last_receipt_at timestamp,
    segments_delivered integer not null,
    segments_failed integer not null,
    delivery_state varchar(32),
    delivery_rank smallint,
    delivery_level varchar(32),
    final_error_code varchar(32),
    failure_category varchar(32),
    failure_permanent boolean,
    receipts integer not null,
    conflicting_final boolean not null,
    click_requests integer not null,
    bot_clicks integer not null,
    repeat_clicks integer not null,
    human_clicks integer not null,
    click_sessions integer not null,
    distinct_visitors integer not null,
    first_click_at timestamp,
    last_click_at timestamp,
    first_bot_click_at timestamp,
    sec_to_first_click bigint,
    bot_ruleset_version smallint,
    opted_out_at timestamp,
    replied_at timestamp,
    updated_at timestamp not null
)
distkey (message_id)
sortkey (cohort_date, message_id);

---------- dimensions

-- One row per image of a campaign, as one event gave it; the image of the highest version is the current one.
create table if not exists warehouse.dim_campaign (
    event_id varchar(36) not null,
    campaign_id varchar(64) not null,
    version integer not null,
    campaign_name varchar(2048) not null,
    campaign_type varchar(32),
    objective varchar(2048),
    owner varchar(2048),
    start_at timestamp,
    end_at timestamp,
    status varchar(32),
    parent_campaign_id varchar(64),
    variants varchar(65535),
    target_segment varchar(2048),
    report_tz varchar(64),
    click_window_days smallint,
    optout_window_hours smallint,
    cpni_used boolean,
    cpni_description varchar(2048),
    products_offered varchar(2048),
    holdout_pct double precision,
    is_deleted boolean,
    valid_from timestamp not null,
    valid_to timestamp,
    is_current boolean not null,
    occurred_at timestamp not null,
    received_at timestamp not null,
    event_date date not null,
    content_hash varchar(32) not null,
    object_id varchar(64) not null,
    line_number bigint not null,
    arrival_date date not null,
    loaded_at timestamp not null
)
diststyle all
sortkey (campaign_id, version);

-- One row per variant of a campaign, as its newest image that names the variant describes it.
create table if not exists warehouse.dim_variant (
    campaign_id varchar(64) not null,
    variant_id varchar(256) not null,
    variant_name varchar(2048),
    allocation_pct double precision,
    is_control boolean,
    is_current boolean not null,
    loaded_at timestamp not null
)
diststyle all
sortkey (campaign_id, variant_id);

-- One row per User-Agent header ever seen, with what kind of program sends it.
create table if not exists warehouse.dim_user_agent (
    ua_key varchar(32) not null,
    user_agent varchar(1024) not null,
    ua_class varchar(16) not null,
    ruleset_version smallint not null,
    loaded_at timestamp not null
)
diststyle all
sortkey (ua_key);

---------- reference data, filled from sql/reference

-- One row per rule that tells clicks of robots, in the order in which they are tried.
create table if not exists warehouse.dim_bot_rule (
    rule_order smallint not null,
    click_class varchar(16) not null,
    threshold integer,
    meaning varchar(256) not null,
    ruleset_version smallint not null
)
diststyle all
sortkey (rule_order);

-- One row per autonomous system that says something about its clicks.
create table if not exists warehouse.dim_asn (
    asn bigint not null,
    asn_kind varchar(16) not null,
    asn_name varchar(64) not null
)
diststyle all
sortkey (asn);

-- One row per mobile network.
create table if not exists warehouse.dim_carrier (
    mcc_mnc varchar(6) not null,
    carrier_name varchar(64) not null,
    country varchar(2) not null,
    is_own_network boolean not null
)
diststyle all
sortkey (mcc_mnc);

-- One row per error code of a provider; provider '*' stands for all, and 'state:...' for a failure without a code.
create table if not exists warehouse.dim_delivery_error (
    provider varchar(64) not null,
    error_code varchar(32) not null,
    failure_category varchar(32) not null,
    is_permanent boolean,
    description varchar(256) not null
)
diststyle all
sortkey (provider, error_code);

-- One row per time zone name that CONVERT_TIMEZONE can be trusted with; another name would fail the statement.
create table if not exists warehouse.dim_time_zone (
    time_zone varchar(64) not null,
    redshift_name varchar(64) not null
)
diststyle all
sortkey (time_zone);

---------- landed events as the facts take them
-- An event that claims to have happened more than five minutes after it was logged counts from when it was logged: a
-- clock that is ahead must not put it into another day. Staging keeps what the service said.
-- content_hash covers every field of the event (but holdout_pct: a float has no text that can be relied on): of several
-- copies of an event, the one that stays must not depend on which came first. A view computes it only for the rows that
-- need it.

-- One row per landed message_submitted.
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
    lower(split_part(split_part(referer, '://', 2), '/', 1)) as referer_host,
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
create or replace view warehouse.landed_subscription_event as
select
    event_id,
    recipient_id,
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


---------- settings of campaigns

-- One row per campaign: what its current image says about reading its results, with what holds where it says nothing.
create or replace view warehouse.campaign_setting as
select
    campaign.campaign_id,
    coalesce(zone.time_zone, 'UTC') as report_tz,
    coalesce(zone.redshift_name, 'UTC') as redshift_tz,
    coalesce(campaign.click_window_days, 30) as click_window_days,
    coalesce(campaign.optout_window_hours, 24) as optout_window_hours
from warehouse.dim_campaign as campaign
left join warehouse.dim_time_zone as zone
    on zone.time_zone = campaign.report_tz
where campaign.is_current;
