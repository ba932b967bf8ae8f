-- One row per address and ten minutes in which it asked for many links.
create temp table sweeping_slot as
with request as (
    select ip_token, slot_number, link_token
    from slot_click
    where is_ip_counted

    union all

    select ip_token, slot_number, link_token
    from new_click
    where ip_token is not null
)

select
    ip_token,
    slot_number
from request
group by ip_token, slot_number
having
    count(distinct link_token) >= (
        select max(threshold)
        from warehouse.dim_bot_rule
        where click_class = 'IP_SWEEP'
    );

-- One row per link and ten minutes in which it was asked for very often.
create temp table busy_slot as
with request as (
    select link_token, slot_number
    from slot_click
    where is_link_counted

    union all

    select link_token, slot_number
    from new_click
)

select
    link_token,
    slot_number
from request
group by link_token, slot_number
having
    count(*) > (
        select max(threshold)
        from warehouse.dim_bot_rule
        where click_class = 'RATE'
    );

-- One row per stored request for which that is not what it was.
create temp table flipped_click as
with counted as (
    select
        slot_click.event_id,
        slot_click.event_date,
        slot_click.message_id,
        slot_click.is_ip_sweep as old_is_ip_sweep,
        slot_click.is_over_rate as old_is_over_rate,
        case
            when slot_click.is_ip_counted then sweeping_slot.slot_number is not null
            else coalesce(slot_click.is_ip_sweep, false)
        end as is_ip_sweep,
        case
            when slot_click.is_link_counted then busy_slot.slot_number is not null
            else coalesce(slot_click.is_over_rate, false)
        end as is_over_rate
    from slot_click
    left join sweeping_slot
        on sweeping_slot.ip_token = slot_click.ip_token
        and sweeping_slot.slot_number = slot_click.slot_number
    left join busy_slot
        on busy_slot.link_token = slot_click.link_token
        and busy_slot.slot_number = slot_click.slot_number
)

select
    event_id,
    event_date,
    message_id,
    is_ip_sweep,
    is_over_rate
from counted
where old_is_ip_sweep is null
    or old_is_over_rate is null
    or old_is_ip_sweep <> is_ip_sweep
    or old_is_over_rate <> is_over_rate;

-- One row per message all of whose clicks are judged again.
create temp table recheck_message as
with change as (
    select message_id from seed_click
    union all
    select message_id from flipped_click
    union all
    select message_id from control.unclassified_message
)

select distinct message_id
from change
where message_id is not null;

-- One row per request to judge, with what was thought of it so far.
create temp table click (
    event_id varchar(36),
    event_date date,
    message_id varchar(26),
    link_token varchar(64),
    visitor_token varchar(64),
    method varchar(32),
    sec_purpose varchar(32),
    ua_key varchar(32),
    asn bigint,
    occurred_at timestamp,
    is_ip_sweep boolean,
    is_over_rate boolean,
    is_new boolean,
    is_flipped boolean,
    old_click_class varchar(16),
    old_bot_reason varchar(64),
    old_bot_ruleset_version smallint,
    old_is_repeat_fire boolean
);

insert into click
select
    new_click.event_id,
    new_click.event_date,
    new_click.message_id,
    new_click.link_token,
    new_click.visitor_token,
    new_click.method,
    new_click.sec_purpose,
    new_click.ua_key,
    new_click.asn,
    new_click.occurred_at,
    sweeping_slot.slot_number is not null as is_ip_sweep,
    busy_slot.slot_number is not null as is_over_rate,
    true as is_new,
    false as is_flipped,
    cast(null as varchar(16)) as old_click_class,
    cast(null as varchar(64)) as old_bot_reason,
    cast(null as smallint) as old_bot_ruleset_version,
    cast(null as boolean) as old_is_repeat_fire
from new_click
left join sweeping_slot
    on sweeping_slot.ip_token = new_click.ip_token
    and sweeping_slot.slot_number = new_click.slot_number
left join busy_slot
    on busy_slot.link_token = new_click.link_token
    and busy_slot.slot_number = new_click.slot_number;

-- One row per message and when it was sent.
create temp table message_sent (
    message_id varchar(26),
    sent_at timestamp
);
