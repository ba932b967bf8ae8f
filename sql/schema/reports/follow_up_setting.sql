-- One row: when and how often recipients may be contacted. Written once by the first migration and never again:
-- `sms-warehouse follow-up settings` changes it.
create table if not exists reports.follow_up_setting (
    -- So many messages, other than SERVICE ones, may be accepted for a recipient in cap_days; whoever has had them is
    -- left alone. Follow-ups that were exported and not sent yet count.
    cap_messages integer not null,
    -- The days of cap_messages, of 24 hours.
    cap_days integer not null,
    -- First hour of the day, in the recipient's time zone, in which they may be contacted.
    first_hour smallint not null,
    -- Hour of the day from which on they may not be contacted any more.
    end_hour smallint not null,
    -- Minutes for which a computed audience may be acted on.
    fresh_minutes integer not null
)
diststyle all;
