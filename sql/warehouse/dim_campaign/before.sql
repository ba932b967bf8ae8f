-- One row per campaign: its settings before the batch.
create temp table setting_before as
select
    campaign_id,
    report_tz,
    click_window_days,
    optout_window_hours
from warehouse.campaign_setting;
