-- One row per campaign and day of sending, in the campaign's zone, with failures that are explained otherwise.
select
    campaign_id,
    cohort_date_report as sent_date,
    count(*) as messages
from remapped_failure
group by campaign_id, cohort_date_report
order by cohort_date_report, campaign_id;
