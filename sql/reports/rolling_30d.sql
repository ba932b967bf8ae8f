delete from reports.rolling_30d;

-- Messages of the window, of the thirty days before it and of today, by all that a scope may choose.
create temp table scope_count (
    campaign_id varchar(64),
    carrier varchar(64),
    message_category varchar(32),
    period varchar(8),
    attempted bigint,
    suppressed bigint,
    submit_failed bigint,
    sent bigint,
    delivered bigint,
    failed bigint,
    pending bigint,
    unknown bigint,
    carrier_accepted_only bigint,
    clicked bigint,
    clicked_delivered bigint,
    clicked_24h_delivered bigint,
    clicked_72h_delivered bigint,
    clicked_7d_delivered bigint,
    clicked_in_window bigint,
    total_clicks bigint,
    bot_clicks bigint,
    opt_outs bigint,
    replies bigint,
    segments_sent bigint
);

insert into scope_count
with message as (
    select
        campaign_id,
        carrier,
        message_category,
        case
            when cohort_at < :window_start_at then 'PREVIOUS'
            when cohort_at < :window_end_at then 'CURRENT'
            else 'TODAY'
        end as period,
        attempted,
        suppressed,
        submit_failed,
        sent,
        delivered,
        failed,
        carrier_accepted_only,
        clicked,
        clicked_delivered,
        clicked_in_window,
        total_clicks,
        bot_clicks,
        opt_outs,
        replies,
        segments_sent,
        clicked_24h * delivered as clicked_24h_delivered,
        clicked_72h * delivered as clicked_72h_delivered,
        clicked_7d * delivered as clicked_7d_delivered,
        case
            when unresolved = 1 and sent_at > dateadd(hour, -72, cast(:as_of as timestamp)) then 1
            else 0
        end as pending,
        case
            when unknown_state = 1 then 1
            when unresolved = 1 and sent_at <= dateadd(hour, -72, cast(:as_of as timestamp)) then 1
            else 0
        end as unknown
    from reports.message_measure
    where cohort_date between :previous_first_date and :as_of_date
        and cohort_at >= :previous_start_at
        and cohort_at <= :as_of
)

select
    campaign_id,
    carrier,
    message_category,
    period,
    cast(sum(attempted) as bigint) as attempted,
    cast(sum(suppressed) as bigint) as suppressed,
    cast(sum(submit_failed) as bigint) as submit_failed,
    cast(sum(sent) as bigint) as sent,
    cast(sum(delivered) as bigint) as delivered,
    cast(sum(failed) as bigint) as failed,
    cast(sum(pending) as bigint) as pending,
    cast(sum(unknown) as bigint) as unknown,
    cast(sum(carrier_accepted_only) as bigint) as carrier_accepted_only,
    cast(sum(clicked) as bigint) as clicked,
    cast(sum(clicked_delivered) as bigint) as clicked_delivered,
    cast(sum(clicked_24h_delivered) as bigint) as clicked_24h_delivered,
    cast(sum(clicked_72h_delivered) as bigint) as clicked_72h_delivered,
    cast(sum(clicked_7d_delivered) as bigint) as clicked_7d_delivered,
    cast(sum(clicked_in_window) as bigint) as clicked_in_window,
    cast(sum(total_clicks) as bigint) as total_clicks,
    cast(sum(bot_clicks) as bigint) as bot_clicks,
    cast(sum(opt_outs) as bigint) as opt_outs,
    cast(sum(replies) as bigint) as replies,
    cast(sum(segments_sent) as bigint) as segments_sent
from message
group by campaign_id, carrier, message_category, period;

-- Who was sent a message of the window, by all that a scope may choose. Recipients add up over nothing, so they are kept
-- apart from the counts, and their rows are narrow.
create temp table reached (
    campaign_id varchar(64),
    carrier varchar(64),
    message_category varchar(32),
    recipient_key varchar(96),
    is_sent integer,
    is_clicked integer
)
distkey (recipient_key);

insert into reached
select
    campaign_id,
    carrier,
    message_category,
    recipient_key,
    max(sent) as is_sent,
    max(clicked) as is_clicked
from reports.message_measure
where cohort_date between :window_first_date and :window_last_date
    and cohort_at >= :window_start_at
    and cohort_at < :window_end_at
    and (sent = 1 or clicked = 1)
group by campaign_id, carrier, message_category, recipient_key;

insert into reports.rolling_30d (
    report_date,
    scope_type,
    scope_id,
    window_start,
    window_end,
    report_tz,
    anchor,
    attempted,
    suppressed,
    submit_failed,
    sent,
    delivered,
    failed,
    pending,
    unknown,
    carrier_accepted_only,
    clicked,
    clicked_delivered,
    clicked_without_receipt,
    clicked_24h_delivered,
    clicked_72h_delivered,
    clicked_7d_delivered,
    clicked_in_window,
    total_clicks,
    bot_clicks,
    opt_outs,
    replies,
    segments_sent,
    recipients_exact,
    unique_clickers,
    delivery_rate,
    delivery_rate_final,
    dlr_coverage,
    ctr,
    ctr_72h,
    msgs_per_recipient,
    optout_rate,
    prev_sent,
    prev_delivered,
    prev_clicked_delivered,
    prev_ctr,
    prev_ctr_72h,
    delta_pp,
    delta_pct,
    today_attempted,
    today_sent,
    today_delivered,
    today_clicked,
    source_watermark,
    as_of
)
with scoped as (
    select
        'ALL' as scope_type,
        '*' as scope_id,
        scope_count.*
    from scope_count

    union all

    select
        'CAMPAIGN' as scope_type,
        campaign_id as scope_id,
        scope_count.*
    from scope_count

    union all

    select
        'CARRIER' as scope_type,
        carrier as scope_id,
        scope_count.*
    from scope_count

    union all

    select
        'CATEGORY' as scope_type,
        message_category as scope_id,
        scope_count.*
    from scope_count
),

counted as (
    select
        scope_type,
        scope_id,
        cast(
            sum(case when period = 'CURRENT' then attempted else 0 end) as bigint
        ) as attempted,
        cast(
            sum(case when period = 'CURRENT' then suppressed else 0 end) as bigint
        ) as suppressed,
        cast(
            sum(case when period = 'CURRENT' then submit_failed else 0 end) as bigint
        ) as submit_failed,
        cast(
            sum(case when period = 'CURRENT' then sent else 0 end) as bigint
        ) as sent,
        cast(
            sum(case when period = 'CURRENT' then delivered else 0 end) as bigint
        ) as delivered,
        cast(
            sum(case when period = 'CURRENT' then failed else 0 end) as bigint
        ) as failed,
        cast(
            sum(case when period = 'CURRENT' then pending else 0 end) as bigint
        ) as pending,
        cast(
            sum(case when period = 'CURRENT' then unknown else 0 end) as bigint
        ) as unknown,
        cast(
            sum(case when period = 'CURRENT' then carrier_accepted_only else 0 end) as bigint
        ) as carrier_accepted_only,
        cast(
            sum(case when period = 'CURRENT' then clicked else 0 end) as bigint
        ) as clicked,
        cast(
            sum(case when period = 'CURRENT' then clicked_delivered else 0 end) as bigint
        ) as clicked_delivered,
        cast(
            sum(case when period = 'CURRENT' then clicked_24h_delivered else 0 end) as bigint
        ) as clicked_24h_delivered,
        cast(
            sum(case when period = 'CURRENT' then clicked_72h_delivered else 0 end) as bigint
        ) as clicked_72h_delivered,
        cast(
            sum(case when period = 'CURRENT' then clicked_7d_delivered else 0 end) as bigint
        ) as clicked_7d_delivered,
        cast(
            sum(case when period = 'CURRENT' then clicked_in_window else 0 end) as bigint
        ) as clicked_in_window,
        cast(
            sum(case when period = 'CURRENT' then total_clicks else 0 end) as bigint
        ) as total_clicks,
        cast(
            sum(case when period = 'CURRENT' then bot_clicks else 0 end) as bigint
        ) as bot_clicks,
        cast(
            sum(case when period = 'CURRENT' then opt_outs else 0 end) as bigint
        ) as opt_outs,
        cast(
            sum(case when period = 'CURRENT' then replies else 0 end) as bigint
        ) as replies,
        cast(
            sum(case when period = 'CURRENT' then segments_sent else 0 end) as bigint
        ) as segments_sent,
        cast(
            sum(case when period = 'PREVIOUS' then sent else 0 end) as bigint
        ) as prev_sent,
        cast(
            sum(case when period = 'PREVIOUS' then delivered else 0 end) as bigint
        ) as prev_delivered,
        cast(
            sum(case when period = 'PREVIOUS' then clicked_delivered else 0 end) as bigint
        ) as prev_clicked_delivered,
        cast(
            sum(case when period = 'PREVIOUS' then clicked_72h_delivered else 0 end) as bigint
        ) as prev_clicked_72h_delivered,
        cast(
            sum(case when period = 'TODAY' then attempted else 0 end) as bigint
        ) as today_attempted,
        cast(
            sum(case when period = 'TODAY' then sent else 0 end) as bigint
        ) as today_sent,
        cast(
            sum(case when period = 'TODAY' then delivered else 0 end) as bigint
        ) as today_delivered,
        cast(
            sum(case when period = 'TODAY' then clicked else 0 end) as bigint
        ) as today_clicked
    from scoped
    group by scope_type, scope_id
),

scoped_reached as (
    select
        'ALL' as scope_type,
        '*' as scope_id,
        recipient_key,
        is_sent,
        is_clicked
    from reached

    union all

    select
        'CAMPAIGN' as scope_type,
        campaign_id as scope_id,
        recipient_key,
        is_sent,
        is_clicked
    from reached

    union all

    select
        'CARRIER' as scope_type,
        carrier as scope_id,
        recipient_key,
        is_sent,
        is_clicked
    from reached

    union all

    select
        'CATEGORY' as scope_type,
        message_category as scope_id,
        recipient_key,
        is_sent,
        is_clicked
    from reached
),

recipients as (
    select
        scope_type,
        scope_id,
        count(distinct case when is_sent = 1 then recipient_key end) as recipients_exact,
        count(distinct case when is_clicked = 1 then recipient_key end) as unique_clickers
    from scoped_reached
    group by scope_type, scope_id
),

watermark as (
    select max(received_at) as source_watermark
    from warehouse.fact_submission
    where event_date between :window_first_date and :window_last_date
        and occurred_at >= :window_start_at
        and occurred_at < :window_end_at
),

rated as (
    select
        counted.*,
        coalesce(recipients.recipients_exact, 0) as recipients_exact,
        coalesce(recipients.unique_clickers, 0) as unique_clickers,
        round(cast(counted.clicked_delivered as float8) / nullif(counted.delivered, 0), 6) as ctr,
        round(
            cast(counted.prev_clicked_delivered as float8) / nullif(counted.prev_delivered, 0), 6
        ) as prev_ctr
    from counted
    left join recipients
        on recipients.scope_type = counted.scope_type
        and recipients.scope_id = counted.scope_id
)

select
    cast(:report_date as date) as report_date,
    rated.scope_type,
    rated.scope_id,
    cast(:window_start as date) as window_start,
    cast(:report_date as date) as window_end,
    cast(:report_tz as varchar(64)) as report_tz,
    'COHORT' as anchor,
    rated.attempted,
    rated.suppressed,
    rated.submit_failed,
    rated.sent,
    rated.delivered,
    rated.failed,
    rated.pending,
    rated.unknown,
    rated.carrier_accepted_only,
    rated.clicked,
    rated.clicked_delivered,
    rated.clicked - rated.clicked_delivered as clicked_without_receipt,
    rated.clicked_24h_delivered,
    rated.clicked_72h_delivered,
    rated.clicked_7d_delivered,
    rated.clicked_in_window,
    rated.total_clicks,
    rated.bot_clicks,
    rated.opt_outs,
    rated.replies,
    rated.segments_sent,
    rated.recipients_exact,
    rated.unique_clickers,
    round(cast(rated.delivered as float8) / nullif(rated.sent, 0), 6) as delivery_rate,
    round(
        cast(rated.delivered as float8) / nullif(rated.delivered + rated.failed, 0), 6
    ) as delivery_rate_final,
    round(
        cast(rated.delivered + rated.failed as float8) / nullif(rated.sent, 0), 6
    ) as dlr_coverage,
    rated.ctr,
    round(cast(rated.clicked_72h_delivered as float8) / nullif(rated.delivered, 0), 6) as ctr_72h,
    round(cast(rated.sent as float8) / nullif(rated.recipients_exact, 0), 6) as msgs_per_recipient,
    round(cast(rated.opt_outs as float8) / nullif(rated.delivered, 0), 6) as optout_rate,
    rated.prev_sent,
    rated.prev_delivered,
    rated.prev_clicked_delivered,
    rated.prev_ctr,
    round(
        cast(rated.prev_clicked_72h_delivered as float8) / nullif(rated.prev_delivered, 0), 6
    ) as prev_ctr_72h,
    rated.ctr - rated.prev_ctr as delta_pp,
    round(
        cast(rated.sent - rated.prev_sent as float8) / nullif(rated.prev_sent, 0), 6
    ) as delta_pct,
    rated.today_attempted,
    rated.today_sent,
    rated.today_delivered,
    rated.today_clicked,
    watermark.source_watermark,
    cast(:as_of as timestamp) as as_of
from rated
cross join watermark;
