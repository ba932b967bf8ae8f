-- One row per campaign: what its current image says about reading its results, with what holds where it says nothing.
create or replace view warehouse.campaign_setting as
select
    campaign.campaign_id,
    coalesce(zone.time_zone, 'UTC') as report_tz,
    coalesce(zone.redshift_name, 'UTC') as redshift_tz,
    coalesce(campaign.click_window_days, 30) as click_window_days,
    coalesce(campaign.optout_window_hours, 24) as optout_window_hours
from warehouse.dim_campaign as campaign
left join warehouse.dim_time_zone as zone
    on zone.time_zone = campaign.report_tz
where campaign.is_current;
