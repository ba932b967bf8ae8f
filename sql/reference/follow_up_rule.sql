-- The decision table to begin with. Rules that are there stay: they may have been changed.
insert into reports.follow_up_rule (
    rule_order,
    opted_out,
    outcome,
    clicked,
    failure_permanent,
    failure_category,
    max_attempts,
    min_age_hours,
    max_age_hours,
    followed_up,
    is_follow_up,
    action,
    effect,
    reason,
    priority,
    valid_hours
)
with first_rule as (
    select
        10 as rule_order,
        true as opted_out,
        cast(null as varchar(16)) as outcome,
        cast(null as boolean) as clicked,
        cast(null as boolean) as failure_permanent,
        cast(null as varchar(32)) as failure_category,
        cast(null as integer) as max_attempts,
        cast(null as integer) as min_age_hours,
        cast(null as integer) as max_age_hours,
        cast(null as boolean) as followed_up,
        cast(null as boolean) as is_follow_up,
        'NONE' as action,
        'NOTHING' as effect,
        'The recipient opted out.' as reason,
        9 as priority,
        cast(null as integer) as valid_hours

    union all
    select 20, null, 'NOT_SENT', null, null, null, null, null, null, null, null,
        'NO_ACTION', 'NOTHING', 'The message was never accepted.', 9, null
    union all
    select 30, null, 'PENDING', null, null, null, null, null, null, null, null,
        'WAIT', 'NOTHING', 'A receipt may still come: 72 hours have not passed.', 9, null
    union all
    select 40, null, null, true, null, null, null, null, null, null, null,
        'NURTURE_CLICKER', 'CONTACT', 'The recipient clicked: stay in touch while they are interested.', 1, 72
    union all
    select 50, null, 'FAILED', null, true, null, null, null, null, null, null,
        'SUPPRESS_NUMBER', 'INTERNAL', 'The number will not receive messages: take it off the lists.', 2, null
    union all
    select 60, null, 'FAILED', null, null, 'CARRIER_FILTERED', null, null, null, null, null,
        'HOLD_CONTENT_REVIEW', 'INTERNAL', 'The carrier filtered the text: review it before sending again.', 2, null
    union all
    select 70, null, 'FAILED', null, null, null, 1, null, null, null, false,
        'RESEND', 'CONTACT', 'It failed for a passing reason: try once more.', 3, 48
    union all
    select 80, null, 'UNKNOWN', null, null, null, null, null, null, null, false,
        'ALT_CHANNEL', 'CONTACT', 'Nobody knows whether it arrived: use another channel.', 4, 96
    union all
    select 90, null, 'DELIVERED', false, null, null, null, 24, 168, false, false,
        'REMIND_NON_CLICKER', 'CONTACT', 'Delivered a day ago or more, and no click: remind once.', 5, null
    union all
    select 100, null, null, null, null, null, null, null, null, null, null,
        'NO_ACTION', 'NOTHING', 'No rule asks for anything.', 9, null
)

select *
from first_rule
where not exists (select 1 from reports.follow_up_rule);
