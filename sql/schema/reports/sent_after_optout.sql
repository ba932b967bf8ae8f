-- One row per opt-out, or deactivation of a line, that began to hold, with the time it held. Of several for one recipient
-- and program the first counts; the others repeat what holds already. Personal: never shown in Dagster.
-- This is the one rule of which opt-outs stand: reports.optout_compliance_daily counts by it,
-- reports.recipient_engagement and reports.followup_audience take consent from it. No event says to which program a
-- message belongs, so while an opt-out from any program holds no message may be sent to the recipient, whichever program
-- was left.
--   event_id      the event, a row of warehouse.fact_subscription_event
--   recipient_id  the line
--   program_id    the program that was left; ALL for every one
--   new_status    OPTED_OUT or DEACTIVATED
--   effective_at  from when it held, UTC
--   ended_at      until when, UTC; NULL while it holds. An opt-out from one program ends when the recipient next agrees
--                 (OPTED_IN) to that program or to ALL; an opt-out from ALL when they agree to any program, a newer and
--                 narrower consent, given knowingly. PENDING_CONFIRM ends neither. Both end when the line is deactivated or
--                 changes hands. A deactivation ends when the line is given to someone else or the recipient agrees to any
--                 program. Of changes at one time the order is that of occurred_at, and then of event_id.
create or replace view reports.refusal as
with changed as (
    select
        event_id,
        recipient_id,
        program_id,
        new_status,
        effective_at,
        occurred_at,
        min(
            case when new_status in ('DEACTIVATED', 'REASSIGNED') then effective_at end
        ) over (
            partition by recipient_id
            order by effective_at, occurred_at, event_id
            rows between 1 following and unbounded following
        ) as next_line_change_at,
        min(case when new_status = 'REASSIGNED' then effective_at end) over (
            partition by recipient_id
            order by effective_at, occurred_at, event_id
            rows between 1 following and unbounded following
        ) as next_owner_at,
        min(case when new_status = 'OPTED_IN' then effective_at end) over (
            partition by recipient_id
            order by effective_at, occurred_at, event_id
            rows between 1 following and unbounded following
        ) as next_opt_in_at,
        min(case when new_status = 'OPTED_IN' and program_id = 'ALL' then effective_at end) over (
            partition by recipient_id
            order by effective_at, occurred_at, event_id
            rows between 1 following and unbounded following
        ) as next_opt_in_to_all_at,
        min(case when new_status = 'OPTED_IN' then effective_at end) over (
            partition by recipient_id, program_id
            order by effective_at, occurred_at, event_id
            rows between 1 following and unbounded following
        ) as next_opt_in_to_program_at
    from warehouse.fact_subscription_event
),

held as (
    select
        event_id,
        recipient_id,
        program_id,
        new_status,
        effective_at,
        occurred_at,
        case
            when new_status = 'DEACTIVATED' then least(next_owner_at, next_opt_in_at)
            when program_id = 'ALL' then least(next_line_change_at, next_opt_in_at)
            else least(next_line_change_at, next_opt_in_to_all_at, next_opt_in_to_program_at)
        end as ended_at
    from changed
    where new_status in ('OPTED_OUT', 'DEACTIVATED')
),

-- What ends at the same time held at the same time.
repeated as (
    select
        *,
        row_number() over (
            partition by recipient_id, program_id, new_status, ended_at
            order by effective_at, occurred_at, event_id
        ) as repeat_number
    from held
)

select
    event_id,
    recipient_id,
    program_id,
    new_status,
    effective_at,
    ended_at
from repeated
where repeat_number = 1;

-- One row per message that was accepted more than five minutes after an opt-out, while it held, and program that had been
-- left: what reports.optout_compliance_daily counts, and what was sent since. Personal: never shown in Dagster. Select by
-- cohort_date, by which messages are sorted.
--   message_id                   the message
--   cohort_date                  day it was accepted, UTC
--   recipient_key                whom it was sent to
--   campaign_id                  the campaign
--   message_category             MARKETING or SERVICE
--   event_id                     the opt-out, a row of warehouse.fact_subscription_event
--   program_id                   the program that was left; ALL for every one
--   effective_at                 when the opt-out took effect, UTC
--   sent_at                      when the message was accepted, UTC
--   minutes_after                minutes from effective_at to sent_at, begun ones not counted
--   business_days                whole business days between the days of both, in the time zone that
--                                reports.optout_compliance_daily was last refreshed for; UTC before it ever was
--   is_after_10_business_days    business_days of ten or more
create or replace view reports.sent_after_optout as
with zone as (
    select coalesce(max(known.redshift_name), max(refreshed.report_tz), 'UTC') as zone_name
    from control.report_refresh as refreshed
    left join warehouse.dim_time_zone as known
        on known.time_zone = refreshed.report_tz
    where refreshed.report_name = 'optout_compliance_daily'
),

business_day as (
    select
        date_key,
        case when is_business_day then 1 else 0 end as is_business_day,
        cast(
            sum(case when is_business_day then 1 else 0 end) over (
                order by date_key
                rows between unbounded preceding and current row
            ) as bigint
        ) as days_through
    from warehouse.dim_date
),

sent as (
    select
        message.message_id,
        message.cohort_date,
        message.recipient_key,
        message.campaign_id,
        message.message_category,
        refusal.event_id,
        refusal.program_id,
        refusal.effective_at,
        message.sent_at,
        cast(convert_timezone('UTC', zone.zone_name, refusal.effective_at) as date)
            as effective_date,
        cast(convert_timezone('UTC', zone.zone_name, message.sent_at) as date) as sent_date
    from reports.refusal as refusal
    join warehouse.fact_message as message
        on message.recipient_id = refusal.recipient_id
        and message.sent_at > dateadd(minute, 5, refusal.effective_at)
    cross join zone
    where refusal.new_status = 'OPTED_OUT'
        and (refusal.ended_at is null or message.sent_at < refusal.ended_at)
        and not message.is_stub
),

counted as (
    select
        sent.*,
        greatest(sending.days_through - sending.is_business_day - leaving.days_through, 0)
            as business_days
    from sent
    left join business_day as leaving
        on leaving.date_key = sent.effective_date
    left join business_day as sending
        on sending.date_key = sent.sent_date
)

select
    message_id,
    cohort_date,
    recipient_key,
    campaign_id,
    message_category,
    event_id,
    program_id,
    effective_at,
    sent_at,
    cast(datediff(second, effective_at, sent_at) as bigint) / 60 as minutes_after,
    business_days,
    business_days >= 10 as is_after_10_business_days
from counted;
