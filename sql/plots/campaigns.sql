-- One row per campaign: the twelve that sent most.
select
    campaign_id,
    coalesce(campaign_name, campaign_id) as campaign_name,
    delivered,
    clicked_delivered,
    opt_outs,
    is_mature
from reports.campaign_performance
where variant_id = '*'
    and delivered > 0
order by sent desc, campaign_id
limit 12;
