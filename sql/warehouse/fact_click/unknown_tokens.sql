-- Requests for links nobody made belong to no message.
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
left join (
    select distinct event_id, event_date
    from seed_click
    where message_id is null
) as seed
    on seed.event_id = stored.event_id
    and seed.event_date = stored.event_date
left join flipped_click
    on flipped_click.event_id = stored.event_id
    and flipped_click.event_date = stored.event_date
where stored.message_id is null
    and stored.event_date between :first_date and :last_date
    and (seed.event_id is not null or flipped_click.event_id is not null);
