-- One row per weekday and hour of sending and segment of recipients: how messages sent then were answered with clicks.
-- Weekday and hour are the recipient's own; messages whose recipient's time zone is not known are left out.
create table if not exists reports.send_time_heatmap (
    -- Last of the ninety days of sending, in report_tz: the newest whose every message has had its 24 hours.
    window_end date not null,
    -- 0 is Sunday.
    dow_local smallint not null,
    -- 0 to 23.
    hour_local smallint not null,
    -- Segment of the recipient as reports.recipient_engagement has it now; '*' for all, also those it does not have.
    segment varchar(16) not null,
    -- Messages sent then that were delivered.
    delivered bigint not null,
    -- Of those, messages whose first click by a person came within 24 hours of sending.
    clicked_delivered_24h bigint not null,
    -- clicked_delivered_24h / delivered.
    ctr_24h decimal(18, 6),
    -- Lower end of Wilson's 95 % interval of ctr_24h: rank by it, and hours with few messages do not win by luck.
    wilson_low95 decimal(18, 6),
    -- Median seconds from sending to the first click by a person, however late; NULL without clicks.
    median_sec_to_click double precision,
    -- The clock of the refresh, UTC.
    as_of timestamp not null
)
diststyle all
sortkey (segment, dow_local, hour_local);
