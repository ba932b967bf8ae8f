delete from reports.campaign_performance;

-- Campaigns with messages of the last 400 days. Clicks count for their message, however late they come.
insert into reports.campaign_performance (
    campaign_id,
    variant_id,
    campaign_name,
    campaign_type,
    first_sent_at,
    last_sent_at,
    attempted,
    suppressed,
    submit_failed,
    sent,
    delivered,
    failed,
    pending,
    unknown,
    carrier_accepted_only,
    delivery_rate,
    delivery_rate_final,
    dlr_coverage,
    clicked,
    clicked_delivered,
    clicked_without_receipt,
    clicked_in_window,
    total_clicks,
    bot_clicks,
    bot_share,
    ctr,
    ctr_sent,
    ctr_24h,
    ctr_72h,
    ctr_7d,
    clicks_per_clicker,
    median_sec_to_click,
    p90_sec_to_click,
    opt_outs,
    optout_rate,
    replies,
    segments_sent,
    segments_per_msg,
    score_vs_baseline,
    is_mature,
    as_of
)
with message as (
    select
        campaign_id,
        variant_id,
        sent_at,
        sec_to_first_click,
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
    where cohort_date >= :first_campaign_date
        and cohort_at <= :as_of
),

scoped as (
    select *
    from message

    union all

    select
        campaign_id,
        '*' as variant_id,
        sent_at,
        sec_to_first_click,
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
        clicked_24h_delivered,
        clicked_72h_delivered,
        clicked_7d_delivered,
        pending,
        unknown
    from message
),

counted as (
    select
        campaign_id,
        variant_id,
        min(sent_at) as first_sent_at,
        max(sent_at) as last_sent_at,
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
        cast(sum(clicked_in_window) as bigint) as clicked_in_window,
        cast(sum(total_clicks) as bigint) as total_clicks,
        cast(sum(bot_clicks) as bigint) as bot_clicks,
        cast(sum(opt_outs) as bigint) as opt_outs,
        cast(sum(replies) as bigint) as replies,
        cast(sum(segments_sent) as bigint) as segments_sent,
        cast(sum(clicked_24h_delivered) as bigint) as clicked_24h_delivered,
        cast(sum(clicked_72h_delivered) as bigint) as clicked_72h_delivered,
        cast(sum(clicked_7d_delivered) as bigint) as clicked_7d_delivered
    from scoped
    group by campaign_id, variant_id
),

timed as (
    select
        campaign_id,
        variant_id,
        percentile_cont(0.5) within group (order by cast(sec_to_first_click as float8))
            as median_sec_to_click,
        percentile_cont(0.9) within group (order by cast(sec_to_first_click as float8))
            as p90_sec_to_click
    from scoped
    where clicked = 1
        and sec_to_first_click is not null
    group by campaign_id, variant_id
),

rated as (
    select
        counted.*,
        campaign.campaign_name,
        campaign.campaign_type,
        cast(clicked_72h_delivered as float8) / nullif(delivered, 0) as exact_ctr_72h
    from counted
    left join warehouse.dim_campaign as campaign
        on campaign.campaign_id = counted.campaign_id
        and campaign.is_current
),

-- What campaigns of a type usually reach: those that began in the last 90 days and had 72 hours for clicks.
baseline as (
    select
        campaign_type,
        median(cast(exact_ctr_72h as float8)) as usual_ctr_72h
    from rated
    where variant_id = '*'
        and exact_ctr_72h is not null
        and first_sent_at >= dateadd(day, -90, cast(:as_of as timestamp))
        and first_sent_at <= dateadd(hour, -72, cast(:as_of as timestamp))
    group by campaign_type
)

select
    rated.campaign_id,
    rated.variant_id,
    rated.campaign_name,
    rated.campaign_type,
    rated.first_sent_at,
    rated.last_sent_at,
    rated.attempted,
    rated.suppressed,
    rated.submit_failed,
    rated.sent,
    rated.delivered,
    rated.failed,
    rated.pending,
    rated.unknown,
    rated.carrier_accepted_only,
    round(cast(rated.delivered as float8) / nullif(rated.sent, 0), 6) as delivery_rate,
    round(
        cast(rated.delivered as float8) / nullif(rated.delivered + rated.failed, 0), 6
    ) as delivery_rate_final,
    round(
        cast(rated.delivered + rated.failed as float8) / nullif(rated.sent, 0), 6
    ) as dlr_coverage,
    rated.clicked,
    rated.clicked_delivered,
    rated.clicked - rated.clicked_delivered as clicked_without_receipt,
    rated.clicked_in_window,
    rated.total_clicks,
    rated.bot_clicks,
    round(
        cast(rated.bot_clicks as float8) / nullif(rated.bot_clicks + rated.total_clicks, 0), 6
    ) as bot_share,
    round(cast(rated.clicked_delivered as float8) / nullif(rated.delivered, 0), 6) as ctr,
    round(cast(rated.clicked as float8) / nullif(rated.sent, 0), 6) as ctr_sent,
    round(cast(rated.clicked_24h_delivered as float8) / nullif(rated.delivered, 0), 6) as ctr_24h,
    round(cast(rated.clicked_72h_delivered as float8) / nullif(rated.delivered, 0), 6) as ctr_72h,
    round(cast(rated.clicked_7d_delivered as float8) / nullif(rated.delivered, 0), 6) as ctr_7d,
    round(cast(rated.total_clicks as float8) / nullif(rated.clicked, 0), 6) as clicks_per_clicker,
    timed.median_sec_to_click,
    timed.p90_sec_to_click,
    rated.opt_outs,
    round(cast(rated.opt_outs as float8) / nullif(rated.delivered, 0), 6) as optout_rate,
    rated.replies,
    rated.segments_sent,
    round(cast(rated.segments_sent as float8) / nullif(rated.sent, 0), 6) as segments_per_msg,
    round(
        cast(rated.exact_ctr_72h as float8) / nullif(baseline.usual_ctr_72h, 0), 6
    ) as score_vs_baseline,
    coalesce(rated.last_sent_at < dateadd(day, -7, cast(:as_of as timestamp)), false) as is_mature,
    cast(:as_of as timestamp) as as_of
from rated
left join timed
    on timed.campaign_id = rated.campaign_id
    and timed.variant_id = rated.variant_id
left join baseline
    on baseline.campaign_type = rated.campaign_type;
