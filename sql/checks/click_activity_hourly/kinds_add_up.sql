-- Clicks by people are those of all operating systems, and of all devices; as many or more than the messages clicked.
select
    click_hour_utc,
    campaign_id,
    human_clicks,
    unique_messages_clicked,
    new_first_clicks,
    ios_clicks,
    android_clicks,
    other_os_clicks,
    mobile_clicks,
    tablet_clicks,
    desktop_clicks,
    other_device_clicks
from reports.click_activity_hourly
where human_clicks <> ios_clicks + android_clicks + other_os_clicks
    or human_clicks <> mobile_clicks + tablet_clicks + desktop_clicks + other_device_clicks
    or least(other_os_clicks, other_device_clicks) < 0
    or unique_messages_clicked > human_clicks
    or new_first_clicks > unique_messages_clicked
order by click_hour_utc, campaign_id;
