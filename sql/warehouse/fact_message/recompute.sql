-- Days of campaigns that lose or gain something: what a message was counted under, and what it is counted under now.
insert into control.touched_cohort (campaign_id, cohort_date_report)
select distinct
    message.campaign_id,
    message.cohort_date_report
from warehouse.fact_message as message
join touched
    on touched.message_id = message.message_id
where message.message_id >= :first_id
    and message.message_id < :end_id
    and not message.is_stub;

delete from warehouse.fact_message
using touched
where touched.message_id = fact_message.message_id
    and fact_message.message_id >= :first_id
    and fact_message.message_id < :end_id;

insert into warehouse.fact_message (
    message_id,
    is_stub,
    campaign_id,
    variant_id,
    send_batch_id,
    recipient_id,
    recipient_key,
    sender_id,
    message_category,
    template_id,
    encoding,
    segment_count,
    link_token,
    link_url_id,
    provider,
    mcc_mnc,
    recipient_tz,
    follow_up_of_message_id,
    followed_up_at,
    attempts,
    submit_status,
    suppress_reason,
    first_submitted_at,
    sent_at,
    cohort_at,
    cohort_date,
    cohort_date_report,
    sent_date,
    sent_date_report,
    sent_hour_local,
    sent_dow_local,
    report_tz,
    click_window_days,
    optout_window_hours,
    first_receipt_at,
    carrier_accepted_at,
    delivered_at,
    failed_at,
    last_receipt_at,
    segments_delivered,
    segments_failed,
    delivery_state,
    delivery_rank,
    delivery_level,
    final_error_code,
    final_error_provider,
    failure_category,
    failure_permanent,
    receipts,
    conflicting_final,
    click_requests,
    bot_clicks,
    repeat_clicks,
    human_clicks,
    click_sessions,
    distinct_visitors,
    first_click_at,
    last_click_at,
    first_bot_click_at,
    sec_to_first_click,
    bot_ruleset_version,
    replied_at,
    updated_at
)
with known as (
    select message_id from submitted
    union
    select message_id from receipted
    union
    select message_id from clicked
),

-- One row per message that was answered; STOP is an opt-out, not an answer.
replied as (
    select
        inbound.in_reply_to_message_id as message_id,
        min(inbound.occurred_at) as replied_at
    from warehouse.fact_inbound_message as inbound
    join touched
        on touched.message_id = inbound.in_reply_to_message_id
    where inbound.in_reply_to_message_id >= :first_id
        and inbound.in_reply_to_message_id < :end_id
        and coalesce(inbound.intent, 'REPLY') <> 'STOP'
    group by inbound.in_reply_to_message_id
),

-- One row per message that another one reminded of.
followed_up as (
    select
        reminded_message_id as message_id,
        min(occurred_at) as followed_up_at
    from reminder
    group by reminded_message_id
),

-- One row per message whose recipient's line had changed hands before it was submitted.
line_use as (
    select
        submitted.message_id,
        count(*) as changes
    from submitted
    join warehouse.fact_subscription_event as event
        on event.recipient_id = submitted.recipient_id
    where event.new_status in ('DEACTIVATED', 'REASSIGNED')
        and event.effective_at <= submitted.first_submitted_at
    group by submitted.message_id
),

described as (
    select
        known.message_id,
        submitted.message_id is null as is_stub,
        submitted.campaign_id,
        submitted.variant_id,
        submitted.send_batch_id,
        submitted.recipient_id,
        submitted.recipient_id || '#' || cast(coalesce(line_use.changes, 0) as varchar(20))
            as recipient_key,
        submitted.sender_id,
        submitted.message_category,
        submitted.template_id,
        submitted.encoding,
        submitted.segment_count,
        submitted.link_token,
        submitted.link_url_id,
        coalesce(submitted.provider, receipted.provider) as provider,
        submitted.mcc_mnc,
        submitted.recipient_tz,
        submitted.follow_up_of_message_id,
        followed_up.followed_up_at,
        submitted.attempts,
        submitted.submit_status,
        submitted.suppress_reason,
        submitted.first_submitted_at,
        submitted.sent_at,
        submitted.cohort_at,
        cast(submitted.cohort_at as date) as cohort_date,
        cast(
            convert_timezone('UTC', coalesce(setting.redshift_tz, 'UTC'), submitted.cohort_at)
            as date
        ) as cohort_date_report,
        cast(submitted.sent_at as date) as sent_date,
        cast(
            convert_timezone('UTC', coalesce(setting.redshift_tz, 'UTC'), submitted.sent_at) as date
        ) as sent_date_report,
        case
            when zone.redshift_name is not null
                then convert_timezone('UTC', zone.redshift_name, submitted.sent_at)
        end as sent_at_local,
        coalesce(setting.report_tz, 'UTC') as report_tz,
        coalesce(setting.click_window_days, 30) as click_window_days,
        coalesce(setting.optout_window_hours, 24) as optout_window_hours,
        receipted.first_receipt_at,
        receipted.carrier_accepted_at,
        delivery.delivered_at,
        receipted.failed_at,
        receipted.last_receipt_at,
        coalesce(delivery.segments_delivered, 0) as segments_delivered,
        coalesce(delivery.segments_failed, 0) as segments_failed,
        delivery.state as delivery_state,
        delivery.state_rank as delivery_rank,
        delivery.delivery_level,
        -- A message that never left fails with what the provider answered to its latest attempt.
        case
            when delivery.state_rank = 50 then 'state:' || delivery.state
            when delivery.state is null and submitted.submit_status = 'REJECTED'
                then 'state:NOT_ACCEPTED'
        end as failure,
        case
            when delivery.state_rank = 50 then delivery.error_code
            when delivery.state is null and submitted.submit_status = 'REJECTED'
                then submitted.submit_error_code
        end as final_error_code,
        -- Codes mean what the provider who gave them means: after a fail-over not the latest attempt's.
        case
            when delivery.state_rank = 50 then delivery.error_provider
            when delivery.state is null and submitted.submit_status = 'REJECTED'
                then submitted.provider
        end as final_error_provider,
        delivery.error_permanent = 1 as error_permanent,
        coalesce(receipted.receipts, 0) as receipts,
        coalesce(delivery.is_conflicting, false) as conflicting_final,
        coalesce(clicked.click_requests, 0) as click_requests,
        coalesce(clicked.bot_clicks, 0) as bot_clicks,
        coalesce(clicked.repeat_clicks, 0) as repeat_clicks,
        coalesce(clicked.human_clicks, 0) as human_clicks,
        coalesce(clicked.click_sessions, 0) as click_sessions,
        coalesce(clicked.distinct_visitors, 0) as distinct_visitors,
        clicked.first_click_at,
        clicked.last_click_at,
        clicked.first_bot_click_at,
        datediff(second, submitted.sent_at, clicked.first_click_at) as sec_to_first_click,
        clicked.bot_ruleset_version,
        replied.replied_at
    from known
    left join submitted
        on submitted.message_id = known.message_id
    left join receipted
        on receipted.message_id = known.message_id
    left join delivery
        on delivery.message_id = known.message_id
    left join clicked
        on clicked.message_id = known.message_id
    left join replied
        on replied.message_id = known.message_id
    left join followed_up
        on followed_up.message_id = known.message_id
    left join line_use
        on line_use.message_id = known.message_id
    left join warehouse.campaign_setting as setting
        on setting.campaign_id = submitted.campaign_id
    left join warehouse.dim_time_zone as zone
        on zone.time_zone = submitted.recipient_tz
),

message as (
    select
        described.*,
        case
            when described.failure is null then null
            else coalesce(error.failure_category, any_provider.failure_category, 'UNKNOWN')
        end as failure_category,
        case
            when described.failure is null then null
            else coalesce(error.is_permanent, any_provider.is_permanent, described.error_permanent)
        end as failure_permanent
    from described
    left join warehouse.dim_delivery_error as error
        on error.provider = described.final_error_provider
        and error.error_code = coalesce(described.final_error_code, described.failure)
    left join warehouse.dim_delivery_error as any_provider
        on any_provider.provider = '*'
        and any_provider.error_code = coalesce(described.final_error_code, described.failure)
)

select
    message_id,
    is_stub,
    campaign_id,
    variant_id,
    send_batch_id,
    recipient_id,
    recipient_key,
    sender_id,
    message_category,
    template_id,
    encoding,
    segment_count,
    link_token,
    link_url_id,
    provider,
    mcc_mnc,
    recipient_tz,
    follow_up_of_message_id,
    followed_up_at,
    attempts,
    submit_status,
    suppress_reason,
    first_submitted_at,
    sent_at,
    cohort_at,
    cohort_date,
    cohort_date_report,
    sent_date,
    sent_date_report,
    extract(hour from sent_at_local) as sent_hour_local,
    extract(dow from sent_at_local) as sent_dow_local,
    report_tz,
    click_window_days,
    optout_window_hours,
    first_receipt_at,
    carrier_accepted_at,
    delivered_at,
    failed_at,
    last_receipt_at,
    segments_delivered,
    segments_failed,
    delivery_state,
    delivery_rank,
    delivery_level,
    final_error_code,
    final_error_provider,
    failure_category,
    failure_permanent,
    receipts,
    conflicting_final,
    click_requests,
    bot_clicks,
    repeat_clicks,
    human_clicks,
    click_sessions,
    distinct_visitors,
    first_click_at,
    last_click_at,
    first_bot_click_at,
    sec_to_first_click,
    bot_ruleset_version,
    replied_at,
    cast(:now as timestamp) as updated_at
from message;

insert into control.touched_cohort (campaign_id, cohort_date_report)
select distinct
    message.campaign_id,
    message.cohort_date_report
from warehouse.fact_message as message
join touched
    on touched.message_id = message.message_id
where message.message_id >= :first_id
    and message.message_id < :end_id
    and not message.is_stub;
