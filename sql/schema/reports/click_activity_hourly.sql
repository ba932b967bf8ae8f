-- One row per hour and campaign: the requests for its links that were made in that hour, whenever their messages were
-- sent. Hours without a request have no row.
create table if not exists reports.click_activity_hourly (
    -- The hour, UTC, by its beginning.
    click_hour_utc timestamp not null,
    -- '-' for requests whose message or campaign is not known (yet).
    campaign_id varchar(64) not null,
    -- Clicks by persons, repeats within two seconds not counted.
    human_clicks bigint not null,
    -- Requests by machines.
    bot_clicks bigint not null,
    -- Further requests by the same visitor within two seconds.
    repeat_clicks bigint not null,
    -- Messages clicked by a person in this hour: not to be summed over hours.
    unique_messages_clicked bigint not null,
    -- Messages whose first click by a person was in this hour: may be summed.
    new_first_clicks bigint not null,
    -- Median age of the messages when a person clicked, in hours from sending; NULL without such clicks.
    p50_message_age_h decimal(18, 6),
    -- What most of the machines were told by: bot_reason, or click_class where that says it all; the first in the alphabet
    -- of several. NULL without machines.
    top_bot_reason varchar(64),
    -- Clicks by persons on iOS; ios + android + other_os = human.
    ios_clicks bigint not null,
    -- Clicks by persons on Android.
    android_clicks bigint not null,
    -- Clicks by persons on any other operating system, or an unknown one.
    other_os_clicks bigint not null,
    -- Clicks by persons on telephones; mobile + tablet + desktop + other_device = human.
    mobile_clicks bigint not null,
    -- Clicks by persons on tablets.
    tablet_clicks bigint not null,
    -- Clicks by persons on computers.
    desktop_clicks bigint not null,
    -- Clicks by persons on other devices, or unknown ones.
    other_device_clicks bigint not null,
    -- The clock of the refresh, UTC.
    as_of timestamp not null
)
diststyle all
sortkey (click_hour_utc, campaign_id);
