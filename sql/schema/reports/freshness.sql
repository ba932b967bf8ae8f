-- One row: how far the warehouse and each report have come. A view over what loads and refreshes record in their own
-- transactions, so it is never behind them. reports.message_status is computed when it is asked for and has no column.
--   newest_event_at                when the newest event that landed was logged, UTC
--   newest_load_at                 when the newest load was committed, UTC
--   newest_applied_at              when a load was last taken in by a table of the warehouse, UTC
--   campaign_performance_as_of     clock of reports.campaign_performance, UTC; NULL before its first refresh, like all below
--   campaign_daily_as_of           clock of reports.campaign_daily
--   rolling_30d_as_of              clock of reports.rolling_30d
--   ab_variant_as_of               clock of reports.ab_variant
--   delivery_failure_daily_as_of   clock of reports.delivery_failure_daily
--   recipient_engagement_as_of     clock of reports.recipient_engagement
--   followup_audience_as_of        clock of reports.followup_audience
--   click_activity_hourly_as_of    clock of reports.click_activity_hourly
--   send_time_heatmap_as_of        clock of reports.send_time_heatmap
--   optout_compliance_daily_as_of  clock of reports.optout_compliance_daily
--   pipeline_quality_hourly_as_of  clock of reports.pipeline_quality_hourly
create or replace view reports.freshness as
with loaded as (
    select
        max(newest_event_at) as newest_event_at,
        max(committed_at) as newest_load_at
    from control.load
),

applied as (
    select max(applied_at) as newest_applied_at
    from control.applied_load
),

refreshed as (
    select
        max(case when report_name = 'campaign_performance' then as_of end)
            as campaign_performance_as_of,
        max(case when report_name = 'campaign_daily' then as_of end) as campaign_daily_as_of,
        max(case when report_name = 'rolling_30d' then as_of end) as rolling_30d_as_of,
        max(case when report_name = 'ab_variant' then as_of end) as ab_variant_as_of,
        max(case when report_name = 'delivery_failure_daily' then as_of end)
            as delivery_failure_daily_as_of,
        max(case when report_name = 'recipient_engagement' then as_of end)
            as recipient_engagement_as_of,
        max(case when report_name = 'followup_audience' then as_of end)
            as followup_audience_as_of,
        max(case when report_name = 'click_activity_hourly' then as_of end)
            as click_activity_hourly_as_of,
        max(case when report_name = 'send_time_heatmap' then as_of end)
            as send_time_heatmap_as_of,
        max(case when report_name = 'optout_compliance_daily' then as_of end)
            as optout_compliance_daily_as_of,
        max(case when report_name = 'pipeline_quality_hourly' then as_of end)
            as pipeline_quality_hourly_as_of
    from control.report_refresh
)

select
    loaded.newest_event_at,
    loaded.newest_load_at,
    applied.newest_applied_at,
    refreshed.campaign_performance_as_of,
    refreshed.campaign_daily_as_of,
    refreshed.rolling_30d_as_of,
    refreshed.ab_variant_as_of,
    refreshed.delivery_failure_daily_as_of,
    refreshed.recipient_engagement_as_of,
    refreshed.followup_audience_as_of,
    refreshed.click_activity_hourly_as_of,
    refreshed.send_time_heatmap_as_of,
    refreshed.optout_compliance_daily_as_of,
    refreshed.pipeline_quality_hourly_as_of
from loaded
cross join applied
cross join refreshed;

-- One row per report that was refreshed: what it covers and how complete the logs were that it was made from.
--   report_name        table of schema reports
--   anchor             COHORT: a row's day is the day its messages were sent; ACTIVITY: the day the thing itself happened;
--                      ARRIVAL: the day its log arrived
--   as_of              the clock it was computed for, UTC
--   report_tz          IANA name of the zone whose days bound the window
--   window_start       first day covered
--   window_end         last day covered
--   final_before       rows of earlier days are final; NULL: no row ever is
--   newest_event_at    newest event in a committed load at the refresh, by the time it was logged, UTC
--   objects_known      objects that S3 listed for the arrival days from window_start on
--   objects_landed     of those, objects whose every line has landed or is in quarantine
--   objects_poison     of those, objects that could not be read to their end
--   objects_waiting    of those, objects that have not landed yet: objects_known - objects_landed - objects_poison
--   lines_quarantined  lines that did not keep their contract and have not been resolved
--   is_complete        nothing waits, is poison or in quarantine
--   refreshed_at       when the refresh was made, UTC
create or replace view reports.report_state as
select
    report_name,
    anchor,
    as_of,
    report_tz,
    window_start,
    window_end,
    final_before,
    newest_event_at,
    objects_known,
    objects_landed,
    objects_poison,
    greatest(objects_known - objects_landed - objects_poison, 0) as objects_waiting,
    lines_quarantined,
    objects_known <= objects_landed
    and objects_poison = 0
    and lines_quarantined = 0 as is_complete,
    refreshed_at
from control.report_refresh;
