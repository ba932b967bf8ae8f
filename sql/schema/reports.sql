-- What the reporting application reads. Every table is rebuilt whole by one refresh and says for which clock (as_of).

create schema if not exists reports;

-- One row per message that was submitted: its share in each measure, 0 or 1 unless it says otherwise. The formulas all
-- reports share:
--   attempted             accepted or rejected at submit; suppressed messages are in no measure but their own
--   sent                  accepted at least once; sent = delivered + failed + unresolved + unknown
--   submit_failed         attempted - sent
--   delivered, failed     sent, and the receipts say so
--   unresolved            sent, and the receipts leave it open: pending for 72 hours from sending, unknown after
--   unknown_state         sent, and the provider says it will never know
--   carrier_accepted_only sent, and the carrier took it, which is not delivered
--   clicked               at least one click by a person; clicked_delivered: and delivered
--   total_clicks          clicks by people, any number; bot_clicks: requests by machines
create or replace view reports.message_measure as
with message as (
    select
        *,
        submit_status <> 'SUPPRESSED' as is_counted,
        submit_status <> 'SUPPRESSED' and sent_at is not null as is_sent,
        submit_status <> 'SUPPRESSED' and human_clicks > 0 as is_clicked
    from warehouse.fact_message
    where not is_stub
)

select
    message_id,
    campaign_id,
    coalesce(variant_id, '-') as variant_id,
    recipient_key,
    coalesce(mcc_mnc, '-') as carrier,
    coalesce(provider, '-') as provider,
    message_category,
    cohort_at,
    cohort_date,
    sent_at,
    sent_date_report,
    sec_to_first_click,
    failure_category,
    final_error_code,
    failure_permanent,
    failed_at,
    case when is_counted then 0 else 1 end as suppressed,
    case when is_counted then 1 else 0 end as attempted,
    case when is_sent then 1 else 0 end as sent,
    case when is_counted and not is_sent then 1 else 0 end as submit_failed,
    case when is_sent and delivery_state = 'DELIVERED' then 1 else 0 end as delivered,
    case when is_sent and delivery_rank = 50 then 1 else 0 end as failed,
    case when is_sent and delivery_rank in (10, 20, 30) then 1 else 0 end as unresolved,
    case when is_sent and delivery_state = 'UNKNOWN' then 1 else 0 end as unknown_state,
    case
        when is_sent and delivery_state = 'CARRIER_ACCEPTED' then 1 else 0
    end as carrier_accepted_only,
    case when is_clicked then 1 else 0 end as clicked,
    case
        when is_clicked and is_sent and delivery_state = 'DELIVERED' then 1 else 0
    end as clicked_delivered,
    case when is_clicked and sec_to_first_click <= 86400 then 1 else 0 end as clicked_24h,
    case when is_clicked and sec_to_first_click <= 259200 then 1 else 0 end as clicked_72h,
    case when is_clicked and sec_to_first_click <= 604800 then 1 else 0 end as clicked_7d,
    case
        when is_clicked and sec_to_first_click <= cast(click_window_days as bigint) * 86400 then 1
        else 0
    end as clicked_in_window,
    case when is_counted then human_clicks else 0 end as total_clicks,
    case when is_counted then bot_clicks else 0 end as bot_clicks,
    case when is_counted and opted_out_at is not null then 1 else 0 end as opt_outs,
    case when is_counted and replied_at is not null then 1 else 0 end as replies,
    case when is_sent then segment_count else 0 end as segments_sent
from message;

-- One row per message that was submitted: how it stands now, and what to do about it. The outcome is computed when it is
-- asked for: 72 hours after sending without a final receipt it is UNKNOWN, and a later receipt opens it again.
create or replace view reports.message_status as
with message as (
    select
        *,
        getdate() as as_of,
        case
            when sent_at is null then 'NOT_SENT'
            when delivery_state = 'DELIVERED' then 'DELIVERED'
            when delivery_rank = 50 then 'FAILED'
            when delivery_state = 'UNKNOWN' then 'UNKNOWN'
            when sent_at > dateadd(hour, -72, getdate()) then 'PENDING'
            else 'UNKNOWN'
        end as delivery_outcome
    from warehouse.fact_message
    where not is_stub
)

select
    message_id,
    recipient_key,
    campaign_id,
    variant_id,
    sent_at,
    delivery_outcome,
    delivered_at,
    failure_category,
    failure_permanent,
    human_clicks,
    first_click_at,
    last_click_at,
    bot_clicks > 0 and human_clicks = 0 as bot_only,
    human_clicks > 0 or replied_at is not null as engaged,
    opted_out_at,
    case
        when opted_out_at is not null then 'NONE'
        when delivery_outcome = 'NOT_SENT' then 'NO_ACTION'
        when delivery_outcome = 'PENDING' then 'WAIT'
        when human_clicks > 0 then 'NURTURE_CLICKER'
        when delivery_outcome = 'FAILED' and failure_permanent then 'SUPPRESS_NUMBER'
        when delivery_outcome = 'FAILED' and failure_category = 'CARRIER_FILTERED'
            then 'HOLD_CONTENT_REVIEW'
        when delivery_outcome = 'FAILED' and attempts < 2 then 'RESEND'
        when delivery_outcome = 'UNKNOWN' then 'ALT_CHANNEL'
        when delivery_outcome = 'DELIVERED'
            and followed_up_at is null
            and sent_at <= dateadd(hour, -24, as_of)
            and sent_at > dateadd(day, -7, as_of)
            then 'REMIND_NON_CLICKER'
        else 'NO_ACTION'
    end as follow_up_action,
    as_of
from message;

-- One row per campaign and variant, and one with variant '*' for the campaign.
create table if not exists reports.campaign_performance (
    campaign_id varchar(64) not null,
    variant_id varchar(64) not null,
    campaign_name varchar(2048),
    campaign_type varchar(32),
    first_sent_at timestamp,
    last_sent_at timestamp,
    attempted bigint not null,
    suppressed bigint not null,
    submit_failed bigint not null,
    sent bigint not null,
    delivered bigint not null,
    failed bigint not null,
    pending bigint not null,
    unknown bigint not null,
    carrier_accepted_only bigint not null,
    delivery_rate decimal(18, 6),
    delivery_rate_final decimal(18, 6),
    dlr_coverage decimal(18, 6),
    clicked bigint not null,
    clicked_delivered bigint not null,
    clicked_without_receipt bigint not null,
    clicked_in_window bigint not null,
    total_clicks bigint not null,
    bot_clicks bigint not null,
    bot_share decimal(18, 6),
    ctr decimal(18, 6),
    ctr_sent decimal(18, 6),
    ctr_24h decimal(18, 6),
    ctr_72h decimal(18, 6),
    ctr_7d decimal(18, 6),
    clicks_per_clicker decimal(18, 6),
    median_sec_to_click double precision,
    p90_sec_to_click double precision,
    opt_outs bigint not null,
    optout_rate decimal(18, 6),
    replies bigint not null,
    segments_sent bigint not null,
    segments_per_msg decimal(18, 6),
    score_vs_baseline decimal(18, 6),
    is_mature boolean not null,
    as_of timestamp not null
)
diststyle all
sortkey (campaign_id, variant_id);

-- One row per scope: the messages sent in the thirty calendar days that end with report_date, in report_tz.
create table if not exists reports.rolling_30d (
    report_date date not null,
    scope_type varchar(16) not null,
    scope_id varchar(64) not null,
    window_start date not null,
    window_end date not null,
    report_tz varchar(64) not null,
    anchor varchar(16) not null,
    attempted bigint not null,
    suppressed bigint not null,
    submit_failed bigint not null,
    sent bigint not null,
    delivered bigint not null,
    failed bigint not null,
    pending bigint not null,
    unknown bigint not null,
    carrier_accepted_only bigint not null,
    clicked bigint not null,
    clicked_delivered bigint not null,
    clicked_without_receipt bigint not null,
    total_clicks bigint not null,
    bot_clicks bigint not null,
    opt_outs bigint not null,
    replies bigint not null,
    segments_sent bigint not null,
    recipients_exact bigint not null,
    unique_clickers bigint not null,
    delivery_rate decimal(18, 6),
    dlr_coverage decimal(18, 6),
    ctr decimal(18, 6),
    ctr_72h decimal(18, 6),
    msgs_per_recipient decimal(18, 6),
    optout_rate decimal(18, 6),
    prev_sent bigint not null,
    prev_delivered bigint not null,
    prev_clicked_delivered bigint not null,
    prev_ctr decimal(18, 6),
    prev_ctr_72h decimal(18, 6),
    delta_pp decimal(18, 6),
    delta_pct decimal(18, 6),
    source_watermark timestamp,
    as_of timestamp not null
)
diststyle all
sortkey (report_date, scope_type, scope_id);

-- One row per day of sending, in the campaign's time zone, carrier, provider and reason of failure.
create table if not exists reports.delivery_failure_daily (
    sent_date_report date not null,
    carrier varchar(64) not null,
    carrier_name varchar(64),
    provider varchar(64) not null,
    failure_category varchar(32) not null,
    error_code varchar(32) not null,
    messages bigint not null,
    sent bigint not null,
    pct_of_sent decimal(18, 6),
    permanent_messages bigint not null,
    distinct_recipients bigint not null,
    first_seen timestamp,
    last_seen timestamp,
    as_of timestamp not null
)
diststyle all
sortkey (sent_date_report);
