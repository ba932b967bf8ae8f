update warehouse.dim_recipient
set
    country = mapped.country,
    loaded_at = cast(:now as timestamp)
from (
    select
        mcc_mnc,
        max(country) as country
    from warehouse.dim_carrier
    where mcc_mnc = :mcc_mnc
    group by mcc_mnc
) as mapped
where dim_recipient.home_carrier = mapped.mcc_mnc
    and coalesce(dim_recipient.country, '') <> coalesce(mapped.country, '');
