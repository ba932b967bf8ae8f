-- Settings to begin with: a cap that is a proposal, and the hours in which marketing may call in the United States. A row
-- that is there stays: it may have been changed.
insert into reports.follow_up_setting (cap_messages, cap_days, first_hour, end_hour, fresh_minutes)
select
    4 as cap_messages,
    7 as cap_days,
    8 as first_hour,
    21 as end_hour,
    15 as fresh_minutes
where not exists (select 1 from reports.follow_up_setting);
