-- One row per campaign and day of sending, in the campaign's zone, that gains or loses clicks by people.
select
    campaign_id,
    cohort_date_report as sent_date,
    cast(sum(messages) as bigint) as messages,
    cast(sum(human_before) as bigint) as human_clicks_before,
    cast(sum(human_after) as bigint) as human_clicks_after
from changed_cohort
group by campaign_id, cohort_date_report
order by cohort_date_report, campaign_id;
