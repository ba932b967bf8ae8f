update warehouse.dim_recipient
set
    country = mapped.country,
    loaded_at = cast(:now as timestamp)
from (
    -- One row, also for a network that is no longer listed.
    select
        cast(:mcc_mnc as varchar(6)) as mcc_mnc,
        max(country) as country
    from warehouse.dim_carrier
    where dim_carrier.mcc_mnc = :mcc_mnc
) as mapped
where dim_recipient.home_carrier = mapped.mcc_mnc
    and coalesce(dim_recipient.country, '') <> coalesce(mapped.country, '');
