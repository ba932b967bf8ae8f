-- Every rate is from 0 to 1; but ctr_sent, since messages that no attempt got accepted can be clicked too.
select
    campaign_id,
    variant_id,
    delivery_rate,
    delivery_rate_final,
    dlr_coverage,
    bot_share,
    ctr,
    ctr_24h,
    ctr_72h,
    ctr_7d
from reports.campaign_performance
where least(delivery_rate, delivery_rate_final, dlr_coverage, bot_share) < 0
    or greatest(delivery_rate, delivery_rate_final, dlr_coverage, bot_share) > 1
    or least(ctr, ctr_24h, ctr_72h, ctr_7d) < 0
    or greatest(ctr, ctr_24h, ctr_72h, ctr_7d) > 1
order by campaign_id, variant_id;
