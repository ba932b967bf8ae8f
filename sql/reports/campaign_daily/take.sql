-- What is taken here counts as long as no refresh has counted it: one that fails leaves it to the next.
insert into control.taken_cohort (campaign_id, cohort_date_report)
select distinct
    campaign_id,
    cohort_date_report
from control.touched_cohort;

delete from control.touched_cohort;
