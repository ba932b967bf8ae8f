-- One row: how far the warehouse and each report have come. A view over what loads and refreshes record in their own
-- transactions, so it is never behind them. reports.message_status is computed when it is asked for and has no column.
-- A service that is silent while others write does not show here but in reports.event_freshness.
--   newest_event_at                when the newest event of any type that landed was logged, UTC
--   newest_load_at                 when the newest load of any type was committed, UTC
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

-- One row per event type, also of one that never landed: how new it is. Times that stand still tell of a service that fell
-- silent, or whose logs stay away.
--   event_type           the event type
--   newest_event_at      when its newest event that landed was logged, by the clock of the service that wrote it, UTC; NULL
--                        before the first one, like all below
--   newest_arrival_date  newest UTC day in the keys of its objects that landed
--   newest_load_at       when its newest load was committed, UTC
--   newest_applied_at    when a load of it was last taken in by a table of the warehouse, UTC
create or replace view reports.event_freshness as
with named as (
    select 'message_submitted' as event_type

    union all

    select 'delivery_receipt' as event_type

    union all

    select 'link_click' as event_type

    union all

    select 'subscription_changed' as event_type

    union all

    select 'inbound_message' as event_type

    union all

    select 'campaign_upserted' as event_type
),

loaded as (
    select
        event_type,
        max(newest_event_at) as newest_event_at,
        max(arrival_date) as newest_arrival_date,
        max(committed_at) as newest_load_at
    from control.load
    group by event_type
),

applied as (
    select
        landed.event_type,
        max(taken.applied_at) as newest_applied_at
    from control.applied_load as taken
    join control.load as landed
        on landed.load_id = taken.load_id
    group by landed.event_type
)

select
    named.event_type,
    loaded.newest_event_at,
    loaded.newest_arrival_date,
    loaded.newest_load_at,
    applied.newest_applied_at
from named
left join loaded
    on loaded.event_type = named.event_type
left join applied
    on applied.event_type = named.event_type;

-- One row per report that was refreshed: what it covers and how complete the logs were that it was made from, as the ledger
-- knew it then. Of the logs of rows from before window_start it says nothing. reports.message_status is never refreshed and
-- has no row: it is as new as reports.freshness says.
--   report_name          table of schema reports
--   anchor               COHORT: a row's day is the day its messages were sent; ACTIVITY: the day the thing itself
--                        happened; ARRIVAL: the day its log arrived
--   as_of                the clock it was computed for, UTC
--   report_tz            IANA name of the zone whose days bound the window
--   window_start         first day that the refresh worked out; some reports keep rows of earlier days
--   window_end           last day that it worked out
--   final_before         rows of earlier days are final: what comes later restates them. NULL where no day tells which rows
--                        are: docs/model.md says of each report what is final
--   newest_event_at      newest event in a committed load at the refresh, by the time it was logged, UTC
--   objects_known        objects that S3 listed for the arrival day before window_start, on which zones east of Greenwich
--                        begin it, and for all later ones, since logs may come late
--   objects_landed       of those, objects whose every line has landed or is in quarantine
--   objects_poison       of those, objects that could not be read to their end: how many lines they hold is not known. They
--                        stay poison until other content takes their key
--   objects_waiting      of those, objects that have not landed yet: objects_known - objects_landed - objects_poison
--   objects_not_applied  of objects_landed, objects that a table which reports read had not taken in yet: rows of theirs are
--                        missing from the report until a run has applied them and the report is refreshed
--   lines_quarantined    lines of the same arrival days that did not keep their contract, so that their events are in no
--                        report. Each stands in control.quarantined_line, and counts until other content takes its object's
--                        key
--   is_complete          everything that S3 listed was read to its end and is in the facts: no object waits, is poison or
--                        is not applied. Lines in quarantine make no report incomplete: they are a loss that is known to
--                        the line and mostly stays, so it is counted beside
--   refreshed_at         when the refresh was made, UTC
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
    objects_not_applied,
    lines_quarantined,
    objects_known <= objects_landed
    and objects_poison = 0
    and objects_not_applied = 0 as is_complete,
    refreshed_at
from control.report_refresh;
