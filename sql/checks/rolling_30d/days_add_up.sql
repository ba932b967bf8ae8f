-- The days of a campaign in reports.campaign_daily together are its window. Compared are campaigns that count their days in
-- the window's zone and of whose messages none was worked out again since reports.campaign_daily was refreshed, for the same
-- clock and before the window was.
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

by_day as (
    select
        daily.campaign_id,
        cast(sum(daily.attempted) as bigint) as attempted,
        cast(sum(daily.suppressed) as bigint) as suppressed,
        cast(sum(daily.sent) as bigint) as sent,
        cast(sum(daily.delivered) as bigint) as delivered,
        cast(sum(daily.failed) as bigint) as failed,
        cast(sum(daily.pending) as bigint) as pending,
        cast(sum(daily.unknown) as bigint) as unknown,
        cast(sum(daily.clicked) as bigint) as clicked,
        cast(sum(daily.total_clicks) as bigint) as total_clicks,
        cast(sum(daily.opt_outs) as bigint) as opt_outs
    from reports.campaign_daily as daily
    where daily.sent_date_report between :window_start and :window_end
    group by daily.campaign_id
),

of_window as (
    select *
    from reports.rolling_30d
    where scope_type = 'CAMPAIGN'
),

compared as (
    select
        coalesce(by_day.campaign_id, of_window.scope_id) as campaign_id,
        coalesce(by_day.attempted, 0) as attempted_by_day,
        coalesce(of_window.attempted, 0) as attempted,
        coalesce(by_day.suppressed, 0) as suppressed_by_day,
        coalesce(of_window.suppressed, 0) as suppressed,
        coalesce(by_day.sent, 0) as sent_by_day,
        coalesce(of_window.sent, 0) as sent,
        coalesce(by_day.delivered, 0) as delivered_by_day,
        coalesce(of_window.delivered, 0) as delivered,
        coalesce(by_day.failed, 0) as failed_by_day,
        coalesce(of_window.failed, 0) as failed,
        coalesce(by_day.pending, 0) as pending_by_day,
        coalesce(of_window.pending, 0) as pending,
        coalesce(by_day.unknown, 0) as unknown_by_day,
        coalesce(of_window.unknown, 0) as unknown,
        coalesce(by_day.clicked, 0) as clicked_by_day,
        coalesce(of_window.clicked, 0) as clicked,
        coalesce(by_day.total_clicks, 0) as total_clicks_by_day,
        coalesce(of_window.total_clicks, 0) as total_clicks,
        coalesce(by_day.opt_outs, 0) as opt_outs_by_day,
        coalesce(of_window.opt_outs, 0) as opt_outs
    from by_day
    full join of_window
        on of_window.scope_id = by_day.campaign_id
)

select compared.*
from compared
cross join comparable
left join changed
    on changed.campaign_id = compared.campaign_id
left join warehouse.campaign_setting as setting
    on setting.campaign_id = compared.campaign_id
where changed.campaign_id is null
    and coalesce(setting.report_tz, 'UTC') = :report_tz
    and (
        compared.attempted_by_day <> compared.attempted
        or compared.suppressed_by_day <> compared.suppressed
        or compared.sent_by_day <> compared.sent
        or compared.delivered_by_day <> compared.delivered
        or compared.failed_by_day <> compared.failed
        or compared.pending_by_day <> compared.pending
        or compared.unknown_by_day <> compared.unknown
        or compared.clicked_by_day <> compared.clicked
        or compared.total_clicks_by_day <> compared.total_clicks
        or compared.opt_outs_by_day <> compared.opt_outs
    )
order by compared.campaign_id;
