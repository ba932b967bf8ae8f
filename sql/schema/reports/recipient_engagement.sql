-- One row per recipient and week: how the recipient of messages of the last 400 days took them. The rows of the running week
-- are replaced by each refresh, those of weeks before stay as they were last computed; thirteen weeks are kept.
-- Recipients with a submitted message have a row, even if it was suppressed; suppressed messages, and those sent after
-- as_of, are in no count. A day here is 24 hours before as_of; messages of the last 30 days were sent less than 720 hours
-- before it. Recipients who were erased have no row, so they are in no segment of reports.send_time_heatmap, only in '*'.
create table if not exists reports.recipient_engagement (
    -- Who it is: recipient_id, '#', and how often the line had been deactivated or reassigned.
    recipient_key varchar(96) not null,
    -- Monday of the week of as_of, UTC.
    snapshot_date date not null,
    -- Whether this is the newest week that was computed.
    is_current boolean not null,
    -- Messages of the last 30 days that were accepted.
    sent_30d bigint not null,
    -- Messages of the last 90 days that were accepted.
    sent_90d bigint not null,
    -- Of sent_30d, those all of whose parts were delivered.
    delivered_30d bigint not null,
    -- Of sent_90d, those all of whose parts were delivered.
    delivered_90d bigint not null,
    -- Of sent_30d, those a person clicked, whenever that was.
    clicked_30d bigint not null,
    -- Of sent_90d, those a person clicked, whenever that was.
    clicked_90d bigint not null,
    -- Clicks by people on messages of sent_90d, repeats within two seconds not counted.
    total_clicks_90d bigint not null,
    -- Messages of the last 90 days both delivered and clicked / delivered_90d, 0 to 1; NULL without deliveries.
    ctr_90d decimal(18, 6),
    -- When the last of the messages was accepted, UTC; NULL when none was.
    last_sent_at timestamp,
    -- When the last delivery was completed, UTC; NULL without one.
    last_delivered_at timestamp,
    -- Last click by a person on any of the messages, UTC; NULL without one.
    last_click_at timestamp,
    -- Whole days from last_click_at to as_of, never negative; NULL without a click.
    days_since_click integer,
    -- Delivered messages that were sent after the last message with a click was; all delivered ones when none has.
    consecutive_no_click bigint not null,
    -- Failed messages that were sent after the last delivered one was; messages whose fate is open or unknown neither
    -- count nor end the row.
    consecutive_failures bigint not null,
    -- Whether the last sent of the messages that were delivered or failed did fail, and trying again is of no use.
    permanent_failure boolean not null,
    -- Hour of the day, in the time zone each message names for its recipient, with most of the clicks by people made up to
    -- as_of on messages of sent_90d; the smallest of several. NULL with fewer than preferred_hour_clicks of known hour.
    preferred_hour_local smallint,
    -- Recency, 5 (clicked lately) to 1 (long ago or never): days_since_click against reports.engagement_setting.
    r_score smallint not null,
    -- Frequency, 5 (often) to 1 (never): clicked_90d against reports.engagement_setting.
    f_score smallint not null,
    -- The first that applies, with the thresholds of reports.engagement_setting. OPTED_OUT: by subscription_status.
    -- UNREACHABLE: permanent_failure, or consecutive_failures of 3 or more, or the line ended. ENGAGED: days_since_click up
    -- to 30. NEW: first delivery less than 30 days ago. AT_RISK: days_since_click up to 90. LAPSED: clicked before that, and
    -- delivered_90d of 3 or more. NEVER_ENGAGED: no click, and delivered_90d of 3 or more. Else LOW_DATA.
    segment varchar(16) not null,
    -- Consent at as_of over all programs, the first that applies. ENDED: the line was deactivated or given to someone else
    -- since. OPTED_OUT: an opt-out holds, from any program or from ALL, as in reports.refusal. OPTED_IN: in any.
    -- PENDING_CONFIRM: in any. DEACTIVATED or REASSIGNED: nothing is known since the line changed. UNKNOWN: no consent of
    -- this recipient is known.
    subscription_status varchar(16) not null,
    -- The clock of the refresh, UTC.
    as_of timestamp not null
)
distkey (recipient_key)
sortkey (snapshot_date, recipient_key);
