-- One table per event type: the event's fields, then where the row came from. COPY of Parquet maps columns by
-- position, so their order and types are those of the contracts in sms_warehouse/landing/events.py, which also
-- say what each column means; COPY of Parquet chooses no encodings, so they are named here.

create schema if not exists staging;

-- One row per good line: one attempt to hand one message for one recipient to the network, or the decision not to.
create table if not exists staging.message_submitted (
    event_id varchar(36) not null encode zstd,
    event_type varchar(32) not null encode zstd,
    schema_version smallint not null encode az64,
    source varchar(64) not null encode zstd,
    occurred_at timestamp not null encode az64,
    logged_at timestamp not null encode az64,
    trace_id varchar(64) encode zstd,
    attributes varchar(65535) encode zstd,
    message_id varchar(26) not null encode zstd,
    attempt_no smallint not null encode az64,
    submit_status varchar(32) not null encode zstd,
    submit_error_code varchar(32) encode zstd,
    suppress_reason varchar(32) encode zstd,
    campaign_id varchar(64) not null encode zstd,
    variant_id varchar(64) encode zstd,
    send_batch_id varchar(64) encode zstd,
    follow_up_of_message_id varchar(26) encode zstd,
    recipient_id varchar(64) not null encode zstd,
    msisdn_token varchar(64) not null encode zstd,
    sender_id varchar(64) not null encode zstd,
    message_category varchar(32) not null encode zstd,
    template_id varchar(64) encode zstd,
    encoding varchar(32) not null encode zstd,
    segment_count smallint not null encode az64,
    link_token varchar(64) encode zstd,
    link_url_id varchar(64) encode zstd,
    provider varchar(64) not null encode zstd,
    provider_message_id varchar(64) encode zstd,
    mcc_mnc varchar(6) encode zstd,
    recipient_tz varchar(64) encode zstd,
    scheduled_at timestamp encode az64,
    object_id varchar(64) not null encode zstd,
    line_number bigint not null encode az64,
    arrival_date date not null encode raw,
    load_id varchar(26) not null encode zstd,
    extra varchar(65535) encode zstd
)
distkey (message_id)
sortkey (arrival_date, load_id);

-- One row per good line: one receipt, for one part of a message and one state.
create table if not exists staging.delivery_receipt (
    event_id varchar(36) not null encode zstd,
    event_type varchar(32) not null encode zstd,
    schema_version smallint not null encode az64,
    source varchar(64) not null encode zstd,
    occurred_at timestamp not null encode az64,
    logged_at timestamp not null encode az64,
    trace_id varchar(64) encode zstd,
    attributes varchar(65535) encode zstd,
    message_id varchar(26) encode zstd,
    attempt_no smallint encode az64,
    segment_seq smallint encode az64,
    segment_total smallint encode az64,
    provider varchar(64) not null encode zstd,
    provider_message_id varchar(64) not null encode zstd,
    status varchar(32) not null encode zstd,
    status_raw varchar(32) not null encode zstd,
    is_final_claimed boolean encode zstd,
    delivery_level varchar(32) encode zstd,
    error_code varchar(32) encode zstd,
    error_permanent boolean encode zstd,
    provider_occurred_at timestamp encode az64,
    provider_done_raw varchar(32) encode zstd,
    provider_sequence bigint encode az64,
    mcc_mnc varchar(6) encode zstd,
    carrier_name varchar(64) encode zstd,
    receipt_text varchar(2048) encode zstd,
    object_id varchar(64) not null encode zstd,
    line_number bigint not null encode az64,
    arrival_date date not null encode raw,
    load_id varchar(26) not null encode zstd,
    extra varchar(65535) encode zstd
)
distkey (message_id)
sortkey (arrival_date, load_id);

-- One row per good line: one HTTP request for a message's link, robots included.
create table if not exists staging.link_click (
    event_id varchar(36) not null encode zstd,
    event_type varchar(32) not null encode zstd,
    schema_version smallint not null encode az64,
    source varchar(64) not null encode zstd,
    occurred_at timestamp not null encode az64,
    logged_at timestamp not null encode az64,
    trace_id varchar(64) encode zstd,
    attributes varchar(65535) encode zstd,
    link_token varchar(64) not null encode zstd,
    message_id varchar(26) encode zstd,
    link_url_id varchar(64) encode zstd,
    recipient_id varchar(64) encode zstd,
    method varchar(32) not null encode zstd,
    http_status smallint not null encode az64,
    client_ip varchar(64) encode zstd,
    ip_token varchar(64) encode zstd,
    asn bigint encode az64,
    geo_country varchar(32) encode zstd,
    geo_region varchar(32) encode zstd,
    user_agent varchar(1024) encode zstd,
    referer varchar(2048) encode zstd,
    accept_language varchar(2048) encode zstd,
    sec_purpose varchar(32) encode zstd,
    sec_fetch_mode varchar(32) encode zstd,
    sec_fetch_user varchar(32) encode zstd,
    visitor_token varchar(64) encode zstd,
    edge_bot_score smallint encode az64,
    redirect_ms integer encode az64,
    object_id varchar(64) not null encode zstd,
    line_number bigint not null encode az64,
    arrival_date date not null encode raw,
    load_id varchar(26) not null encode zstd,
    extra varchar(65535) encode zstd
)
distkey (message_id)
sortkey (arrival_date, load_id);

-- One row per good line: one change of a recipient's consent or of the line itself.
create table if not exists staging.subscription_changed (
    event_id varchar(36) not null encode zstd,
    event_type varchar(32) not null encode zstd,
    schema_version smallint not null encode az64,
    source varchar(64) not null encode zstd,
    occurred_at timestamp not null encode az64,
    logged_at timestamp not null encode az64,
    trace_id varchar(64) encode zstd,
    attributes varchar(65535) encode zstd,
    recipient_id varchar(64) not null encode zstd,
    msisdn_token varchar(64) not null encode zstd,
    program_id varchar(64) not null encode zstd,
    new_status varchar(32) not null encode zstd,
    prior_status varchar(32) encode zstd,
    method varchar(32) not null encode zstd,
    keyword_raw varchar(64) encode zstd,
    in_reply_to_message_id varchar(26) encode zstd,
    inbound_event_id varchar(64) encode zstd,
    consent_text_version varchar(64) encode zstd,
    effective_at timestamp not null encode az64,
    object_id varchar(64) not null encode zstd,
    line_number bigint not null encode az64,
    arrival_date date not null encode raw,
    load_id varchar(26) not null encode zstd,
    extra varchar(65535) encode zstd
)
distkey (recipient_id)
sortkey (arrival_date, load_id);

-- One row per good line: one message a recipient sent to us; its text is not logged.
create table if not exists staging.inbound_message (
    event_id varchar(36) not null encode zstd,
    event_type varchar(32) not null encode zstd,
    schema_version smallint not null encode az64,
    source varchar(64) not null encode zstd,
    occurred_at timestamp not null encode az64,
    logged_at timestamp not null encode az64,
    trace_id varchar(64) encode zstd,
    attributes varchar(65535) encode zstd,
    inbound_id varchar(64) not null encode zstd,
    msisdn_token varchar(64) not null encode zstd,
    recipient_id varchar(64) encode zstd,
    sender_id varchar(64) not null encode zstd,
    keyword varchar(64) encode zstd,
    intent varchar(32) encode zstd,
    body_len integer encode az64,
    in_reply_to_message_id varchar(26) encode zstd,
    object_id varchar(64) not null encode zstd,
    line_number bigint not null encode az64,
    arrival_date date not null encode raw,
    load_id varchar(26) not null encode zstd,
    extra varchar(65535) encode zstd
)
distkey (recipient_id)
sortkey (arrival_date, load_id);

-- One row per good line: a campaign as it stands from this version on, whole.
create table if not exists staging.campaign_upserted (
    event_id varchar(36) not null encode zstd,
    event_type varchar(32) not null encode zstd,
    schema_version smallint not null encode az64,
    source varchar(64) not null encode zstd,
    occurred_at timestamp not null encode az64,
    logged_at timestamp not null encode az64,
    trace_id varchar(64) encode zstd,
    attributes varchar(65535) encode zstd,
    campaign_id varchar(64) not null encode zstd,
    version integer not null encode az64,
    campaign_name varchar(2048) not null encode zstd,
    campaign_type varchar(32) encode zstd,
    objective varchar(2048) encode zstd,
    owner varchar(2048) encode zstd,
    start_at timestamp encode az64,
    end_at timestamp encode az64,
    status varchar(32) encode zstd,
    parent_campaign_id varchar(64) encode zstd,
    variants varchar(65535) encode zstd,
    target_segment varchar(2048) encode zstd,
    report_tz varchar(64) encode zstd,
    click_window_days smallint encode az64,
    optout_window_hours smallint encode az64,
    cpni_used boolean encode zstd,
    cpni_description varchar(2048) encode zstd,
    products_offered varchar(2048) encode zstd,
    holdout_pct double precision encode zstd,
    deleted boolean encode zstd,
    object_id varchar(64) not null encode zstd,
    line_number bigint not null encode az64,
    arrival_date date not null encode raw,
    load_id varchar(26) not null encode zstd,
    extra varchar(65535) encode zstd
)
diststyle all
sortkey (arrival_date, load_id);
