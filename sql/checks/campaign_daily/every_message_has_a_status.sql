-- Some rule of reports.follow_up_rule has no condition, so that one fits every message that was submitted and
-- reports.message_status has a row for it.
with catch_all as (
    select count(*) as rules_without_condition
    from reports.follow_up_rule
    where opted_out is null
        and outcome is null
        and engaged is null
        and clicked is null
        and failure_permanent is null
        and failure_category is null
        and max_attempts is null
        and min_age_hours is null
        and max_age_hours is null
        and followed_up is null
        and is_follow_up is null
        and has_link is null
)

select rules_without_condition
from catch_all
where rules_without_condition = 0;
