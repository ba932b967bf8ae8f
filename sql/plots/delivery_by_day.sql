-- One row per day of sending: what became of its messages, and how many of the delivered were clicked within 72 hours.
select
    sent_date_report,
    cast(sum(sent) as bigint) as sent,
    cast(sum(delivered) as bigint) as delivered,
    cast(sum(failed) as bigint) as failed,
    cast(sum(pending) as bigint) as pending,
    cast(sum(unknown) as bigint) as unknown,
    cast(sum(clicked_72h_delivered) as bigint) as clicked_72h_delivered
from reports.campaign_daily
where sent_date_report >= dateadd(day, -35, cast(:as_of as date))
group by sent_date_report
having cast(sum(campaign_daily.sent) as bigint) > 0
order by sent_date_report;
