-- One row per campaign whose messages read differently now. Of a campaign nobody knew the messages were read with what
-- holds for all.
create temp table changed_setting as
with compared as (
    select
        changed_campaign.campaign_id,
        coalesce(setting_before.report_tz, 'UTC') as old_report_tz,
        coalesce(setting_before.click_window_days, 30) as old_click_window_days,
        coalesce(setting_before.optout_window_hours, 24) as old_optout_window_hours,
        coalesce(setting.report_tz, 'UTC') as new_report_tz,
        coalesce(setting.click_window_days, 30) as new_click_window_days,
        coalesce(setting.optout_window_hours, 24) as new_optout_window_hours
    from changed_campaign
    left join setting_before
        on setting_before.campaign_id = changed_campaign.campaign_id
    left join warehouse.campaign_setting as setting
        on setting.campaign_id = changed_campaign.campaign_id
)

select campaign_id
from compared
where old_report_tz <> new_report_tz
    or old_click_window_days <> new_click_window_days
    or old_optout_window_hours <> new_optout_window_hours;
