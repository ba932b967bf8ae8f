-- One row: the thresholds of reports.recipient_engagement, as sql/reference/engagement_setting.sql sets them with each
-- migration.
create table if not exists reports.engagement_setting (
    -- Failed messages in a row from which on a recipient is UNREACHABLE.
    unreachable_failures integer not null,
    -- Days since the last click up to which a recipient is ENGAGED.
    engaged_days integer not null,
    -- Days since the first delivery within which a recipient is NEW.
    new_days integer not null,
    -- Days since the last click up to which a recipient is AT_RISK.
    at_risk_days integer not null,
    -- Delivered messages in 90 days from which on a recipient without clicks is LAPSED or NEVER_ENGAGED, not LOW_DATA.
    enough_delivered integer not null,
    -- Clicks of known local hour from which on preferred_hour_local is told.
    preferred_hour_clicks integer not null,
    -- Days since the last click up to which r_score is 5.
    r5_days integer not null,
    -- Days since the last click up to which r_score is 4.
    r4_days integer not null,
    -- Days since the last click up to which r_score is 3.
    r3_days integer not null,
    -- Days since the last click up to which r_score is 2; 1 after that, and without a click.
    r2_days integer not null,
    -- Clicked messages in 90 days from which on f_score is 5.
    f5_clicked integer not null,
    -- Clicked messages in 90 days from which on f_score is 4.
    f4_clicked integer not null,
    -- Clicked messages in 90 days from which on f_score is 3.
    f3_clicked integer not null,
    -- Clicked messages in 90 days from which on f_score is 2; 1 below that.
    f2_clicked integer not null
)
diststyle all;
