-- One row per recipient that has had as many messages as the frequency cap allows. What was handed over and not sent yet
-- counts as sent.
create temp table capped_recipient (
    recipient_key varchar(96)
)
distkey (recipient_key);

insert into capped_recipient
with accepted as (
    select
        recipient_key,
        follow_up_of_message_id
    from warehouse.fact_message
    where cohort_date >= :cap_first_date
        and cohort_date <= :last_date
        and sent_at > :cap_since
        and sent_at <= :as_of
        and coalesce(message_category, 'MARKETING') <> 'SERVICE'
        and not is_stub
),

contact as (
    select recipient_key
    from accepted

    union all

    select exported.recipient_key
    from reports.follow_up_contact as exported
    left join accepted
        on accepted.follow_up_of_message_id = exported.message_id
    where exported.exported_at > :cap_since
        and exported.is_contact
        and accepted.recipient_key is null
)

select recipient_key
from contact
group by recipient_key
having count(*) >= :cap_messages;

-- One row per campaign and recipient: what the first rule that fits says, and when it may be done.
create temp table decision (
    campaign_id varchar(64),
    recipient_key varchar(96),
    recipient_id varchar(64),
    message_id varchar(26),
    action varchar(32),
    effect varchar(16),
    reason varchar(256),
    rule_order integer,
    eligible_from timestamp,
    eligible_until timestamp,
    priority integer,
    suppression_reason varchar(16)
)
distkey (recipient_key);

insert into decision
with fitting as (
    select
        message.campaign_id,
        message.recipient_key,
        message.recipient_id,
        message.assignment_seq,
        message.message_id,
        message.recipient_zone,
        message.is_followed_up,
        rule.rule_order,
        rule.action,
        rule.effect,
        rule.reason,
        rule.priority,
        rule.valid_hours,
        dateadd(hour, rule.max_age_hours, message.cohort_at) as too_old_at,
        greatest(
            dateadd(hour, rule.min_age_hours, message.cohort_at),
            case
                when rule.clicked or rule.engaged then message.responded_at
                when rule.outcome = 'DELIVERED' then message.delivered_at
                when rule.outcome = 'FAILED' then message.failed_at
                when rule.outcome = 'UNKNOWN' then message.closed_at
                else message.cohort_at
            end
        ) as fits_since,
        row_number() over (
            partition by message.campaign_id, message.recipient_key
            order by rule.rule_order
        ) as place
    from latest_message as message
    join reports.follow_up_rule as rule
        on coalesce(rule.opted_out = message.is_opted_out, true)
        and coalesce(rule.outcome = message.outcome, true)
        and coalesce(rule.engaged = message.is_engaged, true)
        and coalesce(rule.clicked = message.is_clicked, true)
        and coalesce(rule.failure_permanent = message.failure_permanent, true)
        and (rule.failure_category is null or rule.failure_category = message.failure_category)
        and coalesce(message.attempts <= rule.max_attempts, true)
        and coalesce(
            message.cohort_at
            <= dateadd(hour, -rule.min_age_hours, cast(:as_of as timestamp)),
            true
        )
        and coalesce(
            message.cohort_at > dateadd(hour, -rule.max_age_hours, cast(:as_of as timestamp)),
            true
        )
        and coalesce(rule.followed_up = message.is_followed_up, true)
        and coalesce(rule.is_follow_up = message.is_follow_up, true)
        and coalesce(rule.has_link = message.has_link, true)
),

timed as (
    select
        fitting.*,
        greatest(fitting.fits_since, cast(:as_of as timestamp)) as not_before,
        convert_timezone(
            'UTC',
            fitting.recipient_zone,
            greatest(fitting.fits_since, cast(:as_of as timestamp))
        ) as not_before_local,
        least(
            dateadd(hour, fitting.valid_hours, fitting.fits_since),
            fitting.too_old_at
        ) as eligible_until
    from fitting
    where fitting.place = 1
),

allowed as (
    select
        timed.*,
        case
            when timed.effect = 'NOTHING' then null
            when timed.effect = 'INTERNAL' then timed.not_before
            when extract(hour from timed.not_before_local) < setting.first_hour
                then convert_timezone(
                        timed.recipient_zone,
                        'UTC',
                        dateadd(
                            hour, setting.first_hour, date_trunc('day', timed.not_before_local)
                        )
                    )
            when extract(hour from timed.not_before_local) >= setting.end_hour
                then convert_timezone(
                        timed.recipient_zone,
                        'UTC',
                        dateadd(
                            hour, 24 + setting.first_hour, date_trunc('day', timed.not_before_local)
                        )
                    )
            else timed.not_before
        end as eligible_from
    from timed
    cross join reports.follow_up_setting as setting
),

handed_over as (
    select distinct message_id
    from reports.follow_up_contact
    where is_contact
)

select
    allowed.campaign_id,
    allowed.recipient_key,
    allowed.recipient_id,
    allowed.message_id,
    allowed.action,
    allowed.effect,
    allowed.reason,
    allowed.rule_order,
    allowed.eligible_from,
    case when allowed.effect <> 'NOTHING' then allowed.eligible_until end as eligible_until,
    allowed.priority,
    case
        when allowed.effect = 'NOTHING' then null
        when allowed.effect = 'INTERNAL' and allowed.eligible_until <= allowed.eligible_from
            then 'EXPIRED'
        when allowed.effect = 'INTERNAL' then null
        when line_change.changes > allowed.assignment_seq then 'LINE_ENDED'
        when consent.status = 'OPTED_OUT' then 'OPTED_OUT'
        when consent.status = 'DEACTIVATED' then 'LINE_ENDED'
        when consent.status in ('PENDING_CONFIRM', 'REASSIGNED') then 'NO_CONSENT'
        when allowed.is_followed_up then 'FOLLOWED_UP'
        when handed_over.message_id is not null then 'EXPORTED'
        when capped.recipient_key is not null then 'FREQUENCY_CAP'
        when allowed.eligible_until <= allowed.eligible_from then 'EXPIRED'
        when allowed.eligible_from > :as_of then 'QUIET_HOURS'
    end as suppression_reason
from allowed
left join line_change
    on line_change.recipient_id = allowed.recipient_id
left join consent
    on consent.recipient_key = allowed.recipient_key
left join capped_recipient as capped
    on capped.recipient_key = allowed.recipient_key
left join handed_over
    on handed_over.message_id = allowed.message_id;
