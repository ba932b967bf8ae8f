delete from reports.ab_variant;

insert into reports.ab_variant (
    campaign_id,
    variant_id,
    is_control,
    attempted,
    delivered,
    clicked_72h,
    ctr_72h,
    control_ctr,
    abs_lift,
    rel_lift,
    z,
    p_value_bucket,
    srm_flag,
    decision_ready,
    as_of
)
with message as (
    select
        campaign_id,
        variant_id,
        attempted,
        delivered,
        clicked_72h * delivered as clicked_72h,
        cohort_at <= dateadd(hour, -72, cast(:as_of as timestamp)) as is_ripe
    from reports.message_measure
    where cohort_date >= :first_cohort_date
        and cohort_at <= :as_of
        and variant_id <> '-'
),

counted as (
    select
        campaign_id,
        variant_id,
        cast(sum(case when is_ripe then attempted else 0 end) as bigint) as attempted,
        cast(sum(case when is_ripe then delivered else 0 end) as bigint) as delivered,
        cast(sum(case when is_ripe then clicked_72h else 0 end) as bigint) as clicked_72h,
        cast(sum(case when is_ripe then 0 else attempted end) as bigint) as unripe
    from message
    group by campaign_id, variant_id
),

-- A variant that was to get a share and got nothing stands beside the others: nothing says more of a broken split.
declared as (
    select
        coalesce(counted.campaign_id, variant.campaign_id) as campaign_id,
        coalesce(counted.variant_id, variant.variant_id) as variant_id,
        coalesce(counted.attempted, 0) as attempted,
        coalesce(counted.delivered, 0) as delivered,
        coalesce(counted.clicked_72h, 0) as clicked_72h,
        coalesce(counted.unripe, 0) as unripe,
        variant.is_control,
        variant.allocation_pct
    from counted
    full join warehouse.dim_variant as variant
        on variant.campaign_id = counted.campaign_id
        and variant.variant_id = counted.variant_id
    where counted.attempted + counted.unripe > 0
        or (variant.is_current and variant.allocation_pct > 0)
),

shared as (
    select
        declared.*,
        case when coalesce(is_control, false) then 1 else 0 end as control,
        count(*) over (partition by campaign_id) as variants,
        cast(sum(unripe) over (partition by campaign_id) as bigint) as campaign_unripe,
        cast(sum(attempted) over (partition by campaign_id) as bigint) as campaign_attempted,
        cast(sum(allocation_pct) over (partition by campaign_id) as float8) as campaign_pct,
        cast(
            sum(case when allocation_pct > 0 then 1 else 0 end)
                over (partition by campaign_id)
            as bigint
        ) as variants_with_share
    from declared
),

expected as (
    select
        shared.*,
        case
            when variants_with_share = variants
                then cast(campaign_attempted as float8) * allocation_pct / nullif(campaign_pct, 0)
        end as expected_attempted
    from shared
    where variants > 1
        and campaign_attempted > 0
),

-- A campaign that declares several controls declares none.
control as (
    select
        campaign_id,
        max(case when control = 1 then delivered end) as delivered,
        max(case when control = 1 then clicked_72h end) as clicked_72h
    from expected
    group by campaign_id
    having cast(sum(control) as bigint) = 1
),

skew as (
    select
        campaign_id,
        min(variants) - 1 as degrees,
        sum(
            power(cast(attempted as float8) - expected_attempted, 2)
            / nullif(expected_attempted, 0)
        ) as chi_square
    from expected
    group by campaign_id
    -- With fewer the statistic does not follow the distribution it is compared with.
    having min(coalesce(expected_attempted, 0)) >= 5
),

-- Against the 0.999 quantile of the chi-square distribution: from the table and, for more variants than one compares, by
-- Wilson and Hilferty's approximation, which is 0.6 percent above the table for ten degrees of freedom and nearer for more.
skewed as (
    select
        campaign_id,
        chi_square > case degrees
            when 1 then 10.827566
            when 2 then 13.815511
            when 3 then 16.266236
            when 4 then 18.466827
            when 5 then 20.515006
            when 6 then 22.457744
            when 7 then 24.321886
            when 8 then 26.124482
            when 9 then 27.877165
            else
                degrees * power(
                    1
                    - cast(2 as float8) / nullif(9 * degrees, 0)
                    + 3.090232 * sqrt(cast(2 as float8) / nullif(9 * degrees, 0)),
                    3
                )
        end as srm_flag
    from skew
),

compared as (
    select
        expected.*,
        control.delivered as control_delivered,
        cast(expected.clicked_72h as float8) / nullif(expected.delivered, 0) as ctr,
        cast(control.clicked_72h as float8) / nullif(control.delivered, 0) as control_ctr,
        cast(expected.clicked_72h + control.clicked_72h as float8)
        / nullif(expected.delivered + control.delivered, 0) as pooled,
        cast(1 as float8) / nullif(expected.delivered, 0)
        + cast(1 as float8) / nullif(control.delivered, 0) as inverse_sizes,
        skewed.srm_flag
    from expected
    left join control
        on control.campaign_id = expected.campaign_id
    left join skewed
        on skewed.campaign_id = expected.campaign_id
),

tested as (
    select
        compared.*,
        case
            when control = 0
                then cast(ctr - control_ctr as float8)
                    / nullif(sqrt(pooled * (1 - pooled) * inverse_sizes), 0)
        end as z
    from compared
)

select
    campaign_id,
    variant_id,
    is_control,
    attempted,
    delivered,
    clicked_72h,
    round(ctr, 6) as ctr_72h,
    round(control_ctr, 6) as control_ctr,
    case when control = 0 then round(ctr - control_ctr, 6) end as abs_lift,
    case
        when control = 0 then round(cast(ctr - control_ctr as float8) / nullif(control_ctr, 0), 6)
    end as rel_lift,
    round(z, 6) as z,
    case
        when z is null then null
        when abs(z) > 3.290527 then '<0.001'
        when abs(z) > 2.575829 then '<0.01'
        when abs(z) > 1.959964 then '<0.05'
        else '>=0.05'
    end as p_value_bucket,
    srm_flag,
    coalesce(delivered >= 1000 and control_delivered >= 1000 and campaign_unripe = 0, false)
        as decision_ready,
    cast(:as_of as timestamp) as as_of
from tested;
