-- No recipient has two rows in the week of the refresh, and no rate of it is outside 0 to 1. Rows of other weeks were checked
-- when they were computed.
select
    snapshot_date,
    count(*) - count(distinct recipient_key) as rows_too_many,
    cast(sum(case when ctr_90d < 0 or ctr_90d > 1 then 1 else 0 end) as bigint) as impossible_rates
from reports.recipient_engagement
where snapshot_date = cast(date_trunc('week', cast(:as_of as timestamp)) as date)
group by snapshot_date
having
    count(*) <> count(distinct recipient_key)
    or cast(sum(case when ctr_90d < 0 or ctr_90d > 1 then 1 else 0 end) as bigint) > 0
order by snapshot_date;
