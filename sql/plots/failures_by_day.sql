-- One row per day of sending and reason of failure.
select
    sent_date_report,
    failure_category,
    cast(sum(messages) as bigint) as messages,
    cast(sum(permanent_messages) as bigint) as permanent_messages
from reports.delivery_failure_daily
group by sent_date_report, failure_category
order by sent_date_report, failure_category;
