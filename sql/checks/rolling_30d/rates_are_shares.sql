-- Every rate is from 0 to 1.
select
    scope_type,
    scope_id,
    delivery_rate,
    delivery_rate_final,
    dlr_coverage,
    ctr,
    ctr_72h,
    prev_ctr,
    prev_ctr_72h
from reports.rolling_30d
where
    least(delivery_rate, delivery_rate_final, dlr_coverage, ctr, ctr_72h) < 0
    or greatest(delivery_rate, delivery_rate_final, dlr_coverage, ctr, ctr_72h) > 1
    or least(prev_ctr, prev_ctr_72h) < 0
    or greatest(prev_ctr, prev_ctr_72h) > 1
order by scope_type, scope_id;
