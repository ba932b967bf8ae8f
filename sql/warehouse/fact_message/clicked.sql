-- One row per message with requests for its link. Visits are counted in sessions: thirty quiet minutes end one.
create temp table clicked (
    message_id varchar(26),
    click_requests integer,
    bot_clicks integer,
    repeat_clicks integer,
    human_clicks integer,
    click_sessions integer,
    distinct_visitors integer,
    first_click_at timestamp,
    last_click_at timestamp,
    first_bot_click_at timestamp,
    bot_ruleset_version smallint
)
distkey (message_id);

insert into clicked
with request as (
    select
        click.message_id,
        click.event_id,
        click.occurred_at,
        click.visitor_token,
        click.bot_ruleset_version,
        case
            when not click.is_human then 'BOT'
            when click.is_repeat_fire then 'REPEAT'
            else 'HUMAN'
        end as kind
    from warehouse.fact_click as click
    join touched
        on touched.message_id = click.message_id
    where click.message_id >= :first_id
        and click.message_id < :end_id
),

ordered as (
    select
        request.*,
        lag(occurred_at) over (
            partition by message_id, kind
            order by occurred_at, event_id
        ) as previous_at
    from request
)

select
    message_id,
    cast(count(*) as integer) as click_requests,
    cast(sum(case when kind = 'BOT' then 1 else 0 end) as integer) as bot_clicks,
    cast(sum(case when kind = 'REPEAT' then 1 else 0 end) as integer) as repeat_clicks,
    cast(sum(case when kind = 'HUMAN' then 1 else 0 end) as integer) as human_clicks,
    cast(
        sum(
            case
                when kind <> 'HUMAN' then 0
                when occurred_at <= dateadd(minute, 30, previous_at) then 0
                else 1
            end
        ) as integer
    ) as click_sessions,
    cast(
        count(distinct case when kind <> 'BOT' then visitor_token end) as integer
    ) as distinct_visitors,
    min(case when kind = 'HUMAN' then occurred_at end) as first_click_at,
    max(case when kind = 'HUMAN' then occurred_at end) as last_click_at,
    min(case when kind = 'BOT' then occurred_at end) as first_bot_click_at,
    max(bot_ruleset_version) as bot_ruleset_version
from ordered
group by message_id;
