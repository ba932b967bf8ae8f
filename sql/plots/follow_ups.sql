-- One row per action, and whether it may be done now or why not: how many recipients it is about.
select
    action,
    case when is_eligible_now then 'NOW' else coalesce(suppression_reason, 'NOTHING_TO_DO') end
        as state,
    count(*) as recipients
from reports.followup_audience
group by
    action,
    case when is_eligible_now then 'NOW' else coalesce(suppression_reason, 'NOTHING_TO_DO') end
order by action, state;
