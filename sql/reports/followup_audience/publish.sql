delete from reports.followup_audience;

insert into reports.followup_audience (
    campaign_id,
    recipient_key,
    message_id,
    action,
    reason,
    rule_order,
    eligible_from,
    eligible_until,
    priority,
    is_eligible_now,
    suppression_reason,
    computed_at,
    fresh_until
)
select
    decision.campaign_id,
    decision.recipient_key,
    decision.message_id,
    decision.action,
    decision.reason,
    decision.rule_order,
    decision.eligible_from,
    decision.eligible_until,
    decision.priority,
    decision.effect <> 'NOTHING' and decision.suppression_reason is null as is_eligible_now,
    decision.suppression_reason,
    cast(:as_of as timestamp) as computed_at,
    dateadd(minute, setting.fresh_minutes, cast(:as_of as timestamp)) as fresh_until
from decision
cross join reports.follow_up_setting as setting;
