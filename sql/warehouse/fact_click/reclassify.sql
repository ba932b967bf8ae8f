update warehouse.fact_click
set
    is_ip_sweep = reclassified_click.is_ip_sweep,
    is_over_rate = reclassified_click.is_over_rate,
    click_class = reclassified_click.click_class,
    is_human = reclassified_click.is_human,
    bot_reason = reclassified_click.bot_reason,
    bot_ruleset_version = reclassified_click.bot_ruleset_version,
    is_repeat_fire = reclassified_click.is_repeat_fire
from reclassified_click
where reclassified_click.event_id = fact_click.event_id
    and reclassified_click.event_date = fact_click.event_date
    and fact_click.event_date between :first_date and :last_date;
