-- One row per message that was submitted: how it stands now, and what to do about it. The outcome is computed when it is
-- asked for: 72 hours after sending without a final receipt it is UNKNOWN, and a later receipt opens it again. A message that
-- was never accepted stays NOT_SENT whatever receipts say, as in all reports; what people clicked is counted all the same.
--   message_id         the message
--   recipient_key      who had the line when it was first submitted
--   campaign_id        the campaign
--   variant_id         the variant of the campaign's test; NULL without a test
--   sent_at            when it was first accepted, UTC; NULL when it never was
--   delivery_outcome   NOT_SENT, DELIVERED, FAILED, PENDING (sent less than 72 hours ago, and no final receipt) or
--                      UNKNOWN
--   delivered_at       when its last part was delivered, UTC; NULL unless delivery_outcome is DELIVERED
--   failure_category   why it failed or, NOT_SENT, was refused; NULL unless it was
--   failure_permanent  whether trying again is of no use; NULL when nobody says
--   human_clicks       clicks by people, repeats not counted
--   first_click_at     first click by a person, UTC
--   last_click_at      last click by a person, UTC
--   bot_only           machines asked for its link, and no person did
--   engaged            a person clicked or answered
--   opted_out_at       when the opt-out put down to it took effect, UTC; NULL without one
--   follow_up_action   what to do about it: of the first rule of reports.follow_up_rule that fits; NULL for a SERVICE
--                      message, which marketing does not follow up. It does not know what the recipient agreed to
--                      elsewhere: whom to act on, reports.followup_audience says
--   as_of              when it was asked for, UTC: the clock of delivery_outcome
create or replace view reports.message_status as
with message as (
    select
        *,
        getdate() as as_of,
        case
            when sent_at is null then 'NOT_SENT'
            when delivery_state = 'DELIVERED' then 'DELIVERED'
            when delivery_rank = 50 then 'FAILED'
            when delivery_state = 'UNKNOWN' then 'UNKNOWN'
            when sent_at > dateadd(hour, -72, getdate()) then 'PENDING'
            else 'UNKNOWN'
        end as delivery_outcome
    from warehouse.fact_message
    where not is_stub
),

-- The message alone is what rows are counted in; the other columns are named so that a condition on them is applied to
-- the messages before the rules are.
ruled as (
    select
        message.*,
        case when message.message_category = 'MARKETING' then rule.action end as follow_up_action,
        row_number() over (
            partition by
                message.message_id,
                message.cohort_date,
                message.recipient_key,
                message.campaign_id,
                message.sent_at
            order by rule.rule_order
        ) as place
    from message
    join reports.follow_up_rule as rule
        on coalesce(rule.opted_out = (message.opted_out_at is not null), true)
        and coalesce(rule.outcome = message.delivery_outcome, true)
        and coalesce(
            rule.engaged = (message.human_clicks > 0 or message.replied_at is not null), true
        )
        and coalesce(rule.clicked = (message.human_clicks > 0), true)
        and coalesce(rule.failure_permanent = coalesce(message.failure_permanent, false), true)
        and (rule.failure_category is null or rule.failure_category = message.failure_category)
        and coalesce(message.attempts <= rule.max_attempts, true)
        and coalesce(message.cohort_at <= dateadd(hour, -rule.min_age_hours, message.as_of), true)
        and coalesce(message.cohort_at > dateadd(hour, -rule.max_age_hours, message.as_of), true)
        and coalesce(rule.followed_up = (message.followed_up_at is not null), true)
        and coalesce(rule.is_follow_up = (message.follow_up_of_message_id is not null), true)
        and coalesce(rule.has_link = (message.link_token is not null), true)
)

select
    message_id,
    recipient_key,
    campaign_id,
    variant_id,
    sent_at,
    delivery_outcome,
    case when delivery_outcome = 'DELIVERED' then delivered_at end as delivered_at,
    failure_category,
    failure_permanent,
    human_clicks,
    first_click_at,
    last_click_at,
    bot_clicks > 0 and human_clicks = 0 as bot_only,
    human_clicks > 0 or replied_at is not null as engaged,
    opted_out_at,
    follow_up_action,
    as_of
from ruled
where place = 1;
