-- The days of a campaign in reports.campaign_daily together are its window. Compared are campaigns that count their days in
-- the window's zone and of whose messages none was worked out again since reports.campaign_daily was refreshed, for the same
-- clock and before the window was. Shown is by how much the window has more than its days.
with comparable as (
    select daily.as_of
    from control.report_refresh as daily
    join control.report_refresh as rolling
        on rolling.as_of = daily.as_of
        and rolling.refreshed_at >= daily.refreshed_at
    where daily.report_name = 'campaign_daily'
        and rolling.report_name = 'rolling_30d'
),

changed as (
    select campaign_id from control.touched_cohort
    union
    select campaign_id from control.taken_cohort
),

counted as (
    select
        scope_id as campaign_id,
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
        segments_sent
    from reports.rolling_30d
    where scope_type = 'CAMPAIGN'

    union all

    select
        campaign_id,
        -attempted as attempted,
        -suppressed as suppressed,
        -submit_failed as submit_failed,
        -sent as sent,
        -delivered as delivered,
        -failed as failed,
        -pending as pending,
        -unknown as unknown,
        -carrier_accepted_only as carrier_accepted_only,
        -clicked as clicked,
        -clicked_delivered as clicked_delivered,
        -clicked_without_receipt as clicked_without_receipt,
        -clicked_24h_delivered as clicked_24h_delivered,
        -clicked_72h_delivered as clicked_72h_delivered,
        -clicked_7d_delivered as clicked_7d_delivered,
        -clicked_in_window as clicked_in_window,
        -total_clicks as total_clicks,
        -bot_clicks as bot_clicks,
        -opt_outs as opt_outs,
        -replies as replies,
        -segments_sent as segments_sent
    from reports.campaign_daily
    where sent_date_report between :window_start and :window_end
),

differing as (
    select
        campaign_id,
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
        cast(sum(clicked_without_receipt) as bigint) as clicked_without_receipt,
        cast(sum(clicked_24h_delivered) as bigint) as clicked_24h_delivered,
        cast(sum(clicked_72h_delivered) as bigint) as clicked_72h_delivered,
        cast(sum(clicked_7d_delivered) as bigint) as clicked_7d_delivered,
        cast(sum(clicked_in_window) as bigint) as clicked_in_window,
        cast(sum(total_clicks) as bigint) as total_clicks,
        cast(sum(bot_clicks) as bigint) as bot_clicks,
        cast(sum(opt_outs) as bigint) as opt_outs,
        cast(sum(replies) as bigint) as replies,
        cast(sum(segments_sent) as bigint) as segments_sent
    from counted
    group by campaign_id
)

select differing.*
from differing
cross join comparable
left join changed
    on changed.campaign_id = differing.campaign_id
left join warehouse.campaign_setting as setting
    on setting.campaign_id = differing.campaign_id
where changed.campaign_id is null
    and coalesce(setting.report_tz, 'UTC') = :report_tz
    and (
        differing.attempted <> 0
        or differing.suppressed <> 0
        or differing.submit_failed <> 0
        or differing.sent <> 0
        or differing.delivered <> 0
        or differing.failed <> 0
        or differing.pending <> 0
        or differing.unknown <> 0
        or differing.carrier_accepted_only <> 0
        or differing.clicked <> 0
        or differing.clicked_delivered <> 0
        or differing.clicked_without_receipt <> 0
        or differing.clicked_24h_delivered <> 0
        or differing.clicked_72h_delivered <> 0
        or differing.clicked_7d_delivered <> 0
        or differing.clicked_in_window <> 0
        or differing.total_clicks <> 0
        or differing.bot_clicks <> 0
        or differing.opt_outs <> 0
        or differing.replies <> 0
        or differing.segments_sent <> 0
    )
order by differing.campaign_id;
