-- Requests of the last 35 days. They are few beside the messages, so they look their messages up, not the other way round.
create temp table request (
    message_id varchar(26),
    click_hour_utc timestamp,
    occurred_at timestamp,
    is_human boolean,
    is_repeat_fire boolean,
    bot_reason varchar(64),
    ua_key varchar(32)
)
distkey (message_id);

insert into request
select
    click.message_id,
    date_trunc('hour', click.occurred_at) as click_hour_utc,
    click.occurred_at,
    click.is_human,
    click.is_repeat_fire,
    coalesce(click.bot_reason, click.click_class) as bot_reason,
    click.ua_key
from warehouse.fact_click as click
where click.event_date >= :first_click_date
    and click.occurred_at <= :as_of;

-- One row per message they name that was submitted.
create temp table requested_message (
    message_id varchar(26),
    campaign_id varchar(64),
    sent_at timestamp,
    first_click_at timestamp
)
distkey (message_id);
