-- The decision table to begin with. Rules that are there stay: they may have been changed.
create temp table first_rule (
    rule_order integer,
    opted_out boolean,
    outcome varchar(16),
    clicked boolean,
    failure_permanent boolean,
    failure_category varchar(32),
    max_attempts integer,
    min_age_hours integer,
    max_age_hours integer,
    followed_up boolean,
    is_follow_up boolean,
    has_link boolean,
    action varchar(32),
    effect varchar(16),
    reason varchar(256),
    priority integer,
    valid_hours integer
);

insert into first_rule (
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
    has_link,
    action,
    effect,
    reason,
    priority,
    valid_hours
)
values
    (
        10, true, null, null, null, null, null, null, null, null, null, null,
        'NONE', 'NOTHING', 'The recipient opted out.', 9, null
    ),
    (
        20, null, 'NOT_SENT', null, null, null, null, null, null, null, null, null,
        'NO_ACTION', 'NOTHING', 'The message was never accepted.', 9, null
    ),
    (
        30, null, 'PENDING', null, null, null, null, null, null, null, null, null,
        'WAIT', 'NOTHING', 'A receipt may still come: 72 hours have not passed.', 9, null
    ),
    (
        40, null, null, true, null, null, null, null, null, null, null, null,
        'NURTURE_CLICKER', 'CONTACT', 'The recipient clicked: stay in touch while they are interested.', 1, 72
    ),
    (
        50, null, 'FAILED', null, true, null, null, null, null, null, null, null,
        'SUPPRESS_NUMBER', 'INTERNAL', 'The number will not receive messages: take it off the lists.', 2, null
    ),
    (
        60, null, 'FAILED', null, null, 'CARRIER_FILTERED', null, null, null, null, null, null,
        'HOLD_CONTENT_REVIEW', 'INTERNAL', 'The carrier filtered the text: review it before sending again.', 2, null
    ),
    (
        70, null, 'FAILED', null, null, null, 1, null, null, null, false, null,
        'RESEND', 'CONTACT', 'It failed for a passing reason: try once more.', 3, 48
    ),
    (
        80, null, 'UNKNOWN', null, null, null, null, null, null, null, false, null,
        'ALT_CHANNEL', 'CONTACT', 'Nobody knows whether it arrived: use another channel.', 4, 96
    ),
    (
        90, null, 'DELIVERED', false, null, null, null, 24, 168, false, false, true,
        'REMIND_NON_CLICKER', 'CONTACT', 'Delivered a day ago or more, and no click: remind once.', 5, null
    ),
    (
        100, null, null, null, null, null, null, null, null, null, null, null,
        'NO_ACTION', 'NOTHING', 'No rule asks for anything.', 9, null
    );

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
    has_link,
    action,
    effect,
    reason,
    priority,
    valid_hours
)
select
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
    has_link,
    action,
    effect,
    reason,
    priority,
    valid_hours
from first_rule
where not exists (select 1 from reports.follow_up_rule);
