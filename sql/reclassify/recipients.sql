update warehouse.dim_recipient
set
    country = mapped.country,
    loaded_at = cast(:now as timestamp)
from (
    select max(country) as country
    from warehouse.dim_carrier
    where mcc_mnc = :mcc_mnc
) as mapped
where dim_recipient.home_carrier = :mcc_mnc
    and coalesce(dim_recipient.country, '') <> coalesce(mapped.country, '');
