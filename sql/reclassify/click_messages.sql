-- One row per message that gains or loses clicks by people.
create temp table changed_count (
    message_id varchar(26),
    human_before bigint,
    human_after bigint
)
distkey (message_id);

insert into changed_count
with judged as (
    select
        message_id,
        case when old_click_class = 'HUMAN' and not old_is_repeat_fire then 1 else 0 end
            as human_before,
        case when is_human and not is_repeat_fire then 1 else 0 end as human_after
    from judged_click
    where message_id is not null
        and not is_new
)

select
    message_id,
    cast(sum(human_before) as bigint) as human_before,
    cast(sum(human_after) as bigint) as human_after
from judged
group by message_id
having cast(sum(judged.human_before) as bigint) <> cast(sum(judged.human_after) as bigint);

-- One row per campaign, day of sending and range of messages.
create temp table changed_cohort (
    campaign_id varchar(64),
    cohort_date_report date,
    messages bigint,
    human_before bigint,
    human_after bigint
);
