-- One row per campaign: what its current image says about reading its results, with what holds where it says nothing.
--   campaign_id          the campaign
--   report_tz            IANA time zone its days are read in; UTC when it names none that is known
--   redshift_tz          the same, as CONVERT_TIMEZONE is given it
--   click_window_days    days after sending in which a click counts for its success; 30 when it does not say
--   optout_window_hours  hours after a message in which an opt-out is put down to it; 24 when it does not say
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
