-- One row per weekday and hour of sending, all segments together.
select
    dow_local,
    hour_local,
    delivered,
    ctr_24h,
    wilson_low95
from reports.send_time_heatmap
where segment = '*'
order by dow_local, hour_local;
