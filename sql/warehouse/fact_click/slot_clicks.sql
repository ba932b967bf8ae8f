insert into slot_click
select
    click.event_id,
    click.event_date,
    click.message_id,
    click.ip_token,
    click.link_token,
    click.slot_number,
    click.is_ip_sweep,
    click.is_over_rate,
    seed_ip.slot_number is not null as is_ip_counted,
    seed_link.slot_number is not null as is_link_counted
from warehouse.fact_click as click
left join (
    select distinct
        ip_token,
        slot_number
    from seed_click
    where ip_token is not null
) as seed_ip
    on seed_ip.ip_token = click.ip_token
    and seed_ip.slot_number = click.slot_number
left join (
    select distinct
        link_token,
        slot_number
    from seed_click
) as seed_link
    on seed_link.link_token = click.link_token
    and seed_link.slot_number = click.slot_number
where click.event_date between :first_date and :last_date
    and (seed_ip.slot_number is not null or seed_link.slot_number is not null);
