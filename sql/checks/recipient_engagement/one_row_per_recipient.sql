-- No recipient has two rows in a week, and no rate is outside 0 to 1.
select
    snapshot_date,
    count(*) - count(distinct recipient_key) as rows_too_many,
    cast(sum(case when ctr_90d < 0 or ctr_90d > 1 then 1 else 0 end) as bigint) as impossible_rates
from reports.recipient_engagement
group by snapshot_date
having
    count(*) <> count(distinct recipient_key)
    or cast(sum(case when ctr_90d < 0 or ctr_90d > 1 then 1 else 0 end) as bigint) > 0
order by snapshot_date;
