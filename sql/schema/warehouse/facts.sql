-- Facts and dimensions. Keys are natural ids and every derived column depends on the set of events alone, so that loads
-- applied in any order give the same rows; only loaded_at and updated_at tell when we worked.

create schema if not exists warehouse;

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
    cohort_date_report date,
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
