-- Every rate is from 0 to 1, and the lower end of its interval not above it.
select
    segment,
    dow_local,
    hour_local,
    delivered,
    clicked_delivered_24h,
    ctr_24h,
    wilson_low95
from reports.send_time_heatmap
where least(ctr_24h, wilson_low95) < 0
    or greatest(ctr_24h, wilson_low95) > 1
    or wilson_low95 > ctr_24h
    or clicked_delivered_24h > delivered
order by segment, dow_local, hour_local;
