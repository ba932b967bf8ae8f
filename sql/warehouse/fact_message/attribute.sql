-- One row per due opt-out: the message it answers, where that is known, else the last delivered one within its window.
create temp table attribution as
with ranked as (
    select
        event_id,
        event_date,
        message_id,
        window_hours,
        row_number() over (
            partition by event_id, event_date
            order by sent_at desc, message_id desc
        ) as candidate_order
    from candidate
)

select
    due_optout.event_id,
    due_optout.event_date,
    due_optout.effective_at,
    due_optout.old_message_id,
    due_optout.old_window_hours,
    due_optout.is_attribution_due,
    coalesce(due_optout.in_reply_to_message_id, ranked.message_id) as message_id,
    ranked.window_hours
from due_optout
left join ranked
    on ranked.event_id = due_optout.event_id
    and ranked.event_date = due_optout.event_date
    and ranked.candidate_order = 1;

update warehouse.fact_subscription_event
set
    attributed_message_id = attribution.message_id,
    attribution_window_hours = attribution.window_hours,
    is_attribution_due = false
from attribution
where attribution.event_id = fact_subscription_event.event_id
    and attribution.event_date = fact_subscription_event.event_date
    and (
        attribution.is_attribution_due
        or coalesce(attribution.old_message_id, '') <> coalesce(attribution.message_id, '')
        or coalesce(attribution.old_window_hours, -1) <> coalesce(attribution.window_hours, -1)
    );

-- Messages that lost or won an opt-out and are not being recomputed now follow later.
insert into control.touched_message (message_id)
with moved as (
    select attribution.old_message_id as message_id
    from attribution
    where coalesce(attribution.old_message_id, '') <> coalesce(attribution.message_id, '')

    union

    select message_id
    from attribution
    where coalesce(old_message_id, '') <> coalesce(message_id, '')
)

select moved.message_id
from moved
left join touched
    on touched.message_id = moved.message_id
where moved.message_id is not null
    and touched.message_id is null;
