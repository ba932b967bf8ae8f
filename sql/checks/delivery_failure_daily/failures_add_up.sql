-- Of a day's messages of a carrier no more failed than were sent.
select
    sent_date_report,
    carrier,
    min(sent) as sent,
    cast(sum(messages) as bigint) as failed
from reports.delivery_failure_daily
group by sent_date_report, carrier
having
    cast(sum(delivery_failure_daily.messages) as bigint) > min(delivery_failure_daily.sent)
    or min(delivery_failure_daily.sent) <> max(delivery_failure_daily.sent)
order by sent_date_report, carrier;
