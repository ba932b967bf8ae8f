-- One row per scope that can be told apart in a picture: all, categories, and the eight carriers that were sent most.
with scope as (
    select
        rolling.scope_type,
        rolling.scope_id,
        carrier.carrier_name,
        rolling.window_start,
        rolling.window_end,
        rolling.sent,
        rolling.delivered,
        rolling.failed,
        rolling.pending,
        rolling.unknown,
        rolling.ctr_72h,
        rolling.prev_ctr_72h,
        row_number() over (
            partition by rolling.scope_type
            order by rolling.sent desc, rolling.scope_id
        ) as place
    from reports.rolling_30d as rolling
    left join warehouse.dim_carrier as carrier
        on carrier.mcc_mnc = rolling.scope_id
        and rolling.scope_type = 'CARRIER'
    where rolling.scope_type <> 'CAMPAIGN'
        and rolling.sent > 0
)

select
    scope_type,
    scope_id,
    carrier_name,
    window_start,
    window_end,
    sent,
    delivered,
    failed,
    pending,
    unknown,
    ctr_72h,
    prev_ctr_72h
from scope
where place <= 8
order by scope_type, place;
