insert into click
select
    stored.event_id,
    stored.event_date,
    stored.message_id,
    stored.link_token,
    stored.visitor_token,
    stored.method,
    stored.sec_purpose,
    stored.ua_key,
    stored.asn,
    stored.occurred_at,
    coalesce(flipped_click.is_ip_sweep, stored.is_ip_sweep) as is_ip_sweep,
    coalesce(flipped_click.is_over_rate, stored.is_over_rate) as is_over_rate,
    false as is_new,
    flipped_click.event_id is not null as is_flipped,
    stored.click_class as old_click_class,
    stored.bot_reason as old_bot_reason,
    stored.bot_ruleset_version as old_bot_ruleset_version,
    stored.is_repeat_fire as old_is_repeat_fire
from warehouse.fact_click as stored
join recheck_message
    on recheck_message.message_id = stored.message_id
left join flipped_click
    on flipped_click.event_id = stored.event_id
    and flipped_click.event_date = stored.event_date
where stored.message_id >= :first_id
    and stored.message_id < :end_id;

insert into message_sent
with attempt as (
    select
        submission.message_id,
        submission.submit_status,
        submission.occurred_at,
        row_number() over (
            partition by submission.message_id, submission.attempt_no
            order by submission.occurred_at, submission.event_id
        ) as copy_number
    from warehouse.fact_submission as submission
    join recheck_message
        on recheck_message.message_id = submission.message_id
    where submission.message_id >= :first_id
        and submission.message_id < :end_id
)

select
    message_id,
    min(occurred_at) as sent_at
from attempt
where copy_number = 1
    and submit_status = 'ACCEPTED'
group by message_id;
